"""The visitor's earlier races, to be opened again."""

import streamlit as st

from frame.race_data import get_races
from frame.race_view import race_title
from frame.services import owner
from frame.widgets import choice
from tl_core.language import _


def show_history() -> None:
    races = {kept.id: kept for kept in get_races().list(owner())}
    shown = st.session_state.get("race_id")
    if not races or list(races) == [shown]:
        return

    def choose(race_id: str) -> None:
        st.session_state.race_id = race_id

    choice(
        _("Races so far"), {race_id: race_title(race) for race_id, race in races.items()},
        shown if shown in races else None, choose, key="shown_race", placeholder=_("Choose a race"),
        help=_("Opens an earlier race above."),
    )  # fmt: skip
