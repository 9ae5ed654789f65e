"""The ways into a class: join one, open one, or come back to one's own."""

import streamlit as st

from frame.class_act import attempt
from frame.class_store import get_classes
from frame.services import owner
from frame.text import plain
from tl_core.class_names import NICKNAME_LONGEST, TITLE_LONGEST
from tl_core.class_secrets import PIN_LONGEST, PIN_SHORTEST, spoken_code
from tl_core.classes import KEPT_DAYS, SchoolClass
from tl_core.language import _


def show_doors(*, teaching: bool) -> None:
    """For those who are in no class: three forms. A teacher finds them folded away below the class."""
    if teaching:
        with st.expander(_("Join, open or enter another class")):
            _forms()
    else:
        st.markdown(
            _(
                "In a class everybody's runs come together on one board. Students join with a code, a teacher opens a class."
            )
        )
        _forms()


def _forms() -> None:
    invited = st.session_state.get("class_code")
    known = get_classes().find(invited) if invited else None
    if known is not None:
        _join_form(known)
        with st.expander(_("For teachers")):
            left, right = st.columns(2, gap="large")
    else:
        if invited:
            st.warning(_("The join link leads to no class: it was deleted, or the link is not complete."))
        first, left, right = st.columns(3, gap="large")
        with first:
            _join_form(None)
    with left:
        _open_form()
    with right:
        _enter_form()


def _join_form(known: SchoolClass | None) -> None:
    with st.form("class_join", height="stretch"):
        title = plain(known.title) if known else ""
        st.markdown(f"**{_('Join the class {title}', title=title) if title else _('Join a class')}**")
        code = spoken_code(known.code) if known else ""
        st.text_input(_("Class code"), code, key="class_join_code", max_chars=32, autocomplete="off")
        st.text_input(_("Nickname"), key="class_join_name", max_chars=NICKNAME_LONGEST, autocomplete="off")
        st.markdown(_("Nothing else is asked or kept. Your class sees the nickname beside your runs."))
        if st.form_submit_button(_("Join"), type="primary" if known else "secondary"):
            _join(st.session_state.class_join_code, st.session_state.class_join_name)


def _open_form() -> None:
    with st.form("class_open", height="stretch"):
        st.markdown(_("**Open a class** (teachers)"))
        st.text_input(_("Name of the class"), key="class_open_title", max_chars=TITLE_LONGEST, autocomplete="off")
        st.text_input(
            _("PIN"),
            key="class_open_pin",
            type="password",
            max_chars=PIN_LONGEST,
            autocomplete="new-password",
            placeholder=_("at least {number} digits or letters", number=PIN_SHORTEST),
            help=_(
                "At least {number} digits or letters. It lets you in as the teacher from another machine.",
                number=PIN_SHORTEST,
            ),
        )
        st.markdown(_("A class that nobody uses for {days} days is deleted.", days=KEPT_DAYS))
        if st.form_submit_button(_("Open")):
            found = attempt(
                get_classes().open,
                st.session_state.class_open_title,
                st.session_state.class_open_pin,
                owner(),
                here=True,
            )
            if found:
                st.session_state.class_entered = found.id
                st.rerun()


def _enter_form() -> None:
    with st.form("class_enter", height="stretch"):
        st.markdown(_("**Enter your class** (teachers)"))
        st.text_input(_("Class code"), key="class_enter_code", max_chars=32, autocomplete="off")
        st.text_input(
            _("PIN"), key="class_enter_pin", type="password", max_chars=PIN_LONGEST, autocomplete="current-password"
        )
        if st.form_submit_button(_("Enter")):
            found = attempt(
                get_classes().enter,
                st.session_state.class_enter_code,
                st.session_state.class_enter_pin,
                owner(),
                here=True,
            )
            if found:
                st.session_state.class_entered = found.id
                st.rerun()


def _join(code: str, nickname: str) -> None:
    if attempt(get_classes().join, code, nickname, owner(), here=True):
        st.rerun()
