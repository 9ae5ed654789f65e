"""The visitor's settings: one value in the session, mirrored in the URL, so that a link or a refresh brings them back."""

import time
from typing import Any

import streamlit as st

from frame.my_images_sweep import keep_swept
from frame.services import get_catalogue, owner
from frame.settings import Settings
from tl_core.data.owned import open_own, owner_hash

STALE = 3.0  # seconds for which an address of ours may still come back from the browser
RUN = "run"  # URL parameter of the run that the Train page shows


def get_settings() -> Settings:
    return st.session_state.settings


def change(**values: Any) -> None:
    """Replace some settings; for widget callbacks, which run before the page is drawn."""
    st.session_state.settings = get_settings().change(**values)
    st.session_state.url_notes = []
    st.session_state.settings_changed = True


def read_url() -> list[str]:
    """Take the settings from the URL if it is a new one; returns a sentence for each part that was ignored."""
    keep_swept()
    query = {key: value for key, value in st.query_params.items() if key != RUN}
    changed = st.session_state.pop("settings_changed", False)
    if "settings" not in st.session_state or (query and not changed and not _is_own(query)):
        settings, notes = Settings.from_query(query, list(get_catalogue()), open_upload)
        st.session_state.settings = settings
        st.session_state.url_notes = notes
        _remember(query)
        if RUN in st.query_params:
            st.session_state.run_id = st.query_params[RUN]
    return st.session_state.url_notes


def open_upload(spec: str) -> str | None:
    """The exact name of this visitor's upload; None for somebody else's, however its name was come by."""
    found = open_own(spec, owner_hash(owner()))
    return found[0].spec(found[1]) if found else None


def _is_own(query: dict[str, str]) -> bool:
    """Whether this session put `query` into the URL: the present one, or one so recent that the browser sent it while the
    next was on its way."""
    written = st.session_state.get("url_written", {})
    return written.get("query") == query or time.monotonic() - written.get("recent", {}).get(str(query), -STALE) < STALE


def _remember(query: dict[str, str]) -> None:
    now = time.monotonic()
    recent = {
        text: when
        for text, when in st.session_state.get("url_written", {}).get("recent", {}).items()
        if now - when < STALE
    }
    st.session_state.url_written = {"query": query, "recent": {**recent, str(query): now}}


def write_url() -> None:
    """Put the settings, and the shown run, into the URL."""
    query = get_settings().to_query()
    _remember(query)
    if st.session_state.get("run_id"):
        query = {**query, RUN: st.session_state.run_id}
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
