"""What stands on the map of the four cases beside the point: the measured value with its interval, and a guess."""

from math import inf

from tl_core.language import _, mark
from tl_core.palette import INK, MAP_TICK_SIZE, PAPER, text_width

GUESS, MEASURED = mark("your guess"), mark("measured")
_LABEL_GAP = 22  # units of the viewBox below which two labels on the same side would touch
_BAND = 15  # half its width

STYLE = f"""
.tl-map .tl-halo {{ stroke: {PAPER}; stroke-width: 6; stroke-linecap: round; stroke-opacity: 0.9; }}
.tl-map .tl-measured {{ fill: {PAPER}; stroke: {INK}; stroke-width: 2.4; }}
.tl-map .tl-interval {{ stroke: {INK}; stroke-width: 2.4; stroke-linecap: round; }}
.tl-map .tl-band {{ fill: {INK}; fill-opacity: 0.2; stroke: {INK}; stroke-opacity: 0.6; stroke-width: 1.2;
  stroke-dasharray: 5 4; }}
.tl-map .tl-guess {{ fill: none; stroke: {INK}; stroke-width: 2.6; stroke-linejoin: round; }}
.tl-map .tl-guess-halo {{ fill: none; stroke: {PAPER}; stroke-width: 7; stroke-linejoin: round; stroke-opacity: 0.9; }}
"""


def measured_mark(x: float, value: float | None, low: float, high: float, *, band: bool) -> str:
    """The interval at `x`, from `low` up to `high` (all y, downwards), as a whisker or, where it is wide, as a band.

    Without a `value` there is no ring on it: the measurement cannot tell.
    """
    if band:
        mark = f'<rect x="{x - _BAND:.1f}" y="{high:.1f}" width="{2 * _BAND}" height="{low - high:.1f}" rx="4" class="tl-band"/>'
    else:
        path = f"M{x:.1f} {low:.1f}V{high:.1f}"
        ends = "".join(f"M{x - 6:.1f} {end:.1f}h12" for end in (low, high))
        mark = f'<path d="{path}" class="tl-halo"/><path d="{path}{ends}" fill="none" class="tl-interval"/>'
    return mark + (f'<circle cx="{x:.1f}" cy="{value:.1f}" r="7" class="tl-measured"/>' if value is not None else "")


def guess_mark(x: float, y: float) -> str:
    """A hollow diamond, larger than the point, so that both can be seen where they meet."""
    diamond = f'd="M{x:.1f} {y - 13:.1f}L{x + 13:.1f} {y:.1f}L{x:.1f} {y + 13:.1f}L{x - 13:.1f} {y:.1f}Z"'
    return f'<path {diamond} class="tl-guess-halo"/><path {diamond} class="tl-guess"/>'


def labels(x: float, marks: dict[str, float], left: float, right: float, top: float, bottom: float) -> str:
    """The words beside the marks, {word: y}; a second one that would touch the first goes to the other side."""
    parts, last, last_side = [], -inf, 0
    marks = {_(word): y for word, y in marks.items()}
    for word, y in sorted(marks.items(), key=lambda mark: mark[1]):
        room = text_width(word, MAP_TICK_SIZE) + 20
        side = 1 if x + room < right else -1
        if y - last < _LABEL_GAP and side == last_side and left < x - side * room < right:
            side = -side
        last, last_side = y, side
        base = min(max(y + 6, top + 18), bottom - 8)
        anchor = "start" if side == 1 else "end"
        parts.append(
            f'<text x="{x + side * 19:.1f}" y="{base:.1f}" text-anchor="{anchor}" class="tl-label">{word}</text>'
        )
    return "".join(parts)
