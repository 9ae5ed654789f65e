"""How long a run may train: a choice of the visitor's, for those who cannot wait for all its epochs."""

import streamlit as st

from frame import state
from frame.settings import Settings
from tl_core.language import _, mark
from tl_core.race_words import limit_name

SECONDS = (5.0, 10.0, 20.0, 60.0, 180.0)
HELP = mark(
    "Training stops at the limit, its learning rate having gone down to zero by then, as at an ordinary end. A faster machine "
    "comes further in the same time. 'none': as many epochs as the recipe needs."
)


def choose_time_limit(settings: Settings, key: str) -> None:
    """Changes the settings; a limit that came with a link is among the choices."""
    given = settings.experiment.seconds
    st.session_state[key] = given
    st.selectbox(
        _("Time limit of a run"),
        [None, *sorted({*SECONDS, *([given] if given else [])})],
        format_func=lambda seconds: _("none") if seconds is None else limit_name(seconds),
        key=key,
        on_change=lambda: state.change(seconds=st.session_state[key]),
        help=_(HELP),
    )
