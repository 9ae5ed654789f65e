"""A Plotly figure whose cells can be clicked."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from frame.browser import browser_part
from frame.components import with_plotly

_component = browser_part(
    "tl_pick_plot",
    html='<div class="tl-pick-plot"></div>',
    js=with_plotly("pick_plot.js"),
    isolate_styles=False,
)


def pick_plot(figure: dict[str, Any], *, alt: str, key: str, on_pick: Callable[[], None]) -> None:
    """Show a Plotly figure given as a dict; a click on a point or a cell calls `on_pick`, see `picked_point`."""
    _component(data={"figure": figure, "alt": alt}, key=key, on_pick_change=on_pick)


def picked_point(key: str) -> tuple[float, float] | None:
    """Where the figure was clicked, in units of its axes (x, y)."""
    pick = (st.session_state.get(key) or {}).get("pick")
    try:
        return (float(pick["x"]), float(pick["y"])) if pick else None
    except (KeyError, TypeError, ValueError):  # not from our page
        return None
