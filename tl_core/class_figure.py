"""The board of a class as a chart: accuracy on the test images against the number of images to learn from, a mark a recipe."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Any

from tl_core.language import _
from tl_core.palette import FONT_PLOTLY, PLOT_GRID, PLOT_INK
from tl_core.recipe_marks import in_order, mark_of

# readable without colour, and beside each other
SYMBOLS = {
    "case-1": "circle", "case-2": "square", "case-3": "triangle-up", "case-4": "diamond", "lp-ft": "cross",
    "all-stages": "star", "one-block": "x", "custom": "hexagon",
}  # fmt: skip
LETTERS = {
    "circle": "\u25cf", "square": "\u25a0", "triangle-up": "\u25b2", "diamond": "\u25c6", "cross": "\u271a",
    "star": "\u2605", "x": "\u2716", "hexagon": "\u2b22",
}  # fmt: skip
_TICKS = [value * 10**power for power in range(1, 7) for value in (1, 2, 5)][:-2]
_LANE, _JITTER = (
    0.02,
    0.002,
)  # of a power of ten: recipes stand side by side, and a recipe's marks not quite on each other
_MANY = 120  # marks from which on they are drawn smaller


@dataclass(frozen=True)
class Point:
    """One run on the board. Accuracies are 0..1; `recipe` is a key, `title` its name; `lines` are what the pointer shows."""

    number: int
    num_images: int
    accuracy: float
    low: float
    high: float
    recipe: str
    title: str
    lines: tuple[str, ...]


def board_figure(points: Sequence[Point], *, dark: bool = False, big: bool = False) -> dict[str, Any]:
    """A Plotly figure as a dict. `big`: for the wall, so that the last row can read it."""
    size = 22 if big else 14
    recipes = in_order({point.recipe for point in points})
    lanes = {recipe: _LANE * (index - (len(recipes) - 1) / 2) for index, recipe in enumerate(recipes)}
    mark_size = (17 if big else 11) - (3 if len(points) > _MANY else 0)
    return {
        "data": [_trace(points, recipe, lanes[recipe], mark_size, dark) for recipe in recipes],
        "layout": {
            "template": None,
            "height": 720 if big else 460,
            "margin": {"l": 96 if big else 62, "r": 20, "t": 12, "b": 84 if big else 56},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT_PLOTLY, "size": size, "color": PLOT_INK[dark]},
            "hoverlabel": {"font": {"family": FONT_PLOTLY, "size": 20 if big else 13}, "align": "left"},
            "hovermode": "closest",
            "uirevision": "keep",
            "showlegend": False,  # see `legend_html`, which wraps on a phone
            "xaxis": _axis(_("images to learn from"), dark, size, **_images_axis(points)),
            "yaxis": _axis(_("right test images, %"), dark, size, **_accuracy_axis(points)),
        },
    }


def legend_html(points: Sequence[Point]) -> str:
    """The recipes that are on the board, each with its mark and how many runs there are."""
    titles = {point.recipe: point.title for point in points}
    counts = Counter(point.recipe for point in points)
    entries = "".join(
        f'<span style="white-space:nowrap"><b aria-hidden="true" style="color:{mark_of(recipe).colour}">'
        f"{LETTERS[SYMBOLS.get(recipe, 'hexagon')]}</b> {escape(titles[recipe])} ({counts[recipe]})</span>"
        for recipe in in_order(set(titles))
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:0.2rem 1.2rem">{entries}</div>'


def _trace(points: Sequence[Point], recipe: str, lane: float, size: int, dark: bool) -> dict[str, Any]:
    mine = [point for point in points if point.recipe == recipe]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": escape(mine[0].title, quote=False),
        "x": [point.num_images * 10 ** (lane + _JITTER * (point.number % 7 - 3)) for point in mine],
        "y": [100 * point.accuracy for point in mine],
        # Plotly takes some tags for markup: what people typed is escaped
        "text": ["<br>".join(escape(line, quote=False) for line in point.lines) for point in mine],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "symbol": SYMBOLS.get(recipe, "hexagon"),
            "size": size,
            "color": mark_of(recipe).colour,
            "opacity": 0.85,
            "line": {"width": 1, "color": PLOT_INK[dark]},
        },
    }


def _images_axis(points: Sequence[Point]) -> dict[str, Any]:
    """A logarithmic axis with round numbers."""
    sizes = [point.num_images for point in points] or [10, 1_000]
    low, high = log10(min(sizes)) - 0.12, log10(max(sizes)) + 0.12
    if high - low < 1:
        low, high = low - (1 - high + low) / 2, high + (1 - high + low) / 2
    own = sorted(set(sizes))
    apart = all(log10(b / a) > 0.12 for a, b in zip(own, own[1:], strict=False))
    ticks = own if apart and points else [tick for tick in _TICKS if low <= log10(tick) <= high]
    return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": [_("{n:,}", n=tick) for tick in ticks]}


def _accuracy_axis(points: Sequence[Point]) -> dict[str, Any]:
    """Never the whole way from 0 to 100 where all points lie close together, always wide enough to compare."""
    values = [100 * point.accuracy for point in points] or [0.0, 100.0]
    low, high = max(0.0, min(values) - 6), min(101.5, max(values) + 6)
    return {"range": [min(low, max(0.0, high - 25)), max(high, min(101.5, low + 25))]}


def _axis(title: str, dark: bool, size: int, **more: Any) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 10, "font": {"size": size}},
        "tickfont": {"size": size},
        "gridcolor": PLOT_GRID[dark],
        "linecolor": PLOT_GRID[dark],
        "zeroline": False,
        "showline": True,
        "ticks": "outside",
        "tickcolor": PLOT_GRID[dark],
        **more,
    }
