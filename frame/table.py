"""A table whose rows can be sorted, and ticked.

Streamlit's own (`st.dataframe`) is painted on a canvas, which a screen reader cannot read, and loads pandas and pyarrow into the
server when the first one is drawn: half a second in which every visitor waits, and 77 MB.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from frame.browser import browser_part
from frame.components import only_draw
from tl_core.language import _

_JS = Path(__file__).parent / "js"
_table = browser_part(
    "tl_table", html='<div class="tl-table"></div>\n',
    css=(_JS / "table.css").read_text(), js=(_JS / "table.js").read_text(),
)  # fmt: skip


@dataclass(frozen=True)
class Number:
    """A number as it is written; it stands on the right, and is sorted by its value. None where there is none."""

    value: float | None
    text: str = "–"


@dataclass(frozen=True)
class Row:
    """`cells`: by the heading of their column. `ticked` and `tick`, what ticking it is for, where rows can be ticked."""

    id: str
    cells: Mapping[str, str | Number]
    ticked: bool = False
    tick: str = ""


def show_table(
    rows: Sequence[Row], *, label: str, key: str, on_ticked: Callable[[list[str]], None] | None = None
) -> None:
    """Show rows of equal columns, at least one; the first cell names its row. `label`: what the table is of, for those who do not
    see it.

    `on_ticked` is called with the ids of all rows that are ticked, as the browser says, when one more or one less is, before the
    page is drawn again. What the browser says may be anything.
    """

    def ticked() -> None:
        ids = st.session_state[key]["ticked"]
        on_ticked([str(one) for one in ids] if isinstance(ids, list) else [])

    data: dict[str, Any] = {
        "label": label,
        "ticks": on_ticked is not None,
        "tick_heading": _("Ticked"),
        "sort": _("Sort by {column}", column="{column}"),
        "columns": list(rows[0].cells),
        "rows": [_as_json(row) for row in rows],
    }
    _table(data=data, key=key, on_ticked_change=ticked if on_ticked else only_draw)


def _as_json(row: Row) -> dict[str, Any]:
    cells = [[cell.text, cell.value] if isinstance(cell, Number) else [cell] for cell in row.cells.values()]
    return {"id": row.id, "cells": cells, "ticked": row.ticked, "tick": row.tick}
