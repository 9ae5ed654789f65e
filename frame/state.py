"""The visitor's settings: one value in the session, mirrored in the URL, so that a link or a refresh brings them back."""

from typing import Any

import streamlit as st

from frame.services import get_catalogue
from frame.settings import Settings

RUN = "run"  # URL parameter of the run that the Train page shows


def get_settings() -> Settings:
    return st.session_state.settings


def change(**values: Any) -> None:
    """Replace some settings; for widget callbacks, which run before the page is drawn."""
    st.session_state.settings = get_settings().change(**values)
    st.session_state.url_notes = []


def read_url() -> list[str]:
    """Take the settings from the URL if it is a new one; returns a sentence for each part that was ignored."""
    query = {key: value for key, value in st.query_params.items() if key != RUN}
    if "settings" not in st.session_state or (query and query != st.session_state.get("url_written")):
        settings, notes = Settings.from_query(query, list(get_catalogue()))
        st.session_state.settings = settings
        st.session_state.url_notes = notes
        st.session_state.url_written = query
        if RUN in st.query_params:
            st.session_state.run_id = st.query_params[RUN]
    return st.session_state.url_notes


def write_url() -> None:
    """Put the settings, and the shown run, into the URL."""
    query = get_settings().to_query()
    st.session_state.url_written = query
    if st.session_state.get("run_id"):
        query = {**query, RUN: st.session_state.run_id}
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
