"""Class: a teacher opens one, students join it, and all their runs come together on one board."""

import streamlit as st

from frame import state
from frame.class_door import show_doors
from frame.class_lesson import show_lesson_maker
from frame.class_present import show_presentation
from frame.class_store import get_classes, membership
from frame.class_student import show_student
from frame.class_teacher import show_teacher
from frame.entry import enter
from frame.services import owner
from frame.text import plain
from tl_core.language import _

enter()

st.header(_("Class"), anchor=False)
taught = get_classes().taught_by(owner())
now = membership()
if entered := st.session_state.pop("class_entered", None):
    st.session_state.class_taught = entered
if taught:
    by_id = {found.id: found for found in taught}
    if st.session_state.get("class_taught") not in by_id:
        st.session_state.class_taught = taught[0].id
    if len(taught) > 1:
        st.selectbox(
            _("Your classes"),
            list(by_id),
            format_func=lambda one: plain(by_id[one].title or by_id[one].code),
            key="class_taught",
        )
    found = by_id[st.session_state.class_taught]
    if st.session_state.get("class_presented") == found.id:
        show_presentation(found)
        state.write_url()
        st.stop()
    show_teacher(found)
elif now is not None:
    show_student(*now)
if taught and now is not None and now[0].id not in by_id:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        title = plain(now[0].title or now[0].code)
        st.markdown(_("You are also a student of the class {title}: your runs appear on its board.", title=title))
        st.button(_("Leave the class"), key="class_leave", on_click=get_classes().leave, args=(owner(),))
if taught or now is None:
    show_doors(teaching=bool(taught))
    show_lesson_maker(by_id[st.session_state.class_taught].code if taught else None)
