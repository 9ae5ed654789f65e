"""The store and the engine, one of each for the whole server, and questions to the engine whose answers are kept.

The engine is found through `get_engine` everywhere, so that a test can put another one in its place.
"""

import atexit
import os
import re
import threading
import time
import uuid
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import streamlit as st

from tl_core.data import Entry, catalogue
from tl_core.engine import LocalEngine, make_engine
from tl_core.races import Races
from tl_core.store import Store

MOST_ANSWERS = 512
MOST_RUNS_KEPT = 200
VISITOR_COOKIE = "tl_visitor"
CATALOGUE_KEPT = 5.0  # seconds
RETRY_AFTER = 10.0  # seconds until a failed question is asked again
WARM_AFTER = 4.0  # seconds, in which the first page is drawn before a core is busy importing torch for the workers


@st.cache_resource
def get_store() -> Store:
    return Store()


@st.cache_resource
def get_engine() -> LocalEngine:
    engine = make_engine(get_store(), device=os.environ.get("TL_DEVICE", "auto"), warm_after=WARM_AFTER)
    atexit.register(engine.close)
    return engine


@st.cache_resource
def get_races() -> Races:
    return Races(get_store())


class Answers:
    """Asks the engine in the background and keeps the answers; equal questions are asked once."""

    def __init__(self, engine: LocalEngine):
        self.engine = engine
        self._kept: OrderedDict[tuple, tuple[float, Future]] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="ask")

    def ask(self, name: str, stamp: float = 0.0, **args: Any) -> Future:
        """The answer to come; a new `stamp` asks again (when files have changed, say)."""
        key = (name, stamp, *sorted(args.items()))
        with self._lock:
            when, future = self._kept.get(key, (0.0, None))
            failed = future is not None and future.done() and future.exception() is not None
            if future is None or (failed and time.monotonic() - when > RETRY_AFTER):
                future = self._pool.submit(self.engine.ask, name, **args)
                self._kept[key] = (time.monotonic(), future)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_ANSWERS:
                self._kept.popitem(last=False)
        return future

    def forget(self, spec: str) -> None:
        """Drop every answer about a data set, and about its versions, for which the name goes on with a full stop."""
        with self._lock:
            for key in list(self._kept):
                named = [value for pair in key[2:] if isinstance(pair, tuple) for value in pair[1:]]
                if any(isinstance(name, str) and name.split(".")[0] == spec for name in named):
                    del self._kept[key]


class RunEvents:
    """Events of the runs that are looked at, read from the store only once for all who watch."""

    def __init__(self, store: Store):
        self.store = store
        self._kept: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run_id: str) -> list[dict[str, Any]]:
        with self._lock:
            events = self._kept.setdefault(run_id, [])
            events += self.store.events(run_id, since=events[-1]["seq"] + 1 if events else 0)
            self._kept.move_to_end(run_id)
            while len(self._kept) > MOST_RUNS_KEPT:
                self._kept.popitem(last=False)
            return list(events)


@st.cache_resource
def get_events() -> RunEvents:
    return RunEvents(get_store())


@st.cache_resource
def get_answers() -> Answers:
    return Answers(get_engine())


def get_catalogue() -> dict[str, Entry]:
    """One for all who look, which nobody changes; read anew every few seconds.

    A `ttl` would do that, but Streamlit 1.67 fails where a resource grows too old between its two looks at the clock.
    """
    return _catalogue_at(int(time.monotonic() / CATALOGUE_KEPT))


def forget_catalogue() -> None:
    _catalogue_at.clear()


@st.cache_resource(max_entries=1)
def _catalogue_at(moment: int) -> dict[str, Entry]:
    return catalogue()


def owner() -> str:
    """Who is asking: a random number in a cookie, so that a refreshed page finds its runs again.

    `components.remember_visitor` sets the cookie.
    """
    if "owner" not in st.session_state:
        cookie = st.context.cookies.get(VISITOR_COOKIE, "")
        st.session_state.owner = cookie if re.fullmatch("[0-9a-f]{32}", cookie) else uuid.uuid4().hex
    return st.session_state.owner
