"""The map of who won as one SVG: rows of data sets from similar to different, number of images along a logarithmic axis.

Most data sets have nearly the same similarity (none), so its axis is not to scale: the rows are in its order, and each says its
value. Marks that would collide are moved apart along their row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from math import log10

from tl_core.cases import CASES, Thresholds
from tl_core.language import _
from tl_core.palette import BORDER, FONT, INK, PAPER
from tl_core.recipe_marks import in_order, mark_of
from tl_core.rule_cells import Cell
from tl_core.rule_marks import MARK_HEIGHT, MARK_TEXT, badge_svg, mark_svg, mark_width, patterns
from tl_core.rule_words import cell_title, verdict_sentence

MARK_GAP = 3
_TICKS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)


@dataclass(frozen=True)
class Layout:
    """Places in units of the viewBox. `strip`: left end and width of the small similarity axis, None where there is no room."""

    width: int
    left: int
    right: int
    row: int
    band: int
    text: int
    strip: tuple[int, int] | None
    labels_above: bool


WIDE = Layout(width=760, left=318, right=752, row=31, band=30, text=14, strip=(244, 58), labels_above=False)
TALL = Layout(width=360, left=6, right=354, row=50, band=30, text=13, strip=None, labels_above=True)


@dataclass
class _Row:
    name: str
    similarity: tuple[float, float, float] | None
    cells: list[Cell] = field(default_factory=list)


def _style(layout: Layout) -> str:
    return f"""<style>
