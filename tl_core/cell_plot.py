"""The runs of one cell as an SVG: a line for each recipe with a dot for each run, their mean and its 95 % interval."""

from html import escape
from math import ceil, floor

from tl_core.language import _
from tl_core.palette import BORDER, FONT, INK, wrap
from tl_core.recipe_marks import in_order, mark_of, recipe_name
from tl_core.verdicts import Result, Verdict

WIDTH, LEFT, RIGHT, ROW, TOP = 484, 140, 400, 36, 8
SIZE, SMALL, BOLD = 15, 12, 1.06  # font sizes; how much wider bold type is

_STYLE = f"""<style>
.tl-dots {{ font-family: {FONT}; font-variant-numeric: tabular-nums; font-size: {SIZE}px; }}
.tl-dots text {{ fill: {INK}; }}
.tl-dots .tl-soft {{ font-size: 14px; fill-opacity: 0.82; }}
.tl-dots .tl-grid {{ stroke: {BORDER}; stroke-width: 1; fill: none; }}
.tl-dots .tl-run {{ stroke: {INK}; stroke-width: 1.2; }}
.tl-dots .tl-mean {{ stroke: {INK}; stroke-width: 3; }}
.tl-dots .tl-best {{ font-weight: 700; }}
</style>"""


def dots_text() -> str:
    """What is drawn, in a sentence."""
    return _(
        "Dots: runs; line: their mean; band: its 95 % interval; where that is wider than the axis, an arrow points on."
    )


def cell_plot_svg(verdict: Verdict, title_id: str = "cell-plot") -> str:
    results = [verdict.of(name) for name in in_order({result.recipe for result in verdict.results})]
    low, high, step = _axis(results)

    def x(share: float) -> float:
        return LEFT + (RIGHT - LEFT) * (min(max(100 * share, low), high) - low) / (high - low)

    bottom = TOP + ROW * len(results)
    parts = []
    for tick in range(low, high + 1, step):
        at = x(tick / 100)
        parts.append(f'<path d="M{at:.1f} {TOP}V{bottom}" class="tl-grid"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle" class="tl-soft">{tick}</text>')
    place = f'x="{(LEFT + RIGHT) / 2}" y="{bottom + 38}" text-anchor="middle"'
    parts.append(f'<text {place} class="tl-soft">{escape(_("test accuracy, %"))}</text>')
    for number, result in enumerate(results):
        y = TOP + ROW * (number + 0.5)
        colour = mark_of(result.recipe).colour
        ends = [x(end) for end in result.interval]
        weight = "tl-best" if result.recipe in verdict.tied else ""
        size, lines = SIZE, wrap(recipe_name(result.recipe), SIZE * BOLD, LEFT - 14)
        if len(lines) > 2:  # a long name would meet its neighbours
            size, lines = SMALL, wrap(recipe_name(result.recipe), SMALL * BOLD, LEFT - 14)
        for index, line in enumerate(lines):
            at = y + 5 + (index - (len(lines) - 1) / 2) * (size + 1)
            place = f'x="{LEFT - 12}" y="{at:.1f}" text-anchor="end"'
            place += "" if size == SIZE else f' font-size="{size}"'
            parts.append(f'<text {place} class="{weight}">{escape(line)}</text>')
        parts.append(
            f'<path d="M{ends[0]:.1f} {y}H{ends[1]:.1f}" stroke="{colour}" stroke-width="7" stroke-opacity="0.55" '
            f'stroke-linecap="round"/>'
        )
        for end, edge, way in zip(result.interval, (low, high), (-1, 1), strict=True):
            if (100 * end - edge) * way > 0.05:  # it goes on where the axis ends
                arrow = f"M{x(edge / 100) + 9 * way:.1f} {y}l{-9 * way} -7v14z"
                parts.append(f'<path d="{arrow}" fill="{colour}" class="tl-on"/>')
        for accuracy in result.by_seed.values():
            parts.append(f'<circle cx="{x(accuracy):.1f}" cy="{y}" r="5" fill="{colour}" class="tl-run"/>')
        parts.append(f'<path d="M{x(result.mean):.1f} {y - 10}v20" class="tl-mean"/>')
        parts.append(
            f'<text x="{RIGHT + 14}" y="{y + 5}" class="{weight}">{_("{n:.1f} %", n=100 * result.mean)}</text>'
        )
    words = "; ".join(
        _("{name} {mean:.1f} % ({runs} runs)", name=recipe_name(r.recipe), mean=100 * r.mean, runs=len(r.by_seed))
        for r in results
    )
    name = escape(title_id)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tl-dots" viewBox="0 0 {WIDTH} {bottom + 46}" width="100%" role="img" '
        f'aria-labelledby="{name} {name}-desc" style="display:block;max-width:{WIDTH * 1.2:g}px"><title id="{name}">'
        f'{escape(_("Test accuracy of each recipe"))}</title><desc id="{name}-desc">{escape(_("Means: {words}.", words=words))}'
        f"</desc>{_STYLE}{''.join(parts)}</svg>"
    )


def _axis(results: list[Result]) -> tuple[int, int, int]:
    """Lowest and highest tick in per cent, and the step between: runs and means inside, intervals cut off where they are huge."""
    values = [100 * value for result in results for value in result.by_seed.values()]
    room = max(3.0, 0.25 * (max(values) - min(values)))
    low, high = max(0.0, min(values) - room), min(100.0, max(values) + room)
    step = next((step for step in (1, 2, 5, 10) if (high - low) / step <= 6), 20)
    return floor(low / step) * step, ceil(high / step) * step, step
