"""Buttons that act on the page as it is when they are pressed, and do once what they do.

A callback would act on what the page was when its button was last drawn: who types a number and presses at once would not be
asked for the number. A plain button forgets a press where the page is drawn again before it is reached; and wherever
`st.session_state` is read or written, a drawing may end, since the visitor has done something else. So a press is kept until
all that it leads to is done, and with it what has been done already.
"""

from dataclasses import dataclass
from typing import Any

import streamlit as st

_KEY = "presses"


@dataclass
class Press:
    """`result`: what it has led to that must not be done twice, put in at once by whoever does it; None until then.

    `asked`: whether `take_press` has been called for it since the last drawing that came to its end.
    """

    result: Any = None
    asked: bool = False


def press_button(label: str, *, key: str, **options: Any) -> None:
    """A button whose press `take_press` gives."""
    st.button(label, key=key, on_click=lambda: _presses().setdefault(key, Press()), **options)


def take_press(key: str, *, ready: bool = True, waiting: bool = False, busy: bool = False) -> Press | None:
    """The press of a button that is to be acted on now, until `forget_press`.

    What is not `ready` keeps a press as long as it is `waiting` for something; what is `busy` with an earlier one forgets it.
    """
    press = _presses().get(key)
    if press is None:
        return None
    press.asked = True
    if press.result is not None:
        return press
    if busy or not (ready or waiting):
        forget_press(key)
        return None
    return press if ready else None


def forget_press(key: str) -> None:
    _presses().pop(key, None)


def forget_unasked() -> None:
    """At the end of a drawing: nothing comes of presses that nothing on the page has asked for, as on another page."""
    kept = {key: press for key, press in _presses().items() if press.asked or press.result is not None}
    for press in kept.values():
        press.asked = False
    st.session_state[_KEY] = kept


def _presses() -> dict[str, Press]:
    return st.session_state.setdefault(_KEY, {})