.tl-rule {{ font-family: {FONT}; font-variant-numeric: tabular-nums; font-size: {layout.text}px; }}
.tl-rule text {{ fill: {INK}; }}
.tl-rule .tl-soft {{ fill-opacity: 0.82; }}
.tl-rule .tl-head {{ font-weight: 650; }}
.tl-rule .tl-code {{ font-size: {MARK_TEXT}px; font-weight: 700; }}
.tl-rule .tl-line {{ stroke: {INK}; stroke-opacity: 0.62; stroke-width: 1.6; stroke-dasharray: 6 4; fill: none; }}
.tl-rule .tl-grid {{ stroke: {BORDER}; stroke-width: 1; stroke-opacity: 0.7; fill: none; }}
.tl-rule .tl-tie {{ fill: {PAPER}; stroke: {INK}; stroke-opacity: 0.75; stroke-width: 1.3; stroke-dasharray: 3 2.5; }}
.tl-rule .tl-chosen {{ fill: none; stroke: {INK}; stroke-width: 2.6; }}
.tl-rule .tl-badge {{ fill: {PAPER}; stroke: {INK}; stroke-width: 1.5; }}
.tl-rule .tl-ink {{ stroke: {INK}; stroke-width: 1.8; fill: none; stroke-linecap: round; }}
.tl-rule .tl-dot {{ fill: {INK}; }}
.tl-rule [data-cell] {{ cursor: pointer; }}
</style>"""


def rule_map_svg(
    cells: Sequence[Cell],
    thresholds: Thresholds,
    *,
    layout: Layout = WIDE,
    chosen: str | None = None,
    title_id: str = "rule-map",
) -> str:
    """The map; every mark is in a group with its cell's key in `data-cell`. `chosen` is the key of the cell that is shown."""
    groups = _groups(cells, thresholds)
    low, high = _range(cells, thresholds)
    scale = _Scale(layout, low, high)
    split = min(max(scale.x(thresholds.num_images), layout.left), layout.right)
    parts: list[str] = []
    y = 24.0
    top = y
    for number, (heading, similar, rows) in enumerate(groups):
        height = layout.band + layout.row * len(rows)
        parts.append(_region(layout, y, height, split, similar, scale))
        if number:
            parts.append(f'<path d="M0 {y:.1f}H{layout.width}" class="tl-line"/>')
        parts.append(f'<text x="4" y="{y + 20:.1f}" class="tl-head">{escape(heading)}</text>')
        parts.append(_rule_says(layout, y, split, similar))
        y += layout.band
        for row in rows:
            parts.append(_row(row, y, layout, scale, thresholds, chosen, title_id))
            y += layout.row
    grid = "".join(f"M{scale.x(tick):.1f} {top}V{y:.1f}" for tick in scale.ticks())
    axis = _axis(layout, scale, thresholds, split, top, y)
    height = y + 46
    words = describe_rule_map(cells)
    name, title = escape(title_id), escape(_("Who won where"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tl-rule" viewBox="0 0 {layout.width} {height:.0f}" width="100%" '
        f'role="img" aria-labelledby="{name} {name}-desc" style="display:block"><title id="{name}">{title}</title>'
        f'<desc id="{name}-desc">{escape(words)}</desc>{_style(layout)}{patterns(title_id)}'
        f'<path d="{grid}" class="tl-grid"/>{"".join(parts)}{axis}</svg>'
    )


def describe_rule_map(cells: Sequence[Cell]) -> str:
    """The map in sentences: how often each recipe wins clearly, and how often the difference is within the noise."""
    counts: dict[str | None, int] = {}
    for cell in cells:
        counts[cell.verdict.winner] = counts.get(cell.verdict.winner, 0) + 1
    wins = [_("{name} in {n}", name=name, n=counts[name]) for name in in_order({name for name in counts if name})]
    return _(
        "{n} combinations of data set, distance dial and number of images. Clearly the best: {wins}. Within noise: {tied}. The "
        "table below has every one.",
        n=len(cells), wins=", ".join(wins) or _("no recipe anywhere"), tied=counts.get(None, 0),
    )  # fmt: skip


class _Scale:
    """The logarithmic axis."""

    def __init__(self, layout: Layout, low: float, high: float):
        self.left, self.right = layout.left + 22, layout.right - 10
        self.low, self.high = log10(low), log10(high)

    def x(self, num_images: float) -> float:
        return self.left + (self.right - self.left) * (log10(num_images) - self.low) / (self.high - self.low)

    def ticks(self) -> list[int]:
        """Round numbers of images with room between them."""
        inside = [tick for tick in _TICKS if self.low <= log10(tick) <= self.high]
        room = (self.right - self.left) / max(len(inside), 1)
        return inside if room >= 44 else [tick for tick in inside if str(tick)[0] == "1"]


def _range(cells: Sequence[Cell], thresholds: Thresholds) -> tuple[float, float]:
    sizes = [cell.num_images for cell in cells]
    return min(*sizes, thresholds.num_images) / 1.15, max(*sizes, 1.8 * thresholds.num_images) * 1.15


def _groups(cells: Sequence[Cell], thresholds: Thresholds) -> list[tuple[str, bool | None, list[_Row]]]:
    """Rows, most similar first, parted at the line between similar and different."""
    rows = []
    for (_data, name, _network), own in groupby(sorted(cells, key=_row_key), key=_row_key):
        members = list(own)
        rows.append(_Row(name, members[0].similarity, sorted(members, key=lambda cell: cell.num_images)))
    line = thresholds.similarity
    measured = sorted((row for row in rows if row.similarity), key=lambda row: (-row.similarity[0], row.name))
    found = [
        (_("Similar ({line:g} and more)", line=line), True, [row for row in measured if row.similarity[0] >= line]),
        (_("Different (below {line:g})", line=line), False, [row for row in measured if row.similarity[0] < line]),
        (_("Similarity not measured"), None, [row for row in rows if row.similarity is None]),
    ]  # fmt: skip
    return [group for group in found if group[2]]


def _row_key(cell: Cell) -> tuple[str, str, str]:
    return cell.data, cell.short_name, cell.network


def _cases(similar: bool) -> dict[str, int]:
    return {case.size: case.number for case in CASES if (case.similarity == "similar") is similar}


def _region(layout: Layout, y: float, height: float, split: float, similar: bool | None, scale: _Scale) -> str:
    if similar is None:
        return ""
    numbers = _cases(similar)
    parts = []
    for left, right, number in ((layout.left, split, numbers["small"]), (split, layout.right, numbers["large"])):
        parts.append(
            f'<rect x="{left:.1f}" y="{y:.1f}" width="{max(right - left, 0):.1f}" height="{height:.1f}" '
            f'fill="{mark_of(f"case-{number}").colour}" fill-opacity="{0.14 if number in (1, 3, 4) else 0.07}"/>'
        )
    return "".join(parts)


def _rule_says(layout: Layout, y: float, split: float, similar: bool | None) -> str:
    """The textbook's case, written into each region."""
    if similar is None:
        return ""
    numbers = _cases(similar)
    first, second = (_("rule: {number}", number=numbers[size]) for size in ("small", "large"))
    large = f'<text x="{layout.right - 6}" y="{y + 20:.1f}" text-anchor="end" class="tl-soft">{second}</text>'
    if layout.labels_above:
        small = f'<text x="{split - 8:.1f}" y="{y + 20:.1f}" text-anchor="end" class="tl-soft">{first}</text>'
    else:
        first = _("the rule says: case {number}", number=numbers["small"])
        small = f'<text x="{layout.left + 10}" y="{y + 20:.1f}" class="tl-soft">{first}</text>'
    return small + large


def _row(
    row: _Row, y: float, layout: Layout, scale: _Scale, thresholds: Thresholds, chosen: str | None, title_id: str
) -> str:
    middle = y + layout.row / 2 + (8 if layout.labels_above else 0)
    label_y = y + 14 if layout.labels_above else middle + 5
    name, left = row.name, 4
    if layout.labels_above:
        name, left = (
            (_("{name} ({n:.2f})", name=name, n=row.similarity[0]) if row.similarity else name),
            layout.left + 2,
        )
    parts = [f'<text x="{left}" y="{label_y:.1f}">{escape(name)}</text>']
    if row.similarity is not None and layout.strip:
        parts.append(_strip(row.similarity, middle, layout.strip, thresholds))
    for x, cell in _spread(row.cells, layout, scale):
        parts.append(_cell(cell, x, middle, thresholds, cell.key == chosen, title_id))
    return "".join(parts)


def _strip(similarity: tuple[float, float, float], y: float, strip: tuple[int, int], thresholds: Thresholds) -> str:
    left, width = strip
    value, low, high = (left + width * min(max(v, 0.0), 1.0) for v in similarity)
    line = left + width * thresholds.similarity
    return (
        f'<path d="M{left} {y:.1f}h{width}" class="tl-grid"/><path d="M{line:.1f} {y - 12:.1f}v24" class="tl-line"/>'
        f'<path d="M{low:.1f} {y:.1f}H{high:.1f}" class="tl-ink"/><circle cx="{value:.1f}" cy="{y:.1f}" r="4" class="tl-dot"/>'
        f"<title>{escape(_strip_words(similarity))}</title>"
    )


def _strip_words(similarity: tuple[float, float, float]) -> str:
    value, low, high = similarity
    return _("similarity {value:.2f}, {low:.2f} to {high:.2f}", value=value, low=low, high=high)


def _spread(cells: Sequence[Cell], layout: Layout, scale: _Scale) -> list[tuple[float, Cell]]:
    """Where the marks of a row stand: at their number of images, or beside it where another one is in the way."""
    places: list[float] = []
    widths = [mark_width(cell.verdict) for cell in cells]
    for index, cell in enumerate(cells):
        x = max(scale.x(cell.num_images), layout.left + widths[index] / 2 + 2)
        if places:
            x = max(x, places[-1] + (widths[index - 1] + widths[index]) / 2 + MARK_GAP)
        places.append(x)
    limit = float(layout.right)
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], limit - widths[index] / 2)
        limit = places[index] - widths[index] / 2 - MARK_GAP
    return list(zip(places, cells, strict=True))


