"""The visitor's earlier races, to be opened again."""

import streamlit as st

from frame.race_data import get_races
from frame.race_view import race_title
from frame.services import owner
from tl_core.language import _


def show_history() -> None:
    races = {kept.id: kept for kept in get_races().list(owner())}
    shown = st.session_state.get("race_id")
    if not races or list(races) == [shown]:
        return
    st.session_state.shown_race = shown if shown in races else None

    def changed() -> None:
        if st.session_state.shown_race:
            st.session_state.race_id = st.session_state.shown_race

    st.selectbox(
        _("Races so far"), list(races), index=None, format_func=lambda race_id: race_title(races[race_id]),
        key="shown_race", on_change=changed, placeholder=_("Choose a race"), help=_("Opens an earlier race above."),
    )  # fmt: skip
