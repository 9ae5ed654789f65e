"""The weights of a run that has just ended: they are written after its result is told."""

import time

import streamlit as st

from frame import wake
from tl_core.language import _
from tl_core.paths import run_weights
from tl_core.store import Run

LONGEST = 30.0  # seconds from a run's end in which its weights may still come
_SOON = 0.3  # seconds


def is_being_saved(run: Run) -> bool:
    """Whether there are no weights, and they may still come."""
    return time.time() - (run.ended or 0) < LONGEST and not run_weights(run.id).is_file()


def wait_for_weights(run: Run) -> None:
    """Say so; the page is drawn again when they are there or too late."""
    st.markdown(_("The network is being saved."))
    wake.when(lambda: not is_being_saved(run), _SOON)
