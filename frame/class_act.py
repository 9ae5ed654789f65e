"""What the people of a class do with a widget, said in a sentence where it was not possible."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from frame.text import plain
from tl_core.errors import UserError
from tl_core.language import retold


def attempt(action: Callable[..., Any], *args: Any, here: bool = False) -> Any:
    """The result of `action(*args)`; None, and the reason on the screen, if it raises a `UserError`.

    `here`: the reason stands where the script is, and stays; else it comes up in a corner, as it must within a callback.
    """
    try:
        return action(*args)
    except UserError as error:
        words = plain(retold(str(error)))
        if here:
            st.error(words)
        else:
            st.toast(words, duration="long")
        return None
