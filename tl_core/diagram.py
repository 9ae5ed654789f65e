"""The layer diagram: what a recipe does to each layer of a network, as one SVG, and the same in words.

Every layer of the original network keeps its place whatever the recipe, so that moving from case to case shows
what changes: sliced layers drop below as ghosts, and the new layer takes the place of the first of them.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from math import isfinite, sqrt
from typing import Literal

from tl_core import blocks, glyphs
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
from tl_core.plan import Layer, LayerState

_THIN = "\u2009"
_MAX_SLOT = 168
_INLINE_SLOT = 134  # from this width on, a mark and its word fit on one line

_STYLE = f"""<style>
.tl-diagram {{ font-family: {FONT}; font-variant-numeric: tabular-nums; }}
.tl-diagram text {{ fill: {INK}; }}
.tl-diagram .tl-soft {{ fill-opacity: 0.78; }}
.tl-diagram .tl-bold {{ font-weight: 650; }}
.tl-diagram .tl-paper {{ fill: {PAPER}; }}
.tl-diagram .tl-gap {{ fill: none; stroke: {PAPER}; stroke-width: 1.1; }}
.tl-diagram .tl-gap-wide {{ stroke-width: 2.4; }}
.tl-diagram .tl-neuron {{ fill: {PAPER}; }}
.tl-diagram .tl-ghost {{ fill: none; stroke: {MARKS["sliced"].colour}; stroke-width: 1.3; stroke-dasharray: 4 3.2; }}
.tl-diagram .tl-arrow {{ fill: none; stroke: {INK}; stroke-opacity: 0.6; stroke-width: 1.7; stroke-linecap: round;
  stroke-linejoin: round; }}
