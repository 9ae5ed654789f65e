"""The maker of lesson links: the experiment of the bar, the controls to show, and a text, as one address to copy."""

import streamlit as st

from frame.class_buttons import copy_button
from frame.class_fixed import WORDS
from frame.class_invite import page_address, warn_of
from frame.lesson_link import TEXT_LONGEST, lesson_address
from frame.settings import is_upload
from frame.state import JOIN, get_settings
from tl_core.class_rules import CONTROLS
from tl_core.language import _, mark

_PAGES = {"": mark("The four cases"), "train": mark("Train")}


def show_lesson_maker(code: str | None = None) -> None:
    """`code`: of the class that the link may lead into as well."""
    with st.expander(_("Make a lesson link")):
        settings = get_settings()
        st.markdown(
            _(
                "The link opens the experiment that you have set up in the bar of the other pages, shows only the controls that "
                "you choose, and your text above them. Whoever opens it needs no account and no class."
            )
        )
        if is_upload(settings.experiment.data):
            st.info(_("Nobody else can see your own pictures, so the link leaves the data set out."))
        left, right = st.columns(2, gap="large")
        with left:
            page = st.segmented_control(
                _("Page"),
                list(_PAGES),
                default="",
                format_func=lambda name: _(_PAGES[name]),
                key="lesson_page",
                required=True,
            )
            shown = st.pills(
                _("Controls to show"),
                list(CONTROLS),
                selection_mode="multi",
                default=list(CONTROLS),
                format_func=lambda name: _(WORDS[name]),
                key="lesson_controls",
            )
            into = bool(code) and st.checkbox(_("The link also invites into this class"), value=True, key="lesson_join")
        with right:
            text = st.text_area(
                _("Your text for the students"),
                max_chars=TEXT_LONGEST,
                height=140,
                key="lesson_text",
                help=_("Shown as you type it, without any formatting, above the page."),
            )
        address = lesson_address(page_address(page or ""), settings, shown, text)
        if into:
            address += f"&{JOIN}={code}"
        st.code(address, language=None, wrap_lines=True)
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            copy_button(
                _("Copy the lesson link"), address, done=_("Copied."), failed=_("Copy it by hand."), key="copy_lesson"
            )
            st.link_button(_("Try it in a new tab"), address)
        if code is None:  # a class has said so beside its own link
            warn_of(address)
