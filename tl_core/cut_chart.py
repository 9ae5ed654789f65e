"""Where to cut: how good a new layer would be on each stage of a network, as one SVG and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from html import escape
from typing import Any, Literal

from tl_core import glyphs
from tl_core.language import _, joined, many, mark
from tl_core.palette import (
    BODY_SIZE,
    BORDER,
    DIAGRAM_WIDTH,
    FONT,
    INK,
    LINE,
    MARKS,
    PANEL,
    PAPER,
    PHONE_WIDTH,
    TITLE_SIZE,
    text_width,
    wrap,
)
from tl_core.palette import PHONE_BODY_SIZE as SMALL

TOP, PLOT = 46, 150  # units above the highest possible bar, and its height
ROW = 70  # height of a stage on a phone
_PHONE_LEFT, _PHONE_PLOT = 112, 190
_MAX_SLOT = 168  # as in the diagram, under which the bars stand
RECOMMENDED, CUT_NOW = mark("recommended"), mark("cut now")

_STYLE = f"""<style>
.tl-cuts {{ font-family: {FONT}; font-variant-numeric: tabular-nums; }}
.tl-cuts text {{ fill: {INK}; }}
.tl-cuts .tl-soft {{ fill-opacity: 0.78; }}
.tl-cuts .tl-bold {{ font-weight: 650; }}
.tl-cuts .tl-over {{ paint-order: stroke; stroke: {PAPER}; stroke-width: 4px; }}
.tl-cuts .tl-grid {{ stroke: {BORDER}; stroke-width: 1; }}
.tl-cuts .tl-best {{ fill: {PANEL}; stroke: {INK}; stroke-opacity: 0.55; stroke-width: 1.4; }}
.tl-cuts .tl-pretrained-bar {{ fill: {MARKS["frozen"].colour}; }}
.tl-cuts .tl-untrained-bar {{ stroke: {MARKS["random"].colour}; stroke-width: 1.6; }}
.tl-cuts .tl-error {{ fill: none; stroke: {INK}; stroke-width: 1.7; }}
.tl-cuts .tl-error-halo {{ fill: none; stroke: {PAPER}; stroke-width: 4.4; stroke-opacity: 0.75; }}
.tl-cuts .tl-cut {{ fill: none; stroke: {INK}; stroke-width: 1.8; stroke-dasharray: 7 5; }}
.tl-cuts .tl-target {{ fill: transparent; }}
.tl-cuts [data-pick] {{ cursor: pointer; }}
.tl-cuts [data-pick]:hover .tl-target {{ fill: {INK}; fill-opacity: 0.06; }}
.tl-cuts [data-pick]:focus-visible {{ outline: none; }}
.tl-cuts [data-pick]:focus-visible .tl-target {{ stroke: {INK}; stroke-width: 2.4; }}
</style>"""


@dataclass(frozen=True)
class CutBar:
    """What a new layer on this stage would get right, 0..1, with a 95 % interval; and on an untrained copy of the network."""

    stage: str
    title: str
    score: float
    low: float
    high: float
    untrained: float
    untrained_low: float
    untrained_high: float


def bars_of(measurement: Mapping[str, Any]) -> tuple[CutBar, ...]:
    """The bars of what `tl_core.similarity.measure` returns; none where it holds no curve."""
    names = [field.name for field in fields(CutBar)]
    return tuple(CutBar(*(row[name] for name in names)) for row in measurement.get("cut_curve") or ())


def percent(share: float) -> str:
    return _("{n:.0f} %", n=100 * share)


def say(bars: Sequence[CutBar], stage: str, recommended: str) -> str:
    """What the bar of `stage` says, compared with the highest one; a difference inside the error bars is said to be none."""
    chosen = next(bar for bar in bars if bar.stage == stage)
    best = max(bars, key=lambda bar: bar.score)
    text = _(
        "Cut after {layer}: about {score:.0f} % ({low:.0f} to {high:.0f} %)",
        layer=_(chosen.title), score=100 * chosen.score, low=100 * chosen.low, high=100 * chosen.high,
    )  # fmt: skip
    points = round(100 * best.score) - round(100 * chosen.score)
    highest = _(best.title)
    rivals = [_(bar.title) for bar in bars if bar is not best and bar.high >= best.low]
    if chosen.high < best.low:
        return text + many(
            ", {number} point below the best, {layer}.",
            ", {number} points below the best, {layer}.",
            points,
            layer=highest,
        )
    if chosen is best:
        place = _("the highest bar")
    else:
        place = many(
            "{number} point below the highest, {layer}",
            "{number} points below the highest, {layer}",
            points,
            layer=highest,
        )
        place = place if points else _("no different from the highest, {layer}", layer=highest)
    if rivals and len(rivals) == len(bars) - 1:
        text += _(
            ", {place}. The error bars of all stages overlap: these pictures alone do not decide where to cut.",
            place=place,
        )
    elif chosen is not best:
        text += _(", {place}: the difference is inside the error bars, so it may be none.", place=place)
    elif rivals:
        text += _(
            ", {place}, but not clearly above {layers}: the difference is inside the error bars.",
            place=place, layers=joined(rivals),
        )  # fmt: skip
    else:
        text += f", {place}."
    return f"{text} {_('This is the recommended cut.')}" if stage == recommended else text


def cut_chart_svg(
    stages: Sequence[tuple[str, str]],
    bars: Sequence[CutBar],
    *,
    recommended: str = "",
    present: str = "",
    waiting: str = "",
    orientation: Literal["horizontal", "vertical"] = "horizontal",
    title_id: str = "cuts",
) -> str:
    """Two bars a stage, pre-trained and untrained, below the diagram's own columns; its colours follow the page's theme.

    `stages`: (name, title) of every stage that can be cut after, in order. Without `bars` the empty chart has the same size
    and holds the words `waiting`. `recommended` and `present` are names of stages. Each stage is a button: the attribute
    `data-pick` names it. `title_id` must be unique on a page.
    """
    draw = _down if orientation == "vertical" else _across
    body, width, height = draw(stages, {bar.stage: bar for bar in bars}, recommended, present, waiting, title_id)
    name = escape(title_id)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tl-cuts" viewBox="0 0 {width} {height}" width="100%" role="group" '
        f'aria-labelledby="{name} {name}-desc" style="display:block;max-width:{width * 1.25:g}px">'
        f'<title id="{name}">{escape(_("Where to cut: the accuracy of a new layer put after each stage"))}</title>'
        f'<desc id="{name}-desc">{escape(describe_cuts(bars, recommended, present) if bars else waiting)}</desc>'
        f"{_STYLE}<defs>{_hatch(title_id)}</defs>{body}</svg>"
    )


def describe_cuts(bars: Sequence[CutBar], recommended: str, present: str) -> str:
    """The chart in plain sentences."""
    sentences = [
        _(
            "{layer}: pre-trained {score:.0f} % ({low:.0f} to {high:.0f} %), untrained {untrained:.0f} %.",
            layer=_(bar.title),
            score=100 * bar.score,
            low=100 * bar.low,
            high=100 * bar.high,
            untrained=100 * bar.untrained,
        )
        for bar in bars
    ]
    titles = {bar.stage: _(bar.title) for bar in bars}
    if recommended in titles:
        sentences.append(_("Recommended cut: after {layer}.", layer=titles[recommended]))
    if present in titles:
        sentences.append(_("The recipe cuts after {layer}.", layer=titles[present]))
    return " ".join(sentences)


def _hatch(title_id: str) -> str:
    return (
        f'<pattern id="{escape(title_id)}-hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="7" height="7" fill="{PAPER}"/>'
        f'<rect width="2.6" height="7" fill="{MARKS["random"].colour}"/></pattern>'
    )


def _text(x: float, y: float, words: str, size: float, style: str = "", anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" class="{style}">{escape(words)}</text>'


def _bar(title_id: str, trained: bool, x: float, y: float, width: float, height: float) -> str:
    paint = (
        'class="tl-pretrained-bar"' if trained else f'class="tl-untrained-bar" fill="url(#{escape(title_id)}-hatch)"'
    )
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{max(height, 0.5):.1f}" {paint}/>'


def _error(path: str) -> str:
    return f'<path d="{path}" class="tl-error-halo"/><path d="{path}" class="tl-error"/>'


def _button(bar: CutBar | None, name: str, recommended: str, present: str, inside: str) -> str:
    if bar is None:
        return f"<g>{inside}</g>"
    words = describe_cuts([bar], recommended, present)
    return (
        f'<g data-pick="{escape(name)}" role="button" tabindex="0" aria-pressed="{str(name == present).lower()}" '
        f'aria-label="{escape(_("Cut after {words}", words=words))}"><title>{escape(words)}</title>{inside}</g>'
    )


def _legend(title_id: str, x: float, y: float, size: float) -> str:
    words = (_("pre-trained"), _("untrained copy"))
    second = x + 24 + text_width(words[0], size) + 14
    return (
        _bar(title_id, True, x, y - 11, 16, 12)
        + _text(x + 22, y, words[0], size, "tl-soft", "start")
        + _bar(title_id, False, second, y - 11, 16, 12)
        + _text(second + 22, y, words[1], size, "tl-soft", "start")
    )


def _across(
    stages: Sequence[tuple[str, str]],
    bars: Mapping[str, CutBar],
    recommended: str,
    present: str,
    waiting: str,
    title_id: str,
) -> tuple[str, int, int]:
    slot = min(
        _MAX_SLOT, DIAGRAM_WIDTH / (len(stages) + 2)
    )  # the image before the stages, the new layer after the last
    left = (DIAGRAM_WIDTH - slot * (len(stages) + 2)) / 2
    start, base = left + slot, TOP + PLOT
    titles = {name: wrap(title, TITLE_SIZE, slot - 10) for name, title in stages}
    words_y = base + 22 + LINE * (max(map(len, titles.values())) - 1)
    tall = words_y + LINE + 9 - (TOP - 24)
    height = round(words_y + LINE + 38)
    end = start + slot * len(stages)
    width = min(26.0, slot / 4)

    def y(share: float) -> float:
        return TOP + PLOT * (1 - share)

    parts, cut = [], ""
    for share in (0.0, 0.5, 1.0):
        parts.append(f'<path d="M{start - 6:.1f} {y(share):.1f}H{end:.1f}" class="tl-grid"/>')
        parts.append(_text(start - 12, y(share) + 5, percent(share), BODY_SIZE, "tl-soft", "end"))
    for index, (name, _title) in enumerate(stages):
        cx, bar, inside = start + slot * (index + 0.5), bars.get(name), ""
        target = f'x="{cx - slot / 2 + 3:.1f}" y="{TOP - 24}" width="{slot - 6:.1f}" height="{tall:.1f}" rx="6"'
        if bar is not None:
            inside += f'<rect {target} class="tl-best"/>' if name == recommended else ""
            inside += _bar(title_id, True, cx - width - 2, y(bar.score), width, PLOT * bar.score)
            inside += _bar(title_id, False, cx + 2, y(bar.untrained), width, PLOT * bar.untrained)
            for x, low, high in (
                (cx - width / 2 - 2, bar.low, bar.high),
                (cx + width / 2 + 2, bar.untrained_low, bar.untrained_high),
            ):
                inside += _error(f"M{x - 5:.1f} {y(high):.1f}h10m-5 0V{y(low):.1f}m-5 0h10")
            inside += _text(
                cx - width / 2 - 2, y(max(bar.high, bar.score)) - 8, percent(bar.score), BODY_SIZE, "tl-bold"
            )
            inside += _text(cx, words_y + LINE, _(RECOMMENDED), BODY_SIZE, "tl-bold") if name == recommended else ""
        for line, words in enumerate(titles[name]):
            inside += _text(cx, base + 22 + LINE * line, words, TITLE_SIZE, "tl-bold" if name == present else "")
        inside += f'<rect {target} class="tl-target"/>'
        parts.append(_button(bar, name, recommended, present, inside))
        if name == present:
            x = cx + slot / 2
            cut = f'<path d="M{x:.1f} 18V{words_y + LINE + 6:.1f}" class="tl-cut"/>' + _text(
                x + 17, 16, _(CUT_NOW), BODY_SIZE, "", "start"
            )
            cut += glyphs.icon("scissors", x, 12, 21, INK, 90)
    parts.append(cut)  # on top of everything
    if not bars:
        parts.append(_text((start + end) / 2, y(0.5) - 10, waiting, TITLE_SIZE, "tl-soft"))
    parts.append(_legend(title_id, start, height - 6, BODY_SIZE))
    return "".join(parts), DIAGRAM_WIDTH, height


def _down(
    stages: Sequence[tuple[str, str]],
    bars: Mapping[str, CutBar],
    recommended: str,
    present: str,
    waiting: str,
    title_id: str,
) -> tuple[str, int, int]:
    end = 8 + ROW * len(stages)
    parts, cut = [], ""

    def x(share: float) -> float:
        return _PHONE_LEFT + _PHONE_PLOT * share

    for share in (0.0, 0.5, 1.0):
        parts.append(f'<path d="M{x(share):.1f} 8V{end}" class="tl-grid"/>')
        parts.append(_text(x(share), end + 18, percent(share), SMALL, "tl-soft"))
    for index, (name, title) in enumerate(stages):
        top, bar, inside = 8 + ROW * index, bars.get(name), ""
        target = f'x="2" y="{top + 6}" width="{PHONE_WIDTH - 4}" height="{ROW - 12}" rx="6"'
        if bar is not None:
            inside += f'<rect {target} class="tl-best"/>' if name == recommended else ""
            inside += _bar(title_id, True, x(0), top + 13, _PHONE_PLOT * bar.score, 19)
            inside += _bar(title_id, False, x(0), top + 37, _PHONE_PLOT * bar.untrained, 19)
            for y, low, high in ((top + 22.5, bar.low, bar.high), (top + 46.5, bar.untrained_low, bar.untrained_high)):
                inside += _error(f"M{x(low):.1f} {y - 5}v10m0 -5H{x(high):.1f}m0 -5v10")
            inside += _text(x(max(bar.high, bar.score)) + 6, top + 27.5, percent(bar.score), SMALL, "tl-bold", "start")
            inside += _text(8, top + 55, _(RECOMMENDED), SMALL, "tl-bold", "start") if name == recommended else ""
        for line, words in enumerate(wrap(title, SMALL, _PHONE_LEFT - 14)[:2]):
            inside += _text(8, top + 24 + 15 * line, words, SMALL, "tl-bold" if name == present else "", "start")
        inside += f'<rect {target} class="tl-target"/>'
        parts.append(_button(bar, name, recommended, present, inside))
        if name == present:
            y = top + ROW
            cut = f'<path d="M26 {y}H{PHONE_WIDTH - 64}" class="tl-cut"/>{glyphs.icon("scissors", 14, y, 20, INK)}'
            cut += _text(PHONE_WIDTH - 4, y + 4.5, _(CUT_NOW), SMALL, "tl-over", "end")
    parts.append(cut)
    if not bars:
        for line, words in enumerate(wrap(waiting, SMALL, PHONE_WIDTH - _PHONE_LEFT - 10)):
            parts.append(
                _text(_PHONE_LEFT + 6, 8 + ROW * len(stages) / 2 + 17 * line, words, SMALL, "tl-soft", "start")
            )
    parts.append(_legend(title_id, 8, end + 42, SMALL))
    return "".join(parts), PHONE_WIDTH, end + 50