def _cell(cell: Cell, x: float, y: float, thresholds: Thresholds, chosen: bool, title_id: str) -> str:
    case = cell.textbook(thresholds)
    width = mark_width(cell.verdict)
    parts = [mark_svg(title_id, x, y, cell.verdict)]
    if case is not None and cell.verdict.outcome(case.name) == "beaten":
        parts.append(badge_svg(x + width / 2 - 2, y - MARK_HEIGHT / 2 + 1))
    if chosen:
        parts.append(
            f'<rect x="{x - width / 2 - 3:.1f}" y="{y - MARK_HEIGHT / 2 - 3:.1f}" width="{width + 6:.1f}" '
            f'height="{MARK_HEIGHT + 6}" rx="7" class="tl-chosen"/>'
        )
    words = escape(f"{cell_title(cell)}. {verdict_sentence(cell.verdict)}")
    return f'<g data-cell="{cell.key}"><title>{words}</title>{"".join(parts)}</g>'


def _axis(layout: Layout, scale: _Scale, thresholds: Thresholds, split: float, top: float, bottom: float) -> str:
    parts = [f'<path d="M{split:.1f} {top}V{bottom:.1f}" class="tl-line"/>']
    for tick in scale.ticks():
        place = f'x="{scale.x(tick):.1f}" y="{bottom + 18:.1f}" text-anchor="middle"'
        parts.append(f'<text {place} class="tl-soft">{_("{n:,}", n=tick)}</text>')
    middle = (layout.left + layout.right) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{bottom + 38:.1f}" text-anchor="middle">{escape(_("number of images"))}</text>'
    )
    small, large = _("small, up to {n:,}", n=thresholds.num_images), _("large")
    parts.append(f'<text x="{split - 8:.1f}" y="16" text-anchor="end" class="tl-soft">{small}</text>')
    parts.append(f'<text x="{split + 8:.1f}" y="16" class="tl-soft">{large}</text>')
    if layout.strip:
        left, width = layout.strip
        parts.append(
            f'<text x="{left + width / 2}" y="{bottom + 38:.1f}" text-anchor="middle">{escape(_("similarity"))}</text>'
        )
        parts.append(f'<text x="{left}" y="{bottom + 18:.1f}" text-anchor="middle" class="tl-soft">0</text>')
        parts.append(f'<text x="{left + width}" y="{bottom + 18:.1f}" text-anchor="middle" class="tl-soft">1</text>')
    return "".join(parts)
