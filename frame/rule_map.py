"""The map of who won as the page shows it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from frame.browser import browser_part
from tl_core.cases import Thresholds
from tl_core.rule_cells import Cell
from tl_core.rule_map import TALL, WIDE, rule_map_svg

_JS = Path(__file__).parent / "js"
_HTML = '<div class="tl-drawing tl-has-tall"><div class="tl-wide"></div><div class="tl-tall"></div></div>'
_component = browser_part(
    "tl_rule_map", html=_HTML, css=(_JS / "drawing.css").read_text(), js=(_JS / "rule_map.js").read_text()
)


def show_rule_map(
    cells: Sequence[Cell],
    thresholds: Thresholds,
    chosen: str | None,
    *,
    key: str,
    target: str,
    on_pick: Callable[[], None],
) -> None:
    """A click on a mark calls `on_pick`, and `picked_cell(key)` is then that cell's key.

    `target`: a CSS selector; what it finds is scrolled to after a click, if it is out of sight.
    """
    wide, tall = (
        rule_map_svg(cells, thresholds, layout=layout, chosen=chosen, title_id=f"rule-map-{name}")
        for layout, name in ((WIDE, "wide"), (TALL, "tall"))
    )
    _component(data={"wide": wide, "tall": tall, "target": target}, key=key, on_pick_change=on_pick)


def picked_cell(key: str) -> str | None:
    """The key of the cell that was clicked last."""
    return (st.session_state.get(key) or {}).get("pick")
