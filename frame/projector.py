"""Projector mode: larger type and nothing around the page, kept in the session and in the address (`big=on`)."""

import streamlit as st

from tl_core.language import _

BIG = "big"  # in the session and in the address; 'on' or not there
ON = "on"

_STYLE = """<style>
html { font-size: clamp(20px, 1.25vw, 48px) !important; --tl-big: 1.4; }
[data-testid="stHeader"], [data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none !important; }
.stMainBlockContainer { max-width: none; padding: 1.4rem 2.2rem 2rem; }
.st-key-language, .st-key-experiment_bar .stTooltipIcon { display: none; }
.st-key-tl_tools { position: fixed; top: 0.3rem; right: 0.8rem; left: auto; }
.st-key-tl_tools .st-key-tl_words { display: none; }
</style>"""


def is_big() -> bool:
    return st.session_state.get(BIG) == ON


def show_toggle() -> None:
    """The button that turns it on and off, on every page in the same place."""
    big = is_big()
    if big:
        st.html(_STYLE)
    st.button(
        _("Normal type") if big else _("Projector"), key="tl_big", type="tertiary", on_click=_turn,
        help=_("Back to the usual size, with the menu.") if big else _("Large type for the wall, without the menu."),
    )  # fmt: skip


def _turn() -> None:
    st.session_state[BIG] = None if is_big() else ON
