"""The board for the wall: large type, no menus."""

import streamlit as st

from frame.class_board import show_board
from frame.class_buttons import full_screen_button
from frame.class_invite import show_invitation
from frame.class_tally import show_tallies
from frame.text import plain
from tl_core.classes import SchoolClass
from tl_core.language import _

_STYLE = """<style>
[data-testid=stHeader], [data-testid=stSidebar], .stMainBlockContainer h2 { display: none !important; }
.stMainBlockContainer { max-width: none; padding: 1.2rem 2rem; }
.st-key-class_wall p, .st-key-class_wall label p { font-size: 1.35rem; }
.st-key-class_wall h3 { font-size: 2.2rem; }
</style>"""


def show_presentation(found: SchoolClass) -> None:
    st.html(_STYLE)
    with st.container(key="class_wall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.subheader(plain(found.title or _("Our class")), anchor=False)
            full_screen_button(_("Full screen"), key="class_screen")
            st.toggle(_("Show the way in"), key="class_way_in", value=True)
            st.button(_("End the presentation"), key="class_end", on_click=_end)
        if st.session_state.get("class_way_in", True) and not found.rules.closed:
            left, right = st.columns([3, 1], gap="large")
            with right:
                show_invitation(found, big=True)
        else:
            left = st.container()
        with left:
            show_board(found.id, big=True)
            show_tallies(found.id, teacher=True, big=True)


def _end() -> None:
    st.session_state.class_presented = None
