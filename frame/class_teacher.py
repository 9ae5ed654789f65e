"""The page of a class for its teacher."""

from collections.abc import Callable

import streamlit as st

from frame.class_act import attempt
from frame.class_board import show_board
from frame.class_control import show_limits, show_switches
from frame.class_hiding import show_hiding
from frame.class_invite import show_invitation
from frame.class_live import get_live
from frame.class_store import get_classes
from frame.class_tally import show_tallies
from frame.services import get_catalogue, owner
from frame.text import plain
from tl_core.class_csv import board_csv
from tl_core.classes import SchoolClass
from tl_core.language import _


def show_teacher(found: SchoolClass) -> None:
    st.subheader(plain(found.title or _("Your class")), anchor=False)
    show_switches(found)
    with st.container(horizontal=True, gap="medium"):
        st.button(
            _("Present"), key="class_present", on_click=_present, args=(found.id,), help=_("Large type, for the wall.")
        )
        st.download_button(
            _("Download as CSV"),
            _csv_of(found.id),
            file_name="class.csv",
            mime="text/csv",
            key="class_csv",
            on_click="ignore",
        )
    left, right = st.columns([3, 1], gap="large")
    with right:
        if found.rules.closed:
            st.markdown(_("Nobody else can join now."))
        else:
            show_invitation(found)
    with left:
        show_board(found.id)
        show_tallies(found.id, teacher=True)
    show_limits(found)
    show_hiding(found.id)
    _show_end(found)


def _csv_of(class_id: str) -> Callable[[], bytes]:
    """Makes the file at the moment of the click, in a thread that knows neither visitor nor language: both are taken along."""
    classes, live, asking = get_classes(), get_live(), owner()
    titles = {name: entry.shown_title for name, entry in get_catalogue().items()}
    uploaded, student = _("uploaded pictures"), _("Student {number}")

    def make() -> bytes:
        if not classes.teaches(class_id, asking):
            return b""
        return board_csv(
            live.of(class_id).rows,
            lambda row: row.nickname if row.nickname is not None else student.format(number=row.member),
            lambda experiment: titles.get(experiment.data, uploaded),
        )

    return make


def _present(class_id: str) -> None:
    st.session_state.class_presented = class_id


def _show_end(found: SchoolClass) -> None:
    with st.expander(_("Leave or delete this class")):
        st.markdown(
            _("On a machine that others use too, leave the class when you go. You come back with its code and the PIN.")
        )
        st.button(_("Leave on this machine"), key="class_step_down", on_click=_step_down, args=(found.id,))
        st.markdown(
            _(
                "Deleting removes the class, all nicknames, the board, and the guesses, for good. Students keep the runs that "
                "they made, without the class."
            )
        )
        sure = st.checkbox(_("I want to delete this class for good"), key=f"class_sure_{found.id}")
        st.button(_("Delete everything"), key="class_delete", disabled=not sure, on_click=_delete, args=(found.id,))


def _step_down(class_id: str) -> None:
    get_classes().step_down(class_id, owner())


def _delete(class_id: str) -> None:
    if st.session_state.get(f"class_sure_{class_id}"):  # asked again here: a click can be made up
        attempt(get_classes().delete, class_id, owner())
        get_live().forget(class_id)
