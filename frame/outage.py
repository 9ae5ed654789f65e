"""When the database does not answer: a sentence in the place of what cannot be shown, until it can be."""

import functools
from collections.abc import Callable
from typing import Any

import streamlit as st
from sqlalchemy.exc import DBAPIError

from frame.services import get_store, owner
from frame.text import plain
from tl_core.database import reason
from tl_core.language import _

TRY_EVERY = 2.0  # seconds


def patient(draw: Callable[..., Any]) -> Callable[..., Any]:
    """For a fragment that is drawn again and again: it says so, and goes on when the database answers."""

    @functools.wraps(draw)
    def drawn(*args: Any, **values: Any) -> Any:
        try:
            return draw(*args, **values)
        except DBAPIError as error:
            _say(error)

    return drawn


def show_outage(error: DBAPIError) -> None:
    """In the place of a page; draws the page again as soon as the database answers."""
    _say(error)

    @st.fragment(run_every=TRY_EVERY)
    def wait() -> None:
        try:
            get_store().list_runs(owner())
        except DBAPIError:
            return
        st.rerun()

    wait()


def outage_text(error: DBAPIError) -> str:
    return _(
        "The server's database does not answer at this moment: {cause}. Nothing is lost; this page tries again by itself.",
        cause=reason(error),
    )


def _say(error: DBAPIError) -> None:
    st.error(plain(outage_text(error)))
