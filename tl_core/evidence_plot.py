"""Small charts of published and own numbers as SVG: lines along a few named places, and bars that start at zero."""

from html import escape
from math import ceil, floor

from tl_core.evidence import Chart, Series
from tl_core.language import _
from tl_core.palette import BORDER, FONT, INK, PAPER, text_width, wrap

WIDTH = 430
TEXT = 15
# Told apart by shade, dash and dot as well: Okabe-Ito
_LOOKS = (
    ("#009E73", "", "circle"),
    ("#777c85", "2 4", "square"),
    ("#0072B2", "9 4", "circle"),
    ("#D55E00", "5 3 1 3", "square"),
)
_TWO = (_LOOKS[2], _LOOKS[3])
_BARS = (("#0072B2", ""), ("#E69F00", "stripes"), ("#009E73", "dots"))

_STYLE = f"""<style>
.tl-evidence {{ font-family: {FONT}; font-variant-numeric: tabular-nums; font-size: {TEXT}px; }}
.tl-evidence text {{ fill: {INK}; }}
.tl-evidence .tl-soft {{ font-size: 14px; fill-opacity: 0.82; }}
.tl-evidence .tl-grid {{ stroke: {BORDER}; stroke-width: 1; fill: none; }}
.tl-evidence .tl-zero {{ stroke: {INK}; stroke-width: 1.4; fill: none; }}
.tl-evidence .tl-span {{ stroke: {INK}; stroke-width: 1.8; fill: none; }}
.tl-evidence .tl-halo {{ paint-order: stroke; stroke: {PAPER}; stroke-width: 4px; stroke-linejoin: round; }}
</style>"""


def chart_svg(chart: Chart, title: str, title_id: str) -> str:
    body, height = (_lines if chart.kind == "lines" else _bars)(chart, title_id)
    name = escape(title_id)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tl-evidence" viewBox="0 0 {WIDTH} {height:.0f}" width="100%" '
        f'role="img" aria-labelledby="{name} {name}-desc" style="display:block;max-width:{WIDTH * 1.4:g}px"><title id="{name}">'
        f'{escape(title)}</title><desc id="{name}-desc">{escape(describe_chart(chart))}</desc>'
        f"{_STYLE}{_patterns(name)}{body}</svg>"
    )


def describe_chart(chart: Chart) -> str:
    """All values in words."""
    parts = [_(chart.what)]
    for series in chart.series:
        values = [
            f"{_(name)} {_number(value)}"
            for name, value in zip(chart.x, series.values, strict=True)
            if value is not None
        ]
        parts.append(f"{_(series.name)}: {', '.join(values)}.")
    return " ".join(parts)


def _number(value: float) -> str:
    """With a real minus sign, and a plus where it is a gain."""
    rounded = round(value, 1)
    return "0" if rounded == 0 else _("{n:+.1f}", n=rounded).replace("-", "\u2212")


def _values(chart: Chart) -> list[float]:
    found = [value for series in chart.series for value in series.values if value is not None]
    return found + [end for series in chart.series for pair in series.intervals if pair for end in pair]


def _scale(chart: Chart, most: int) -> tuple[int, int, int]:
    low, high = min(0.0, *_values(chart)), max(0.0, *_values(chart))
    step = next((step for step in (1, 2, 5, 10, 20) if (high - low) / step <= most), 50)
    return floor(low / step) * step, ceil(high / step) * step or step, step


def _lines(chart: Chart, name: str) -> tuple[str, float]:
    left, right, top, bottom = 42, 290, 14, 234
    low, high, step = _scale(chart, 6)

    def x(index: int) -> float:
        return left + 12 + (right - left - 24) * index / max(len(chart.x) - 1, 1)

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - low) / (high - low)

    parts = []
    for tick in range(low, high + 1, step):
        kind = "tl-zero" if tick == 0 else "tl-grid"
        parts.append(f'<path d="M{left} {y(tick):.1f}H{right}" class="{kind}"/>')
        label = str(tick).replace("-", "\u2212")
        parts.append(f'<text x="{left - 8}" y="{y(tick) + 5:.1f}" text-anchor="end" class="tl-soft">{label}</text>')
    room = (right - left - 24) / max(len(chart.x) - 1, 1)
    depth = 1
    for index, words in enumerate(chart.x):
        lines = wrap(_(words), 14, room - 4)
        depth = max(depth, len(lines))
        for row, line in enumerate(lines):
            place = f'x="{x(index):.1f}" y="{bottom + 20 + 16 * row}" text-anchor="middle"'
            parts.append(f'<text {place} class="tl-soft">{escape(line)}</text>')
    foot = bottom + 24 + 16 * depth
    parts.append(
        f'<text x="{(left + right) / 2}" y="{foot + 4}" text-anchor="middle" class="tl-soft">{escape(_(chart.x_title))}</text>'
    )
    looks = _LOOKS if len(chart.series) > 2 else _TWO
    ends = []
    for series, (colour, dash, dot) in zip(chart.series, looks, strict=False):
        points = [(x(index), y(value)) for index, value in enumerate(series.values) if value is not None]
        for index, pair in enumerate(series.intervals):
            if pair:
                parts.append(
                    f'<path d="M{x(index):.1f} {y(pair[0]):.1f}V{y(pair[1]):.1f}" stroke="{colour}" stroke-width="6" '
                    f'stroke-opacity="0.3" stroke-linecap="round"/>'
                )
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.4" stroke-dasharray="{dash}"/>')
        for a, b in points:
            shape = (
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{colour}"/>'
                if dot == "circle"
                else f'<rect x="{a - 3.5:.1f}" y="{b - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'
            )
            parts.append(shape)
        ends.append((points[-1][1], _(series.name), colour))
    parts += _end_labels(ends, right + 2, WIDTH - right - 8, bottom)
    return "".join(parts), foot + 14


