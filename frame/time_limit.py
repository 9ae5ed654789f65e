"""How long a run may train: a choice of the visitor's, for those who cannot wait for all its epochs."""

from collections.abc import Sequence

import streamlit as st

from frame import state
from frame.class_fixed import hidden_controls, locked_controls
from frame.services import get_engine
from frame.settings import Settings
from tl_core.language import _, mark
from tl_core.race_words import duration, limit_name

NONE = 0.0  # an option that is None would be shown as if nothing were chosen
SECONDS = (5.0, 10.0, 20.0, 60.0, 180.0)
PATIENCE = 120.0  # seconds: what a class waits for a race
SAVES = 0.8  # of the time without a limit; less is not worth a run that is cut short
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


def offer_time_limit(each: Sequence[float]) -> None:
    """Where runs that take so many seconds each would take longer than a class waits: a button for the longest limit with which
    they do not, or for the shortest that there is."""
    engine = get_engine()
    whole = engine.together(each)
    if whole <= PATIENCE or "options" in (*hidden_controls(), *locked_controls()):
        return
    within = {limit: engine.together([min(seconds, limit) for seconds in each]) for limit in SECONDS}
    limit = max((limit for limit, seconds in within.items() if seconds <= PATIENCE), default=SECONDS[0])
    if within[limit] > SAVES * whole:
        return
    st.button(
        _("At most {limit} a run: about {time}", limit=limit_name(limit), time=duration(within[limit])),
        on_click=lambda: state.change(seconds=limit),
        key="race_offer_limit",
        help=_(
            "Too long for a lesson? Each run's training then stops at this limit, its learning rate having gone down to zero by "
            "then, as at an ordinary end. What was stopped is said beside the verdict."
        ),
    )
