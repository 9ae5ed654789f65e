"""One published set of numbers beside our own measurement of the same thing."""

import streamlit as st

from frame import components
from frame.text import plain
from tl_core.evidence import Chart, Finding, Published, Reference
from tl_core.evidence_plot import chart_svg


def show_published(one: Published, own: Chart | None, own_reading: str) -> None:
    """`own_reading`: what our own numbers say, in a sentence that follows from them."""
    st.subheader(plain(one.title), anchor=False)
    st.write(plain(one.reading))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Published**")
        components.drawing(chart_svg(one.chart, one.title, f"published-{one.key}"), key=f"published_{one.key}")
        st.caption(plain(one.chart.what))
        st.caption("  \n".join(reference_text(reference) for reference in one.references))
    with right:
        st.markdown("**Measured here**")
        if own is None:
            st.caption("Not measured yet: it takes runs of both recipes on the same pictures.")
            return
        components.drawing(chart_svg(own, f"{one.title} Measured here", f"own-{one.key}"), key=f"own_{one.key}")
        st.caption(plain(own.what))
        st.write(plain(own_reading))


def show_findings(findings: tuple[Finding, ...]) -> None:
    st.subheader("What else was found", anchor=False)
    st.markdown("\n".join(f"- {plain(one.text)} {reference_text(one.reference)}" for one in findings))


def reference_text(reference: Reference) -> str:
    """'Authors (year): title, link. From: ...' as Markdown."""
    text = f"{plain(reference.authors)} ({reference.year}): [{plain(reference.title)}]({reference.address})"
    return f"{text}. Numbers {plain(reference.source)}." if reference.source else f"{text}."