def _end_labels(ends: list[tuple[float, str, str]], left: float, width: float, bottom: float) -> list[str]:
    """The names of lines beside their ends, moved apart where they would overlap."""
    parts: list[str] = []
    free = -1e9
    for y, words, colour in sorted(ends):
        lines = wrap(words, 14, width - 6)
        y = max(min(y, bottom + 2 - 8 * len(lines)), free + 8)
        for row, line in enumerate(lines):
            at = y + 5 + 16 * (row - (len(lines) - 1) / 2)
            parts.append(f'<text x="{left}" y="{at:.1f}" class="tl-soft">{escape(line)}</text>')
        parts.append(f'<path d="M{left - 8} {y:.1f}h5" stroke="{colour}" stroke-width="3"/>')
        free = y + 16 * len(lines) / 2 + 8
    return parts


def _bars(chart: Chart, name: str) -> tuple[str, float]:
    label = min(max(text_width(_(words), TEXT) for words in chart.x) + 12, 176)
    left, right = label, WIDTH - 56
    low, high, step = _scale(chart, 5)
    single = len(chart.series) == 1

    def x(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    thick = 18
    parts, y = [], 6.0
    if not single:
        at = 0.0
        for series, (colour, pattern) in zip(chart.series, _BARS, strict=False):
            if at and at + text_width(_(series.name), 14) + 26 > WIDTH:
                at, y = 0.0, y + 22
            parts.append(_bar(name, at, y, 16, 14, colour, pattern))
            parts.append(f'<text x="{at + 22}" y="{y + 12}" class="tl-soft">{escape(_(series.name))}</text>')
            at += text_width(_(series.name), 14) + 44
        y += 32
    top = y
    for index, words in enumerate(chart.x):
        present = [series for series in chart.series if series.values[index] is not None]
        block = (thick + 4) * len(present)
        lines = wrap(_(words), TEXT, label - 10)
        for row, line in enumerate(lines):
            at = y + block / 2 + 3 + 16 * (row - (len(lines) - 1) / 2)
            parts.append(f'<text x="{left - 10}" y="{at:.1f}" text-anchor="end">{escape(line)}</text>')
        for series in present:
            colour, pattern = _BARS[chart.series.index(series) % len(_BARS)]
            value = series.values[index]
            parts.append(_value_bar(name, series, index, y, thick, x, colour, pattern))
            ends = [value, *(series.intervals[index] or () if series.intervals else ())]
            parts.append(
                f'<text x="{x(max(*ends, 0)) + 7:.1f}" y="{y + thick - 4:.1f}" class="tl-halo">{_number(value)}</text>'
            )
            y += thick + 4
        y += 6 if single else 12
    grid = "".join(f"M{x(tick):.1f} {top}V{y:.1f}" for tick in range(low, high + 1, step) if tick)
    ticks = "".join(
        f'<text x="{x(tick):.1f}" y="{y + 16:.1f}" text-anchor="middle" class="tl-soft">'
        f"{str(tick).replace('-', chr(0x2212))}</text>"
        for tick in range(low, high + 1, step)
    )
    zero = f'<path d="M{x(0):.1f} {top - 2}V{y:.1f}" class="tl-zero"/>'
    place = f'x="{(left + right) / 2:.1f}" y="{y + 34:.1f}" text-anchor="middle"'
    unit = f'<text {place} class="tl-soft">{escape(_(chart.unit))}</text>'
    return f'<path d="{grid}" class="tl-grid"/>{"".join(parts)}{zero}{ticks}{unit}', y + 42


def _value_bar(name: str, series: Series, index: int, y: float, thick: int, x, colour: str, pattern: str) -> str:
    value = series.values[index]
    start, end = sorted((x(0), x(value)))
    bar = _bar(name, start, y, max(end - start, 1), thick, colour, pattern)
    pair = series.intervals[index] if series.intervals else None
    if pair is None:
        return bar
    a, b, middle = x(pair[0]), x(pair[1]), y + thick / 2
    return f'{bar}<path d="M{a:.1f} {middle}H{b:.1f}M{a:.1f} {middle - 5}v10M{b:.1f} {middle - 5}v10" class="tl-span"/>'


def _bar(name: str, x: float, y: float, width: float, height: float, colour: str, pattern: str) -> str:
    box = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" rx="2"'
    over = f'<rect {box} fill="url(#{escape(name)}-{pattern})"/>' if pattern else ""
    return f'<rect {box} fill="{colour}"/>{over}'


def _patterns(name: str) -> str:
    return (
        f'<defs><pattern id="{name}-stripes" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="2" height="6" fill="#fff" fill-opacity="0.55"/></pattern>'
        f'<pattern id="{name}-dots" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1.1" '
        'fill="#fff" fill-opacity="0.65"/></pattern></defs>'
    )
