"""Drawing a page again when something has happened that nobody on it has done, without drawing anything until then.

A fragment with `run_every` can do that too, but each look costs the server a run of the script, about a hundred times as much.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from frame.browser import browser_part
from frame.components import only_draw
from frame.news import Awaited

_JS = Path(__file__).parent / "js"
_wake = browser_part("tl_wake", html="<span></span>\n", js=(_JS / "wake.js").read_text())


def begin() -> None:
    """Before the page: nothing is waited for any more, and what will be is asked for soon."""
    st.session_state.wake_conditions = []
    st.session_state.wake_number = st.session_state.get("wake_number", 0) + 1


def when(happened: Callable[[], bool], seconds: float) -> None:
    """Draw the page again as soon as `happened()`, which is first asked after `seconds`; see `frame.news.Awaited`."""
    st.session_state.setdefault("wake_conditions", []).append((seconds, happened))


def listen() -> None:
    """After the page: wait for what it has named."""
    conditions = st.session_state.get("wake_conditions", [])
    if "awaited" not in st.session_state:
        st.session_state.awaited = Awaited()
    awaited: Awaited = st.session_state.awaited
    awaited.conditions = tuple(happened for _seconds, happened in conditions)
    first = min((seconds for seconds, _happened in conditions), default=0.0)
    data = {"url": f"news/{awaited.token}", "seconds": first, "number": st.session_state.wake_number}
    _wake(data=data, key="tl_wake", height=1, on_news_change=only_draw)
