"""Texts about a case and its layers, laid out."""

from dataclasses import replace

import streamlit as st

from frame import state
from frame.glossary import show_words, tell
from frame.prescription import Prescription
from tl_core.cases import Bonus, Case, Thresholds, in_sentence
from tl_core.language import _, retold
from tl_core.plan import Layer


def case_title(prescription: Prescription, chosen: Case | Bonus | None, prescribed: bool) -> None:
    """The recipe that is shown, and what the map says where that is another one or not certain."""
    case, other = prescription.case, prescription.other
    if prescribed and prescription.similarity is None:
        st.subheader(
            _("Case {number} or {other}: {doubt}", number=case.number, other=other.number, doubt=prescription.doubt),
            anchor=False,
        )
        st.write(
            _(
                "Until it is known, the network and the words are those for similar pictures, case {number}.",
                number=case.number,
            )
        )
        return
    shown = case if prescribed else chosen
    st.subheader(heading(shown), anchor=False)
    if prescription.similarity is not None and shown != case:
        st.write(
            _("Your choice. For {kind} images the map says case {number}.", kind=few_or_many(case), number=case.number)
        )
    elif prescription.similarity is not None and prescription.doubt:
        st.write(prescription.doubt)


def heading(shown: Case | Bonus | None) -> str:
    """The title over a recipe: 'Case 3: Fine-tune the whole network'."""
    if shown is None:
        return _("A recipe of your own")
    title = _(shown.title)
    return _("Case {number}: {title}", number=shown.number, title=title) if shown.number else title


def recipe_name(chosen: Case | Bonus | None) -> str:
    """A recipe within a sentence: 'case 3, fine-tune the whole network', 'tune one block', 'your own'."""
    if chosen is None:
        return _("your own")
    title = in_sentence(_(chosen.title))
    return _("case {number}, {title}", number=chosen.number, title=title) if chosen.number else title


def few_or_many(case: Case) -> str:
    return _(
        "{count}, {similarity}", count=_("few") if case.size == "small" else _("many"), similarity=_(case.similarity)
    )


def case_text(shown: Case | Bonus | None, layers: tuple[Layer, ...], stacked: bool = False) -> None:
    """The steps of a recipe and the reason for them, side by side or one below the other."""
    if shown is None:
        tell(own_text(layers))
        return
    steps, why = (st.container(), st.container()) if stacked else st.columns(2, gap="large")
    what_to_do, reason = case_texts(shown)
    with steps:
        tell(what_to_do)
    with why:
        tell(reason)
        if isinstance(shown, Bonus):
            st.markdown(f"**{_('From:')}** [{_(shown.source)}]({shown.address}).")


def case_texts(shown: Case | Bonus) -> tuple[str, str]:
    """What to do, and why, as `tell` takes them."""
    numbered = "\n".join(f"{number}. {_(step)}" for number, step in enumerate(shown.steps, start=1))
    more = f"\n\n**{_('Or:')}** {_(shown.alternative)}" if shown.alternative else ""
    return f"**{_('What to do')}**\n\n{numbered}", f"**{_('Why')}**\n\n{_(shown.why)}{more}"


def own_text(layers: tuple[Layer, ...]) -> str:
    """A recipe of one's own in a sentence: what is trained, frozen and sliced off."""
    parts = []
    for word, states in (
        (_("Trained"), ("pretrained", "random", "new")),
        (_("Frozen"), ("frozen",)),
        (_("Sliced off"), ("sliced",)),
    ):
        titles = [retold(layer.title) for layer in layers if layer.state in states]
        if titles:
            parts.append(f"{word}: {', '.join(titles)}.")
    return " ".join(parts)


def weights_words(layers: tuple[Layer, ...]) -> str:
    """How many weights are trained, frozen and sliced off."""
    trained = sum(layer.num_trainable for layer in layers)
    frozen = sum(layer.num_weights for layer in layers if layer.state == "frozen")
    sliced = sum(layer.num_weights for layer in layers if layer.state == "sliced")
    values = {"trained": trained, "frozen": frozen, "sliced": sliced}
    if frozen:
        return _("{trained:,} weights are trained, {frozen:,} are frozen; {sliced:,} were sliced off.", **values)
    return _("{trained:,} weights are trained, none is frozen; {sliced:,} were sliced off.", **values)


def glossary() -> None:
    """The words of the page of the four cases, one line each."""
    show_words("cases")


def thresholds_widgets(thresholds: Thresholds, default: Thresholds) -> None:
    """Where small ends and similar begins is a matter of opinion, so both lines can be moved."""
    with st.popover(_("Move the lines"), key="thresholds"):
        st.write(
            _("Nobody can say exactly where *small* ends and *similar* begins. Move the lines and see what changes.")
        )
        sizes = [10**power * step for power in range(1, 6) for step in (1, 2, 5)] + [1_000_000]
        st.session_state.line_images = thresholds.num_images
        st.select_slider(
            _("Small up to this many images"),
            sorted({*sizes, thresholds.num_images}),
            format_func=lambda n: _("{n:,}", n=n),
            key="line_images",
            on_change=lambda: _move(num_images=st.session_state.line_images),
            help=_("The lesson calls {n:,} images small and one million large.", n=default.num_images),
        )
        st.session_state.line_similarity = thresholds.similarity
        st.slider(
            _("Similar from this value on"),
            0.0,
            1.0,
            step=0.05,
            key="line_similarity",
            on_change=lambda: _move(similarity=st.session_state.line_similarity),
            help=_("Near 0: the pre-trained layers are no help. 1: they help as much as on the original pictures."),
        )


def _move(**line: float) -> None:
    state.change(thresholds=replace(state.get_settings().thresholds, **line))
