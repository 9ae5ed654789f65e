"""What stands at the top right of every page beside the language: the words explained, and projector mode."""

import json

import streamlit as st

from frame.glossary import show_words
from frame.projector import show_toggle
from frame.tour_next import show_invitation
from tl_core.language import _

FIRST_PAGE = "cases"
# on a phone the pages are behind a button that Streamlit draws as ">>"
_MENU = """<style>
[data-testid="stExpandSidebarButton"] { width: auto !important; padding: 0 0.5rem; color: inherit; }
[data-testid="stExpandSidebarButton"]::after { content: %s; padding-left: 0.3rem; font-size: 1rem; }
</style>"""


def show_tools(page: str) -> None:
    """`page`: the address of the page that is shown; the first page has '' for an address."""
    st.html(_MENU % json.dumps(_("Pages"), ensure_ascii=False))
    with st.container(key="tl_tools", horizontal=True, vertical_alignment="center", gap="small", width="content"):
        if page not in ("", FIRST_PAGE):  # which has the words beside its text
            show_words(page)
        show_toggle()
    if page in ("", FIRST_PAGE):
        show_invitation()
