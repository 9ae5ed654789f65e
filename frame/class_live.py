"""What everybody in a class watches, read from the store once for all of them."""

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from frame.class_store import get_classes, get_guesses, get_runs
from frame.services import owner
from tl_core.class_errors import NotYourClass
from tl_core.class_guesses import ClassGuesses, Tally
from tl_core.class_rules import Rules
from tl_core.class_runs import BoardRow, ClassRuns
from tl_core.classes import Classes
from tl_core.language import _

FRESH = 2.0  # seconds for which a class is not read again
MOST_CLASSES = 100
MOST_DRAWN = 200
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Live:
    """A class at this moment. `rows` are its finished runs, hidden ones included; `going_on` counts those that are not over."""

    rules: Rules
    num_members: int
    rows: list[BoardRow]
    going_on: int
    tallies: list[Tally]
    version: int = field(default=0, compare=False)  # another one whenever anything else differs


class LiveClasses:
    """Needs no visitor: who is asking is the caller's to check."""

    def __init__(self, classes: Classes, runs: ClassRuns, guesses: ClassGuesses):
        self.classes = classes
        self.runs = runs
        self.guesses = guesses
        self._kept: OrderedDict[str, tuple[float, Live]] = OrderedDict()
        self._drawn: OrderedDict[tuple[Hashable, ...], Any] = OrderedDict()
        self._versions = itertools.count(1)
        self._lock = threading.Lock()

    def of(self, class_id: str) -> Live:
        with self._lock:
            when, live = self._kept.get(class_id, (0.0, None))
            if live is None or time.monotonic() - when > FRESH:
                found, num_members = self.classes.get(class_id)
                rows, going_on = self.runs.board(class_id)
                now = Live(found.rules, num_members, rows, going_on, self.guesses.tallies(class_id))
                live = live if now == live else replace(now, version=next(self._versions))
                self._kept[class_id] = (time.monotonic(), live)
                self._kept.move_to_end(class_id)
                while len(self._kept) > MOST_CLASSES:
                    self._kept.popitem(last=False)
            return live

    def drawn(self, key: tuple[Hashable, ...], make: Callable[[], _Made]) -> _Made:
        """`make()`, made once for all who look at the same. `key` holds the version of the class, the language, and so on."""
        with self._lock:
            if key not in self._drawn:
                self._drawn[key] = make()
                while len(self._drawn) > MOST_DRAWN:
                    self._drawn.popitem(last=False)
            return self._drawn[key]

    def forget(self, class_id: str) -> None:
        """The teacher has changed something that is to be seen at once."""
        with self._lock:
            self._kept.pop(class_id, None)


@st.cache_resource
def get_live() -> LiveClasses:
    return LiveClasses(get_classes(), get_runs(), get_guesses())


def live_class(class_id: str) -> Live:
    """For those who may see it, asked again each time; raises `NotYourClass` for all others."""
    if not get_classes().may_see(class_id, owner()):
        raise NotYourClass(_("You are not in this class, or it was deleted. Ask your teacher for the join link."))
    return get_live().of(class_id)
