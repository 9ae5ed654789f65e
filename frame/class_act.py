"""What the people of a class do with a widget, said in a sentence where it was not possible."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from frame.text import plain
from tl_core.errors import UserError
from tl_core.language import retold


def attempt(action: Callable[..., Any], *args: Any) -> Any:
    """The result of `action(*args)`; None, and the reason on the screen, if it raises a `UserError`."""
    try:
        return action(*args)
    except UserError as error:
        st.toast(plain(retold(str(error))), duration="long")
        return None
