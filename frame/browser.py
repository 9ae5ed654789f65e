"""What a part of a page that is drawn in the browser is made with."""

from collections.abc import Callable
from typing import Any

import streamlit as st


def browser_part(name: str, **made_of: Any) -> Callable[..., Any]:
    """A component (`st.components.v2.component`) whose JavaScript gets its data as `[data]`.

    Streamlit looks for data frames among the values of a dict. As soon as one of them is a list or a dict it loads pandas and
    pyarrow into the server for that: half a second in which every visitor waits, and 77 MB. A tuple is sent as it is.
    """
    component = st.components.v2.component(name, **made_of)

    def show(*, data: dict[str, Any], **options: Any) -> Any:
        return component(data=(data,), **options)

    return show
