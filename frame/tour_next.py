"""The last step of the tour, and the line that leads a first-time visitor to the first."""

import streamlit as st

from frame import tour_state
from tl_core.language import _, mark

_PLACES = (
    ("cases", mark("The four cases"), mark("Move two sliders and see which layers are sliced off, frozen and trained.")),
    ("race", mark("Race"), mark("Which recipe is the best on your pictures? Several seeds tell luck from skill.")),
    ("inside", mark("Look inside"), mark("What every layer finds in a picture, before and after training.")),
    ("images", mark("My images"), mark("Photographs of your own become a data set, and then all of this works on them.")),
    ("rule", mark("Does the rule hold?"), mark("More than a thousand recorded runs: where the rule of thumb wins.")),
)  # fmt: skip


def show_places() -> None:
    """Links to the pages, each with what it is good for."""
    for name, title, words in _PLACES:
        if name in st.session_state.pages:
            st.page_link(st.session_state.pages[name], label=f"**{_(title)}**")
            st.markdown(_(words))


def show_invitation() -> None:
    """One line on *The four cases* for those who are here for the first time."""
    if tour_state.is_new_here() and "tour" in st.session_state.get("pages", {}):
        with st.container(key="tl_invite"):
            st.page_link(
                st.session_state.pages["tour"], label=_("New here? The tour shows the four cases in about ten minutes.")
            )
