"""Texts about a case and its layers, laid out."""

import streamlit as st

from frame import state
from tl_core.cases import Case, Thresholds
from tl_core.plan import Layer


def case_title(case: Case, chosen: Case | None, prescribed: bool) -> None:
    """The recipe that is shown, and what the map says where that is another one."""
    shown = case if prescribed else chosen
    st.subheader(f"Case {shown.number}: {shown.title}" if shown else "A recipe of your own", anchor=False)
    if shown != case:
        st.write(f"Chosen on purpose: for a {case.quadrant} the map says case {case.number}.")


def case_text(shown: Case | None, stacked: bool = False) -> None:
    """The steps of a case and the reason for them, side by side or one below the other."""
    if shown is None:
        st.write("You decide where to cut, which layers to freeze, and whether they start from what was learnt before.")
        return
    steps, why = (st.container(), st.container()) if stacked else st.columns(2, gap="large")
    steps.markdown(
        "**What to do**\n\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(shown.steps, start=1))
    )
    why.markdown(f"**Why**\n\n{shown.why}" + (f"\n\n**Or:** {shown.alternative}" if shown.alternative else ""))


def weights_text(layers: tuple[Layer, ...]) -> None:
    """How many weights are trained, frozen and sliced off."""
    trained = sum(layer.num_trainable for layer in layers)
    frozen = sum(layer.num_weights for layer in layers if layer.state == "frozen")
    sliced = sum(layer.num_weights for layer in layers if layer.state == "sliced")
    parts = [f"{trained:,} weights are trained", f"{frozen:,} are frozen" if frozen else "none is frozen"]
    st.caption(f"{', '.join(parts)}; {sliced:,} were sliced off.")


def thresholds_widgets(thresholds: Thresholds, default: Thresholds) -> None:
    """Where small ends and similar begins is a matter of opinion, so both lines can be moved."""
    with st.popover("Move the lines"):
        st.write("Nobody can say exactly where *small* ends and *similar* begins. Move the lines and see what changes.")
        sizes = [10**power * step for power in range(1, 6) for step in (1, 2, 5)] + [1_000_000]
        st.session_state.line_images = thresholds.num_images
        st.select_slider(
            "Small up to this many images",
            sorted({*sizes, thresholds.num_images}),
            format_func=lambda n: f"{n:,}",
            key="line_images",
            on_change=lambda: state.change(thresholds=Thresholds(st.session_state.line_images, thresholds.similarity)),
            help=f"The lesson calls {default.num_images:,} images small and one million large.",
        )
        st.session_state.line_similarity = thresholds.similarity
        st.slider(
            "Similar from this value on",
            0.0,
            1.0,
            step=0.05,
            key="line_similarity",
            on_change=lambda: state.change(
                thresholds=Thresholds(thresholds.num_images, st.session_state.line_similarity)
            ),
            help="Similarity goes from 0 (the pre-trained top layer is no help) to 1 (as good as on the original pictures).",
        )
