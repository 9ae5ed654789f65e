"""One step of the tour on the page: the idea, the question, the button that really runs it, and what came out."""

import streamlit as st

from frame import tour_state
from frame.drawings import plan, show_diagram
from frame.glossary import with_tips
from frame.text import plain
from frame.tour_result import show_curves, show_words_of
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.language import _, retold
from tl_core.networks import get_network
from tl_core.race import NOBODY
from tl_core.recipe_marks import recipe_title
from tl_core.tour import NETWORK, NUM_CLASSES, STEPS, Step

_BUTTONS = "tour_nav"


def show_way() -> None:
    """Back, how far one is, and Next: always in the same place."""
    number = tour_state.here()
    with st.container(key=_BUTTONS, horizontal=True, vertical_alignment="center", gap="small"):
        st.button(_("Back"), key="tour_back", on_click=tour_state.back, disabled=number == 1)
        st.markdown(f"**{_('{number} of {total}', number=number, total=len(STEPS))}**", width="content")
        st.button(
            _("Next"), key="tour_next", on_click=tour_state.forward, disabled=number == len(STEPS), type="primary"
        )  # fmt: skip


def show_step(step: Step) -> None:
    """The idea and the question on the left, the network and the result on the right."""
    left, right = st.columns([5, 8], gap="large")
    with left:
        st.html(f'<div class="tl-tour-text">{with_tips(_(step.text))}</div>')
        kept = tour_state.race_of(step) if step.trial else None
        if step.trial is not None:
            _ask_and_start(step, started=kept is not None)
        if kept is not None:
            show_words_of(step, kept)
    with right:
        if step.trial is not None:
            _network(step)
        if kept is not None:
            show_curves(kept)


def _network(step: Step) -> None:
    recipe = step.trial.recipes[0]
    network = get_network(NETWORK)
    st.markdown(f"**{plain(recipe_title(recipe))}**")
    layers = plan(network, Experiment(network=NETWORK, recipe=recipe).make_recipe(), NUM_CLASSES)
    show_diagram(layers, network.input_size, key="tour_diagram")


def _ask_and_start(step: Step, started: bool) -> None:
    """The question goes away once the answer is there."""
    if not started:
        words = {name: recipe_title(name) for name in sorted(step.trial.recipes)} | {NOBODY: _("It cannot be told")}
        st.radio(
            _(step.question), list(words), index=None, format_func=words.get, key=_guess_key(step),
            help=_("You need not answer: the button works without."),
        )  # fmt: skip
        st.button(
            _("Run it"), type="primary", key="tour_run", on_click=_start, args=(step,),
            help=_(
                "Trains two networks on this computer, which takes some seconds. What was run here before is shown at once."
            ),
        )  # fmt: skip
    else:
        st.markdown(f"*{plain(_(step.question))}*")
    if error := st.session_state.pop("tour_error", None):
        st.error(plain(retold(error)))


def _guess_key(step: Step) -> str:
    return f"tour_guess_{step.name}"


def _start(step: Step) -> None:
    if tour_state.race_of(step) is not None:
        return  # pressed twice
    guess = st.session_state.get(_guess_key(step))  # of this moment, not of when the page was last drawn
    try:
        tour_state.start(step, guess if guess in (*step.trial.recipes, NOBODY) else None)
    except UserError as error:
        st.session_state.tour_error = str(error)
