"""The shelf is looked at every few seconds, so that a folder or archive put there appears without a click."""

import os

import streamlit as st

from frame.services import get_catalogue
from tl_core import paths
from tl_core.data.catalogue import archive_stem

EVERY = 5.0  # seconds


def watch_shelf() -> None:
    """Draw the page again when the list of names has changed; draws nothing itself. Call it before the catalogue is read."""
    st.session_state.shelf_names = shelf_names()
    catalogued = {entry.path.name for entry in get_catalogue().values() if entry.path is not None}
    if catalogued != st.session_state.shelf_names:
        get_catalogue.clear()
    _look()


@st.fragment(run_every=EVERY)
def _look() -> None:
    if shelf_names() != st.session_state.shelf_names:
        st.rerun()


def shelf_names() -> frozenset[str]:
    """Names of the folders and archives on the shelf; empty if there is none."""
    try:
        with os.scandir(paths.data_dir()) as children:
            return frozenset(child.name for child in children if _is_set(child))
    except OSError:
        return frozenset()


def _is_set(child: os.DirEntry) -> bool:
    return not child.name.startswith((".", "_")) and (child.is_dir() or archive_stem(child.name) is not None)
