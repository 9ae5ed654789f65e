"""Downloads of data sets, one of each for the whole server: visitors who ask for the same set share it."""

import threading
import time
from collections import deque

import streamlit as st

from frame.services import get_engine
from tl_core.engine import LocalEngine
from tl_core.engine.questions import Question

WINDOW = 10.0  # seconds over which the speed is averaged


class Downloads:
    """Starts downloads in the interactive worker and remembers them until they have succeeded."""

    def __init__(self, engine: LocalEngine):
        self._engine = engine
        self._lock = threading.Lock()
        self._questions: dict[str, Question] = {}
        self._samples: dict[str, deque[tuple[float, str, int]]] = {}

    def start(self, name: str) -> None:
        """Begin, or go on after a failure; a download that is going on is shared."""
        with self._lock:
            question = self._questions.get(name)
            if question is None or question.future.done():
                self._questions[name] = self._engine.begin("fetch_dataset", name=name)
                self._samples[name] = deque()

    def state(self, name: str) -> Question | None:
        """The download that is going on, failed or was cancelled; None if there was none, or once it has succeeded."""
        with self._lock:
            question = self._questions.get(name)
            if question is not None and question.future.done() and question.future.exception() is None:
                del self._questions[name]
                return None
            return question

    def cancel(self, name: str) -> None:
        question = self.state(name)
        if question is not None:
            question.cancel()

    def speed(self, name: str) -> float | None:
        """Units of progress (bytes) a second over the last seconds; None while that cannot be said."""
        with self._lock:
            question, samples = self._questions.get(name), self._samples.get(name)
            if question is None or question.progress is None:
                return None
            now = time.monotonic()
            doing, done, _ = question.progress
            if samples and (samples[-1][1] != doing or samples[-1][2] > done):
                samples.clear()  # the next file, or the next step
            if not samples or now - samples[-1][0] >= 0.5:
                samples.append((now, doing, done))
            while len(samples) > 2 and now - samples[1][0] > WINDOW:
                samples.popleft()
            seconds = samples[-1][0] - samples[0][0]
            return (samples[-1][2] - samples[0][2]) / seconds if seconds >= 1 else None


@st.cache_resource
def get_downloads() -> Downloads:
    return Downloads(get_engine())
