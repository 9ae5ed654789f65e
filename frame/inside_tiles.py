"""Small pictures of which one is chosen, with the mouse or the arrow keys; and a row of pictures with a mark in each."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from frame.browser import browser_part

_JS = Path(__file__).parent / "js"
_tiles = browser_part(
    "tl_choice",
    html='<div class="tl-box"><div class="tl-choice" role="radiogroup"></div></div>',
    css=(_JS / "choice_tiles.css").read_text(),
    js=(_JS / "choice_tiles.js").read_text(),
)


def tile(number: int, name: str, *, png: str = "", bar: float | None = None, word: str = "") -> dict[str, Any]:
    """One tile: a picture (PNG, base64) or a `bar` of 0..1; `name` is read out, `word` stands below."""
    return {"number": number, "name": name, "png": png, "bar": bar, "word": word}


def choice_tiles(
    tiles: list[dict[str, Any]],
    chosen: int | None,
    *,
    label: str,
    key: str,
    on_choose: Callable[[int], None],
    columns: int = 8,
    few: int = 4,
) -> None:
    """Tiles, `columns` in a row, or `few` where there is little width, one of them chosen; `label` names the group.

    A click, or an arrow key, calls `on_choose(number)`.
    """
    numbers = {one["number"] for one in tiles}

    def picked() -> None:
        number = (st.session_state.get(key) or {}).get("pick")
        if isinstance(number, int | float) and int(number) in numbers:
            on_choose(int(number))

    data = {"tiles": tiles, "chosen": chosen, "label": label, "columns": columns, "few": few}
    _tiles(data=data, key=key, on_pick_change=picked)


def marked_pictures(pictures: list[dict[str, Any]], count: int, label: str, width: int = 58) -> str:
    """HTML of a row of `count` pictures, `{png, alt, word, box, spot}` each, blank where there are fewer; `width`: px, at least.

    `box` (left, top, width, height) is framed; where there is none, `spot` (x, y) gets a ring. All are shares of 0..1.
    """
    figures = [_figure(picture) for picture in pictures] + [_BLANK] * (count - len(pictures))
    opening = f'<div class="tl-marked" style="--width: {width}px" role="group" aria-label="{escape(label)}">'
    return f"{_STYLE}{opening}{''.join(figures)}</div>"


def _figure(picture: dict[str, Any]) -> str:
    mark = ""
    if picture["box"]:
        left, top, width, height = (f"{100 * share:.1f}%" for share in picture["box"])
        mark = f'<i style="left:{left};top:{top};width:{width};height:{height}"></i>'
    elif picture["spot"]:
        left, top = (f"{100 * share:.1f}%" for share in picture["spot"])
        mark = f'<i class="spot" style="left:{left};top:{top}"></i>'
    return (
        f'<figure><div><img alt="{escape(picture["alt"])}" src="data:image/png;base64,{picture["png"]}">{mark}</div>'
        f"<figcaption>{escape(picture['word'])}</figcaption></figure>"
    )


_BLANK = "<figure><div></div><figcaption>&nbsp;</figcaption></figure>"
_STYLE = """<style>
.tl-marked { display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--width), 1fr)); gap: 8px; }
.tl-marked figure { margin: 0; min-width: 0; }
.tl-marked div { position: relative; aspect-ratio: 1; overflow: hidden; border-radius: 3px;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.tl-marked img { display: block; width: 100%; height: 100%; object-fit: cover; image-rendering: pixelated; }
.tl-marked i { position: absolute; box-sizing: border-box; border: 2px solid #fff; box-shadow: 0 0 0 1px #000; }
.tl-marked i.spot { width: 12px; height: 12px; margin: -6px 0 0 -6px; border-radius: 6px; }
.tl-marked figcaption { font-size: 0.78rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
</style>"""
