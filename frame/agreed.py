"""What each widget of `frame.widgets.widget` and the settings behind it last agreed on."""

from typing import Any

import streamlit as st

_KEY = "agreed"


def agreed() -> dict[str, Any]:
    """The value of each widget by its key, for this visitor; to be added to."""
    return st.session_state.setdefault(_KEY, {})


def disagree() -> None:
    """Every widget takes its value from the settings once more, whatever it shows."""
    st.session_state[_KEY] = {}


def begin_anew() -> None:
    """The same on another page, or in another language.

    The widgets are others there, and begin with their first option if nothing is put in; yet until the page has been drawn,
    `st.session_state` may still give the values of those before them, as if nothing had to be.
    """
    for key in st.session_state.pop(_KEY, {}):
        st.session_state.pop(key, None)
