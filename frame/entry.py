"""The way in for a page that is opened first by its address.

Until `st.navigation` has run once in a server, Streamlit takes the folder `pages/` for its older kind of multipage app
and runs the page's file without `app.py`. So each page begins with `enter()`, which draws what stands around it in that
case; that then finds the same page under the same address. The addresses must therefore equal the files' names.
"""

import streamlit as st

_FLAG = "frame_is_around"


def announce() -> None:
    """Called by `frame.around` just before it runs a page."""
    st.session_state[_FLAG] = True


def enter() -> None:
    """Called first by every page."""
    if not st.session_state.pop(_FLAG, False):
        from frame.around import show

        show()
        st.stop()
