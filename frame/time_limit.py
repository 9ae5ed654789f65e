"""How long a run may train: a choice of the visitor's, for those who cannot wait for all its epochs."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from frame import state
from frame.class_fixed import hidden_controls, locked_controls
from frame.services import get_engine
from frame.settings import Settings
from tl_core.experiment import Experiment
from tl_core.language import _, mark
from tl_core.race_words import duration, limit_name

NONE = 0.0  # an option that is None would be shown as if nothing were chosen
SECONDS = (5.0, 10.0, 20.0, 60.0, 180.0)
PATIENCE = 120.0  # seconds: what a class waits for a race
HELP = mark(
    "Training stops at the limit, its learning rate having gone down to zero by then, as at an ordinary end. A faster machine "
    "comes further in the same time. 'none': as many epochs as the recipe needs."
)


def choose_time_limit(settings: Settings, key: str) -> None:
    """Changes the settings; a limit that came with a link is among the choices."""
    given = settings.experiment.seconds or NONE
    st.session_state[key] = given

    def changed() -> None:
        chosen = st.session_state[key]
        if isinstance(chosen, float):  # not what an option was called before the language changed
            state.change(seconds=chosen or None)

    st.selectbox(
        _("Time limit of a run"),
        sorted({NONE, *SECONDS, given}),
        format_func=lambda seconds: limit_name(seconds) if seconds else _("none"),
        key=key,
        on_change=changed,
        help=_(HELP),
    )


def offer_time_limit(experiments: Sequence[Experiment]) -> None:
    """A button for the longest limit with which these are run within a class's patience, or for the shortest that there is."""
    if "options" in (*hidden_controls(), *locked_controls()):
        return
    for limit in reversed(SECONDS):
        seconds = get_engine().expected_seconds([replace(experiment, seconds=limit) for experiment in experiments])
        if seconds is not None and (seconds <= PATIENCE or limit == SECONDS[0]):
            st.button(
                _("At most {limit} a run: about {time}", limit=limit_name(limit), time=duration(seconds)),
                on_click=lambda limit=limit: state.change(seconds=limit),
                key="race_offer_limit",
                help=_("Too long for a lesson? {limit_help}", limit_help=_(HELP)),
            )
            return