.tl-diagram .tl-cut {{ fill: none; stroke: {INK}; stroke-width: 1.8; stroke-dasharray: 7 5; }}
.tl-diagram .tl-meter {{ fill: {PANEL}; stroke: {BORDER}; stroke-width: 0.8; }}
.tl-diagram .tl-bar, .tl-diagram .tl-shape, .tl-diagram .tl-layer {{ transition: fill 0.3s, opacity 0.3s, width 0.3s; }}
"""


def _style() -> str:
    borders = "".join(
        f".tl-diagram .tl-border-{state} {{ stroke: color-mix(in srgb, {mark.colour} 62%, {INK}); }}\n"
        f".tl-diagram .tl-neuron-{state} {{ stroke: {mark.colour}; stroke-width: {1.2 if mark.dots else 0}; }}\n"
        for state, mark in MARKS.items()
        if state != "sliced"
    )
    calm = "@media (prefers-reduced-motion: reduce) { .tl-diagram * { transition: none !important; } }\n</style>"
    return _STYLE + borders + calm


def shape_text(shape: Sequence[int]) -> str:
    """(64, 16, 16) as "64 × 16 × 16", with thin spaces."""
    return f"{_THIN}×{_THIN}".join(str(size) for size in shape)


def count_text(number: int) -> str:
    """1,542 in full; from a million on "25.6 M"."""
    return f"{number / 1e6:.1f} M" if number >= 1_000_000 else f"{number:,}"


def moved_text(moved: float) -> str:
    """A relative change as "12.3 %"; "0.0 %" only for a layer that did not move at all."""
    if not isfinite(moved):
        return "without bound"
    if 0 < moved < 0.001:
        return "< 0.1 %"
    return f"{moved:.1%}".replace("%", " %") if moved < 1 else f"{100 * moved:,.0f} %"


def _meter_share(moved: float) -> float:
    # By the square root: fine-tuning moves a layer by a few per cent, which must be seen beside 100 %.
    return sqrt(min(max(moved, 0.0), 1.0)) if isfinite(moved) else 1.0


def _text(x: float, y: float, words: str, size: float, style: str = "", anchor: str = "middle") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
        f'{f" class={chr(34)}{style}{chr(34)}" if style else ""}>{escape(words)}</text>'
    )


def _lines(x: float, y: float, lines: Sequence[str], size: float, style: str = "", anchor: str = "middle") -> str:
    return "".join(_text(x, y + index * LINE, line, size, style, anchor) for index, line in enumerate(lines))


def _arrow(x1: float, y1: float, x2: float, y2: float, attributes: str = "") -> str:
    head = "m-5.5 -4.5l5.5 4.5l-5.5 4.5" if y1 == y2 else "m-4.5 -5.5l4.5 5.5l4.5 -5.5"
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}{head}" class="tl-arrow" {attributes}/>'


def _group(layer: Layer, index: int, title_id: str, inside: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", layer.name)
    word = MARKS[layer.state].word
    return (
        f'<g id="{escape(title_id)}-{index}-{slug}" class="tl-layer tl-{layer.state}" data-layer="{escape(layer.name)}" '
        f'data-state="{layer.state}"><title>{escape(f"{layer.title}: {word}")}</title>{inside}</g>'
    )


def _meter(layer: Layer, moved: float | None, x: float, y: float, width: float, size: float, anchor: str) -> str:
    """"moved 12.3 %" and its bar below; nothing where the change is not known."""
    if moved is None or layer.state == "sliced":
        return ""
    left = x - width / 2 if anchor == "middle" else x
    words = f"moved {moved_text(moved)}"
    return (
        _text(x, y, words, size, "", anchor)
        + f'<rect x="{left:.1f}" y="{y + 7:.1f}" width="{width:.1f}" height="7" rx="3.5" class="tl-meter"/>'
        + f'<rect x="{left:.1f}" y="{y + 7:.1f}" width="{width * _meter_share(moved):.1f}" height="7" rx="3.5" '
        f'class="tl-bar" fill="{MARKS[layer.state].colour}"/>'
    )


def _mark(state: LayerState, cx: float, y: float, inline: bool) -> str:
    """Icon and word of a state around `cx`: side by side, or the word below where a slot is narrow."""
    size, word = 23, MARKS[state].word
    width = glyphs.badge_width(state, size)
    if not inline:
        lines = word.split(", ")
        lines = [f"{lines[0]},", *lines[1:]] if len(lines) > 1 else lines
        return glyphs.badge(state, cx - width / 2, y, size) + _lines(cx, y + 28, lines, BODY_SIZE)
    left = cx - (width + 6 + text_width(word, BODY_SIZE) * 0.92) / 2
    return glyphs.badge(state, left, y, size) + _text(left + width + 6, y + 5.2, word, BODY_SIZE, "", "start")


def _split(layers: Sequence[Layer]) -> tuple[list[Layer], list[Layer], list[Layer]]:
    """Kept, new and sliced layers, each in order."""
    kept = [layer for layer in layers if layer.state not in ("new", "sliced")]
    new = [layer for layer in layers if layer.state == "new"]
    return kept, new, [layer for layer in layers if layer.state == "sliced"]


def _summary(layers: Sequence[Layer]) -> tuple[str, int, int]:
    """"1,542 of 1,234,567 weights are trained", and the two numbers."""
    total = sum(layer.num_weights for layer in layers if layer.state != "sliced")
    trained = sum(layer.num_trainable for layer in layers)
    return f"{trained:,} of {total:,} weights are trained", trained, total


def _horizontal(
    layers: Sequence[Layer], input_shape: tuple[int, ...], moved: Mapping[str, float], title_id: str
) -> tuple[str, int, int]:
    kept, new, sliced = _split(layers)
    main = [*kept, *new]
    columns = 1 + max(len(main), len(kept) + len(sliced))
    slot = min(_MAX_SLOT, DIAGRAM_WIDTH / columns)
    left = (DIAGRAM_WIDTH - slot * columns) / 2
    inline = slot >= _INLINE_SLOT
    room = slot - 10

    def centre(column: int) -> float:
        return left + slot * (column + 0.5)

    mark_y = 22.0
    axis = 112.0 if inline else 150.0
    text_y = axis + 84
    detects = {layer.name: wrap(layer.detects, BODY_SIZE, room) for layer in layers}
    weights = {layer.name: wrap(f"{count_text(layer.num_weights)} weights", BODY_SIZE, room) for layer in layers}
    detects_y = text_y + LINE
    shape_y = detects_y + LINE * max(map(len, detects.values())) + 3
    weights_y = shape_y + LINE
    meter_y = weights_y + LINE * max(map(len, weights.values())) + 5
    ghost_axis = meter_y + 62
    scale = min(1.0, (slot - 26) / 104)

    body = blocks.input_block(input_shape, centre(0), axis, scale)
    parts = [
        body.svg,
        _text(centre(0), text_y, "image", TITLE_SIZE, "tl-bold"),
        _text(centre(0), shape_y, shape_text(input_shape), BODY_SIZE, "tl-soft"),
    ]
    edge = centre(0) + body.width / 2
    for index, layer in enumerate(main):
        cx = centre(index + 1)
        body = blocks.block(layer, cx, axis, title_id, scale)
        inside = [
            _arrow(edge + 6, axis, cx - body.width / 2 - 7, axis),
            body.svg,
            _mark(layer.state, cx, mark_y, inline),
            _text(cx, text_y, layer.title, TITLE_SIZE, "tl-bold"),
            _lines(cx, detects_y, detects[layer.name], BODY_SIZE),
            _text(cx, shape_y, shape_text(layer.output_shape), BODY_SIZE, "tl-soft"),
            _lines(cx, weights_y, weights[layer.name], BODY_SIZE, "tl-soft"),
            _meter(layer, moved.get(layer.name), cx, meter_y, min(92, room - 8), BODY_SIZE, "middle"),
        ]
        parts.append(_group(layer, index, title_id, "".join(inside)))
        edge = cx + body.width / 2
    height = ghost_axis + 96
    if sliced:
        cut = left + slot * (len(kept) + 1)
        parts.append(f'<path d="M{cut:.1f} 22V{height - 6:.1f}" class="tl-cut"/>')
        parts.append(_scissors(cut, 12, 90))
    for index, layer in enumerate(sliced):
        column = len(kept) + 1 + index
        parts.append(_ghost(layer, len(main) + index, centre(column), ghost_axis, room, 0.62 * scale, title_id))
    parts.append(_summary_bar(layers, left + 14, ghost_axis + 14, 2 * slot - 34))
    return "".join(parts), DIAGRAM_WIDTH, round(height)


def _scissors(x: float, y: float, turn: float) -> str:
    return f'<g class="tl-scissors">{glyphs.icon("scissors", x, y, 23, INK, turn)}</g>'


def _ghost(layer: Layer, index: int, cx: float, axis: float, room: float, scale: float, title_id: str) -> str:
    body = blocks.block(layer, cx, axis, title_id, scale)
    word = MARKS["sliced"].word
    span = 17 + text_width(word, BODY_SIZE) * 0.92
    left = cx - span / 2
    inside = [
        body.svg,
        _text(cx, axis + 51, layer.title, TITLE_SIZE - 1, "tl-soft"),
        glyphs.badge("sliced", left - 4, axis + 65, 19),
        _text(left + 17, axis + 70, word, BODY_SIZE, "tl-soft", "start"),
        _text(cx, axis + 89, shape_text(layer.output_shape), BODY_SIZE, "tl-soft"),
    ]
    return _group(layer, index, title_id, "".join(inside))


def _summary_bar(layers: Sequence[Layer], x: float, y: float, width: float) -> str:
    """How much of the adapted network is trained: a bar of its frozen and trained weights."""
    words, trained, total = _summary(layers)
    lines = wrap(words, BODY_SIZE, width + 12)
    share = width * trained / total if total else 0
    share = max(share, 2.5) if trained else 0
    colours = {layer.state: MARKS[layer.state].colour for layer in layers if layer.num_trainable}
    colour = colours.get("pretrained") or colours.get("random") or MARKS["new"].colour
    return (
        f'<g class="tl-summary">{_lines(x, y, lines, BODY_SIZE, "", "start")}'
        f'<rect x="{x:.1f}" y="{y + LINE * len(lines) - 8:.1f}" width="{width:.1f}" height="9" rx="2" '
        f'fill="{MARKS["frozen"].colour}"/>'
        f'<rect x="{x + width - share:.1f}" y="{y + LINE * len(lines) - 8:.1f}" width="{share:.1f}" height="9" rx="2" '
        f'class="tl-bar" fill="{colour}"/></g>'
    )


def _vertical(
    layers: Sequence[Layer], input_shape: tuple[int, ...], moved: Mapping[str, float], title_id: str
) -> tuple[str, int, int]:
    return "", PHONE_WIDTH, 100


def diagram_svg(
    layers: Sequence[Layer],
    *,
    input_shape: tuple[int, ...] = (3, 32, 32),
    orientation: Literal["horizontal", "vertical"] = "horizontal",
    weights_moved: Mapping[str, float] | None = None,
    title_id: str = "diagram",
) -> str:
    """An inline SVG of the plan; its colours follow the page's theme.

    `weights_moved`: relative L2 change by layer name (0.0: not moved), shown as a small meter. The room for it is
    kept either way. `title_id` must be unique on a page: the patterns inside are named after it.
    """
    draw = _vertical if orientation == "vertical" else _horizontal
    body, width, height = draw(layers, input_shape, weights_moved or {}, title_id)
    name = escape(title_id)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tl-diagram tl-{orientation}" viewBox="0 0 {width} {height}" '
        f'width="100%" role="img" aria-labelledby="{name} {name}-desc" style="display:block;max-width:{width * 1.25:g}px">'
        f'<title id="{name}">What happens to each layer</title>'
        f'<desc id="{name}-desc">{escape(describe(layers, weights_moved))}</desc>'
        f"{_style()}<defs>{blocks.patterns(title_id)}</defs>{body}</svg>"
    )


_SENTENCES: dict[LayerState, str] = {
    "frozen": "frozen, its {weights} pre-trained weights stay as they are",
    "pretrained": "re-trained, its {weights} weights start from the pre-trained ones",
    "random": "random, trained: its {weights} weights start from random ones",
    "new": "new, its {weights} weights start random and are trained",
    "sliced": "sliced off",
}


def describe(layers: Sequence[Layer], weights_moved: Mapping[str, float] | None = None) -> str:
    """The diagram in plain sentences, layer by layer, for those who cannot see it."""
    moved = weights_moved or {}
    kept, new, sliced = _split(layers)
    sentences = []
    for layer in (*kept, *new):
        what = _SENTENCES[layer.state].format(weights=f"{layer.num_weights:,}")
        change = f", moved by {moved_text(moved[layer.name])}" if layer.name in moved else ""
        size = " × ".join(str(size) for size in layer.output_shape)
        sentences.append(f"{layer.title} ({layer.detects}, output {size}): {what}{change}.")
    if sliced:
        where = f" after {kept[-1].title}" if kept else ""
        titles = [layer.title for layer in sliced]
        names = titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
        sentences.append(f"The network is cut{where}; sliced off: {names}.")
    sentences.append(f"{_summary(layers)[0]}.")
    return " ".join(sentences)
