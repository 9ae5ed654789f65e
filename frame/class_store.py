"""Classes, their runs and guesses, one of each for the whole server; and the class of the visitor who asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import streamlit as st

from frame.services import get_store, owner
from tl_core.class_guesses import ClassGuesses
from tl_core.class_rules import Rules
from tl_core.class_runs import ClassRuns
from tl_core.classes import Classes, Member, SchoolClass

_LOOK = "class_look"


@dataclass
class _Look:
    found: list[tuple[SchoolClass, Member] | None] = field(default_factory=list)
    over: bool = False


@st.cache_resource
def get_classes() -> Classes:
    return Classes(get_store())


@st.cache_resource
def get_runs() -> ClassRuns:
    return ClassRuns(get_classes(), get_store())


@st.cache_resource
def get_guesses() -> ClassGuesses:
    return ClassGuesses(get_classes())


def membership() -> tuple[SchoolClass, Member] | None:
    """The class that this visitor is in now, as a student."""
    look = st.session_state.get(_LOOK)
    if look is None or look.over:
        return get_classes().membership(owner())
    if not look.found:
        look.found.append(get_classes().membership(owner()))
    return look.found[0]


@contextmanager
def one_look() -> Iterator[None]:
    """While a page is drawn, which changes no membership, the database is asked for it once."""
    st.session_state[_LOOK] = look = _Look()
    try:
        yield
    finally:
        look.over = True  # the session itself cannot be touched by a script that has been stopped


def rules() -> Rules | None:
    """What binds this visitor: nothing outside a class, and nothing in a class that is his own."""
    now = membership()
    if now is None or get_classes().teaches(now[0].id, owner()):
        return None
    return now[0].rules
