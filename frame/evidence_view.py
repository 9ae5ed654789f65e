"""One published set of numbers beside our own measurement of the same thing."""

import streamlit as st

from frame import components
from frame.glossary import tell
from frame.text import plain
from tl_core.evidence import Chart, Finding, Published, Reference
from tl_core.evidence_plot import chart_svg
from tl_core.language import _


def show_published(one: Published, own: Chart | None, own_reading: str) -> None:
    """`own_reading`: what our own numbers say, in a sentence that follows from them."""
    st.subheader(plain(_(one.title)), anchor=False)
    tell(_(one.reading))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(_("**Published**"))
        components.drawing(chart_svg(one.chart, _(one.title), f"published-{one.key}"), key=f"published_{one.key}")
        st.caption(plain(_(one.chart.what)))
        st.caption("  \n".join(reference_text(reference) for reference in one.references))
    with right:
        st.markdown(_("**Measured here**"))
        if own is None:
            st.caption(_("Not measured yet: it takes runs of both recipes on the same pictures."))
            return
        components.drawing(
            chart_svg(own, f"{_(one.title)} {_('Measured here')}", f"own-{one.key}"), key=f"own_{one.key}"
        )
        st.caption(plain(_(own.what)))
        tell(own_reading)


def show_findings(findings: tuple[Finding, ...]) -> None:
    st.subheader(_("What else was found"), anchor=False)
    st.markdown("\n".join(f"- {plain(_(one.text))} {reference_text(one.reference)}" for one in findings))


def reference_text(reference: Reference) -> str:
    """'Authors (year): title, link. From: ...' as Markdown."""
    text = f"{plain(reference.authors)} ({reference.year}): [{plain(reference.title)}]({reference.address})"
    return (
        _("{reference}. Numbers {source}.", reference=text, source=plain(_(reference.source)))
        if reference.source
        else f"{text}."
    )
