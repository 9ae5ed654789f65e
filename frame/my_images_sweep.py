"""Uploads that nobody used for a day are deleted."""

import threading
import time

import streamlit as st

from frame.services import get_answers
from tl_core.data.owned import sweep

EVERY = 3600.0  # seconds


@st.cache_resource
def keep_swept() -> None:
    """Sweep now, when the server's first visitor comes, and every hour for as long as it runs."""

    answers = get_answers()

    def work() -> None:
        while True:
            for name in sweep(time.time()):
                answers.forget(name)
            time.sleep(EVERY)

    threading.Thread(target=work, name="sweep", daemon=True).start()
