"""The visitor's settings: one value in the session, mirrored in the URL, so that a link or a refresh brings them back."""

import time
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from frame.access import RACE, RUN, belongs_to_another, withheld
from frame.agreed import disagree
from frame.class_fixed import get_lesson, with_given, without_fixed
from frame.class_store import get_classes, membership
from frame.language import PARAMETER, in_address
from frame.lesson_link import Lesson
from frame.my_images_sweep import keep_swept
from frame.services import get_catalogue, owner
from frame.settings import Settings
from tl_core.data.owned import open_own, owner_hash

STALE = 3.0  # seconds for which an address of ours may still come back from the browser
JOIN = "join"  # URL parameter of a class's join link; it stays in the address until the visitor is in a class
BESIDE = {
    RUN: "run_id",
    RACE: "race_id",
    JOIN: "class_code",
    "tour": "tour_step",
    "big": "big",
    PARAMETER: "language",
}  # URL parameters that are no settings, and where they are kept
KEPT = (RUN, RACE, "tour", "big")  # those of them that are written back


def get_settings() -> Settings:
    return st.session_state.settings


def change(**values: Any) -> None:
    """Replace some settings; for widget callbacks, which run before the page is drawn.

    What a teacher has fixed stays as it is, and its widget goes back to it.
    """
    kept = without_fixed(get_settings(), values)
    if len(kept) < len(values):
        disagree()
    st.session_state.settings = get_settings().change(**kept)
    st.session_state.url_notes = []
    st.session_state.settings_changed = True


def read_url() -> list[str]:
    """Take the settings from the URL if it is a new one; returns a sentence for each part that was ignored."""
    keep_swept()
    query = {key: value for key, value in st.query_params.items() if key not in BESIDE}
    changed = st.session_state.pop("settings_changed", False)
    if "settings" not in st.session_state or (query and not _is_own(query) and (not changed or _has_gone_back())):
        settings, notes = Settings.from_query(query, list(get_catalogue()), open_upload)
        lesson, more = Lesson.from_query(query)
        st.session_state.settings = settings
        st.session_state.lesson = lesson
        st.session_state.url_notes = notes + more
        _remember(query)
        for key in KEPT:
            if key in (RUN, RACE) and belongs_to_another(key, st.query_params.get(key, "")):
                st.session_state.url_notes.append(withheld(key))
            elif key in st.query_params:
                st.session_state[BESIDE[key]] = st.query_params[key]
    if JOIN in st.query_params:
        st.session_state[BESIDE[JOIN]] = st.query_params[JOIN][:64]
    st.session_state.settings = with_given(get_settings())
    return st.session_state.url_notes


def open_upload(spec: str) -> str | None:
    """The exact name of this visitor's upload; None for somebody else's, however its name was come by."""
    found = open_own(spec, owner_hash(owner()))
    return found[0].spec(found[1]) if found else None


def _has_gone_back() -> bool:
    """Whether the page is drawn for the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _is_own(query: dict[str, str]) -> bool:
    """Whether this session put `query` into the URL: the present one, or one so recent that the browser sent it while the
    next was on its way."""
    written = st.session_state.get("url_written", {})
    is_recent = time.monotonic() - written.get("recent", {}).get(str(query), -STALE) < STALE
    return written.get("query") == query or (is_recent and not _has_gone_back())


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
    query = {**get_settings().to_query(), **get_lesson().to_query()}
    _remember(query)
    for key in KEPT:
        if st.session_state.get(BESIDE[key]):
            query = {**query, key: st.session_state[BESIDE[key]]}
    if code := in_address():
        query = {**query, PARAMETER: code}
    if code := _invitation():
        query = {**query, JOIN: code}
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def _invitation() -> str | None:
    """Code of the class that the visitor was invited to and has not joined; forgotten once they are in it."""
    code = st.session_state.get(BESIDE[JOIN])
    found = get_classes().find(code) if code else None
    if found is None:
        return None
    now = membership()
    if now is not None and now[0].id == found.id:
        st.session_state[BESIDE[JOIN]] = None
    return code if now is None and not get_classes().teaches(found.id, owner()) else None
