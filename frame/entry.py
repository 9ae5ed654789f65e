"""The way in for a page that is opened first by its address.

Until `st.navigation` has run once in a server, Streamlit takes the folder `pages/` for its older kind of multipage app
and runs the page's file without `app.py` around it. So each page begins with `enter()`, which runs `app.py` in that
case; `app.py` then finds the same page under the same address. The addresses must therefore equal the files' names.
"""

import runpy

import streamlit as st

from tl_core.paths import ROOT

_FLAG = "frame_is_around"


def announce() -> None:
    """Called by `app.py` just before it runs a page."""
    st.session_state[_FLAG] = True


def enter() -> None:
    """Called first by every page."""
    if not st.session_state.pop(_FLAG, False):
        runpy.run_path(str(ROOT / "app.py"))
        st.stop()
