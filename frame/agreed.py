"""What each widget of `frame.widgets.widget` and the settings behind it last agreed on."""

from typing import Any

import streamlit as st

_KEY = "agreed"


def agreed() -> dict[str, Any]:
    """The value of each widget by its key, for this visitor; to be added to."""
    return st.session_state.setdefault(_KEY, {})


def disagree() -> None:
    """Every widget takes its value from the settings once more, whatever it shows.

    So on another page and in another language: the widgets are others there, and begin with their first option if nothing is put
    in; yet until the page has been drawn, `st.session_state` may still give the values of those before them, as if nothing had
    to be.
    """
    st.session_state[_KEY] = {}
