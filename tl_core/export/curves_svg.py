"""The curves of one run as SVG, for a page that is printed."""

from collections.abc import Sequence
from html import escape
from math import floor, log10
from typing import Any, Literal

from tl_core.language import _, mark
from tl_core.palette import CURVES, FONT_PLOTLY

WIDTH, HEIGHT = 460, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 76, 14, 44
_INK, _GRID = "#1f2933", "#dfe3e8"
_LINE = CURVES[0]


def curves_svg(epochs: Sequence[dict[str, Any]], metric: Literal["accuracy", "loss"], best_epoch: int) -> str:
    """Training solid, held-out dashed, a ring around the best epoch. `epochs`: a run's epoch events, at least one."""
    scale = 100 if metric == "accuracy" else 1
    unit = _("accuracy, %") if metric == "accuracy" else _("loss (cross-entropy)")
    lines = {which: [scale * e[f"{key}_{metric}"] for e in epochs] for which, key in _KINDS.items()}
    numbers = [e["epoch"] for e in epochs]
    top = 100.0 if metric == "accuracy" else 1.08 * max(max(values) for values in lines.values()) or 1.0
    first, last = numbers[0], max(numbers[-1], numbers[0] + 1)

    def x(epoch: float) -> float:
        return _LEFT + (epoch - first) / (last - first) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM)

    parts = [_axes(top, first, last, x, y, unit)]
    for which, values in lines.items():
        points = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in zip(numbers, values, strict=True))
        dash = "" if which == "training" else ' stroke-dasharray="6 4"'
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="2"{dash}/>')
    if best_epoch in numbers:
        ring = y(lines["held-out"][numbers.index(best_epoch)])
        parts.append(
            f'<circle cx="{x(best_epoch):.1f}" cy="{ring:.1f}" r="5" fill="none" stroke="{_LINE}" stroke-width="2"/>'
        )
    parts.append(_ends({which: y(values[-1]) for which, values in lines.items()}, x(numbers[-1])))
    values = {key: lines[which][-1] for which, key in _KINDS.items()}
    name = _(_NAMES[metric], epoch=numbers[-1], best=best_epoch, **values)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" '
        f'aria-label="{escape(name)}" font-family="{escape(FONT_PLOTLY)}" font-size="12" fill="{_INK}">{"".join(parts)}</svg>'
    )


_KINDS = {mark("training"): "train", mark("held-out"): "val"}
_NAMES = {
    "accuracy": mark(
        "Chart of the accuracy by epoch. After epoch {epoch}: training {train:.1f} %, held-out {val:.1f} %. Best epoch: {best}."
    ),
    "loss": mark(
        "Chart of the loss by epoch. After epoch {epoch}: training {train:.3f}, held-out {val:.3f}. Best epoch: {best}."
    ),
}


def _axes(top: float, first: int, last: int, x: Any, y: Any, unit: str) -> str:
    parts = []
    power = 10.0 ** floor(log10(top / 4))
    gap = next(size * power for size in (1, 2, 5, 10) if top / (size * power) <= 5)
    for number in range(int(top / gap * (1 + 1e-9)) + 1):
        value = number * gap
        parts.append(f'<path d="M{_LEFT} {y(value):.1f}H{WIDTH - _RIGHT}" stroke="{_GRID}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.6g}</text>')
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200) if (last - first) <= 8 * size)
    for epoch in sorted({first, *range(step, last + 1, step)}):
        if epoch == first or epoch - first >= step / 2:
            parts.append(f'<text x="{x(epoch):.1f}" y="{HEIGHT - _BOTTOM + 17}" text-anchor="middle">{epoch}</text>')
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{_("epoch")}</text>')
    half = (_TOP + HEIGHT - _BOTTOM) / 2
    parts.append(f'<text transform="translate(12 {half:.0f}) rotate(-90)" text-anchor="middle">{unit}</text>')
    return "".join(parts)


def _ends(ends: dict[str, float], x: float) -> str:
    """The lines' names beside their ends, moved apart where they would overlap."""
    parts, last = [], float("-inf")
    for which, y in sorted(ends.items(), key=lambda end: end[1]):
        last = max(y, last + 14)
        parts.append(f'<text x="{x + 8:.1f}" y="{last + 4:.1f}" fill="{_LINE}">{_(which)}</text>')
    return "".join(parts)
