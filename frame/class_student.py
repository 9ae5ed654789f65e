"""The page of a class for a student: the board, the guesses once they are shown, and the way out."""

import streamlit as st

from frame.class_act import attempt
from frame.class_board import show_board
from frame.class_store import get_classes
from frame.class_tally import show_tallies
from frame.services import owner
from frame.text import plain
from tl_core.classes import Member, SchoolClass
from tl_core.language import _


def show_student(found: SchoolClass, member: Member) -> None:
    st.subheader(plain(found.title or _("Your class")), anchor=False)
    st.markdown(
        _(
            "Every run that you start on the page 'Train' appears on this board when it has ended, under your nickname. "
            "Everybody in the class sees the board; nobody else does."
        )
    )
    with st.container(horizontal=True, gap="medium"):
        st.page_link(st.session_state.pages["cases"], label=_("To the four cases"))
        st.page_link(st.session_state.pages["train"], label=_("To Train"))
    show_board(found.id)
    show_tallies(found.id, teacher=False)
    with st.popover(_("Your nickname"), key="class_me"):
        with st.form("class_rename", border=False):
            st.text_input(_("Nickname"), value=member.nickname, max_chars=24, key="class_new_name")
            if st.form_submit_button(_("Change it")):
                if attempt(get_classes().join, found.code, st.session_state.class_new_name, owner()):
                    st.rerun()
        st.markdown(_("When you leave, your next runs are not shown to the class. Those on the board stay there."))
        st.button(_("Leave the class"), key="class_leave", on_click=get_classes().leave, args=(owner(),))
