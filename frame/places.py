"""A place of its own for what comes and goes.

Streamlit knows a fragment by the number of elements before it. When one of them comes or goes, the next fragment has moved, and
a click that the browser sends before it has seen that is dropped without a word. So a part of the page that may be drawn or not,
or as more or fewer elements, stands in one container, which is there in any case and takes no room while it is empty.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st

P = ParamSpec("P")
T = TypeVar("T")


def in_place(draw: Callable[P, T]) -> Callable[P, T]:
    """Draws in a container of its own, so that what follows stays where it is."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **values: P.kwargs) -> T:
        with st.container():
            return draw(*args, **values)

    return drawn
