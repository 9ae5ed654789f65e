"""How long a run may train: a choice of the visitor's, for those who cannot wait for all its epochs."""

import streamlit as st

from frame import state
from frame.settings import Settings
from tl_core.language import _, mark
from tl_core.race_words import limit_name

NONE = 0.0  # an option that is None would be shown as if nothing were chosen
SECONDS = (5.0, 10.0, 20.0, 60.0, 180.0)
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
