"""Taking a run or a name off the board of a class, and putting it back."""

import streamlit as st

from frame.class_act import attempt
from frame.class_board import EVERY_SECONDS
from frame.class_live import get_live, live_class
from frame.class_store import get_classes
from frame.class_words import name_of, recipe_label
from frame.services import owner
from frame.text import plain
from tl_core.class_errors import NotYourClass
from tl_core.class_runs import BoardRow
from tl_core.classes import Member
from tl_core.language import _


def show_hiding(class_id: str) -> None:
    """For the teacher; the lists grow by themselves."""

    @st.fragment(run_every=EVERY_SECONDS)
    def watch() -> None:
        try:
            rows = live_class(class_id).rows
            members = get_classes().members(class_id, owner())
        except NotYourClass:
            return  # the board says so
        left, right = st.columns(2, gap="large")
        with left:
            _hide_names(class_id, {member.number: member for member in members})
        with right:
            _hide_runs(class_id, {row.number: row for row in reversed(rows)})

    with st.expander(_("Hide a run or a name")):
        watch()


def _hide_names(class_id: str, members: dict[int, Member]) -> None:
    key = f"class_hide_name_{class_id}"
    number = st.selectbox(
        _("Name"),
        list(members),
        index=None,
        format_func=lambda one: plain(_say(members[one].nickname, members[one].hidden)),
        key=key,
        placeholder=_("Choose a name"),
    )
    hidden = number in members and members[number].hidden
    st.button(
        _("Show it again") if hidden else _("Hide this name"),
        key="class_name_button",
        disabled=number is None,
        on_click=_hide,
        args=("name", class_id, key, not hidden),
        help=_("A hidden name is shown as a number, as in 'Student 7'. The runs stay."),
    )


def _hide_runs(class_id: str, runs: dict[int, BoardRow]) -> None:
    key = f"class_hide_run_{class_id}"
    number = st.selectbox(
        _("Run"),
        list(runs),
        index=None,
        format_func=lambda one: plain(_say(_run_words(runs[one]), runs[one].hidden)),
        key=key,
        placeholder=_("Choose a run"),
    )
    hidden = number in runs and runs[number].hidden
    st.button(
        _("Show it again") if hidden else _("Hide this run"),
        key="class_run_button",
        disabled=number is None,
        on_click=_hide,
        args=("run", class_id, key, not hidden),
    )


def _run_words(row: BoardRow) -> str:
    return _(
        "{number}: {name}, {recipe}, {images:,} images, {accuracy:.1f} %",
        number=row.number,
        name=name_of(row),
        recipe=recipe_label(row.experiment),
        images=row.num_images,
        accuracy=100 * row.accuracy,
    )


def _say(words: str, hidden: bool) -> str:
    return _("{what} (hidden)", what=words) if hidden else words


def _hide(what: str, class_id: str, key: str, hidden: bool) -> None:
    """`key`: of the box, which is asked for what is chosen at this moment."""
    classes, number = get_classes(), st.session_state[key]
    if number is None:
        return
    attempt(classes.hide_name if what == "name" else classes.hide_run, class_id, number, hidden, owner())
    get_live().forget(class_id)
