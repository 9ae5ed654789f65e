"""Questions of the page 'Look inside': shared where all may see the answer, a visitor's own where the picture is."""

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import streamlit as st

from frame.services import RETRY_AFTER, get_answers, get_engine
from tl_core.engine import LocalEngine
from tl_core.engine.questions import Question
from tl_core.language import retold

PATIENCE = 0.4  # seconds the page waits for an answer before it is drawn without
MOST_PRIVATE = 40
MOST_SEARCHES = 200


def ask(name: str, *, private: bool = False, stamp: float = 0.0, **args: Any) -> Future:
    """The answer to come; equal questions are asked once, and again with a new `stamp`.

    A `private` one is kept in the visitor's session alone.
    """
    if not private:
        return get_answers().ask(name, stamp, **args)
    kept: OrderedDict[tuple, Future] = st.session_state.setdefault("inside_private", OrderedDict())
    key = (name, *sorted(args.items()))
    failed = key in kept and kept[key].done() and kept[key].exception() is not None
    if key not in kept or failed:
        kept[key] = _pool().submit(get_engine().ask, name, **args)
    kept.move_to_end(key)
    while len(kept) > MOST_PRIVATE:
        kept.popitem(last=False)
    return kept[key]


def forget_private() -> None:
    st.session_state.pop("inside_private", None)


def take(future: Future, patience: float = PATIENCE) -> tuple[Any, str | None]:
    """Answer and error; both None while it is awaited."""
    try:
        return future.result(patience), None
    except NotYet:
        return None, None
    except Exception as error:
        return None, retold(str(error))


class Searches:
    """Searches through data sets, each made once for all who want it; what they find is kept by the worker."""

    def __init__(self, engine: LocalEngine):
        self.engine = engine
        self._kept: OrderedDict[tuple, tuple[float, Question]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, again: bool = False, **args: Any) -> tuple[Question, float]:
        """The search, begun unless it was before, and when; `again`: what it found is not there any more."""
        key = tuple(sorted(args.items()))
        with self._lock:
            when, question = self._kept.get(key, (0.0, None))
            over = question is not None and question.future.done()
            failed = over and question.future.exception() is not None
            if question is None or (over and (failed or again) and time.monotonic() - when > RETRY_AFTER):
                when, question = time.monotonic(), self.engine.begin("look_search", **args)
                self._kept[key] = (when, question)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_SEARCHES:
                self._kept.popitem(last=False)
        return question, when


@st.cache_resource
def get_searches() -> Searches:
    return Searches(get_engine())


@st.cache_resource
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="look")
