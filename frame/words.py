"""Texts about a case and its layers, laid out."""

import streamlit as st

from frame import state
from frame.prescription import Prescription
from tl_core.cases import Bonus, Case, Thresholds
from tl_core.plan import Layer

GLOSSARY = {
    "weights": "the numbers inside a network; learning means changing them",
    "layer": "one step of the network; early layers see edges, later ones shapes and whole objects",
    "fully connected layer": "a layer in which every output sees every input; the last one gives a score to each class",
    "pre-trained": "its weights were learnt before, from other pictures",
    "frozen": "its weights are not changed in training",
    "features": "what a layer has found in a picture: edges, textures, shapes",
    "epoch": "one pass over all the training images",
    "held-out images": "images kept back from training, to check each epoch on",
    "overfitting": "learning the training images by heart instead of what they have in common",
}


def case_title(prescription: Prescription, chosen: Case | Bonus | None, prescribed: bool) -> None:
    """The recipe that is shown, and what the map says where that is another one or not certain."""
    case, other = prescription.case, prescription.other
    if prescribed and prescription.similarity is None:
        st.subheader(f"Case {case.number} or {other.number}: {prescription.doubt}", anchor=False)
        st.write(f"Until it is known, the network and the words are those for similar pictures, case {case.number}.")
        return
    shown = case if prescribed else chosen
    st.subheader(_heading(shown), anchor=False)
    if prescription.similarity is not None and shown != case:
        st.write(f"Your choice. For {few_or_many(case)} images the map says case {case.number}.")
    elif prescription.similarity is not None and prescription.doubt:
        st.write(prescription.doubt)


def _heading(shown: Case | Bonus | None) -> str:
    if shown is None:
        return "A recipe of your own"
    return f"Case {shown.number}: {shown.title}" if shown.number else shown.title


def recipe_name(chosen: Case | Bonus | None) -> str:
    """A recipe within a sentence: 'case 3, fine-tune the whole network', 'tune one block', 'your own'."""
    if chosen is None:
        return "your own"
    title = chosen.title[0].lower() + chosen.title[1:]
    return f"case {chosen.number}, {title}" if chosen.number else title


def few_or_many(case: Case) -> str:
    return f"{'few' if case.size == 'small' else 'many'}, {case.similarity}"


def case_text(shown: Case | Bonus | None, layers: tuple[Layer, ...], stacked: bool = False) -> None:
    """The steps of a recipe and the reason for them, side by side or one below the other."""
    if shown is None:
        st.write(own_text(layers))
        return
    steps, why = (st.container(), st.container()) if stacked else st.columns(2, gap="large")
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(shown.steps, start=1))
    steps.markdown(f"**What to do**\n\n{numbered}")
    more = f"\n\n**Or:** {shown.alternative}" if shown.alternative else ""
    if isinstance(shown, Bonus):
        more = f"\n\n**From:** [{shown.source}]({shown.address})."
    why.markdown(f"**Why**\n\n{shown.why}{more}")


def own_text(layers: tuple[Layer, ...]) -> str:
    """A recipe of one's own in a sentence: what is trained, frozen and sliced off."""
    parts = []
    for word, states in (
        ("Trained", ("pretrained", "random", "new")),
        ("Frozen", ("frozen",)),
        ("Sliced off", ("sliced",)),
    ):
        titles = [layer.title for layer in layers if layer.state in states]
        if titles:
            parts.append(f"{word}: {', '.join(titles)}.")
    return " ".join(parts)


def weights_text(layers: tuple[Layer, ...]) -> None:
    """How many weights are trained, frozen and sliced off."""
    trained = sum(layer.num_trainable for layer in layers)
    frozen = sum(layer.num_weights for layer in layers if layer.state == "frozen")
    sliced = sum(layer.num_weights for layer in layers if layer.state == "sliced")
    parts = [f"{trained:,} weights are trained", f"{frozen:,} are frozen" if frozen else "none is frozen"]
    st.caption(f"{', '.join(parts)}; {sliced:,} were sliced off.")


def glossary() -> None:
    """The words of the field, one line each."""
    with st.popover("Words", help="What the words of this page mean."):
        st.markdown("\n".join(f"- **{word}**: {meaning}" for word, meaning in GLOSSARY.items()))


def thresholds_widgets(thresholds: Thresholds, default: Thresholds) -> None:
    """Where small ends and similar begins is a matter of opinion, so both lines can be moved."""
    with st.popover("Move the lines", key="thresholds"):
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
            help="Near 0: the pre-trained layers are no help. 1: they help as much as on the original pictures.",
        )
