"""The layer diagram: what a recipe does to each layer of a network, as one SVG, and the same in words.

Every layer of the original network keeps its place whatever the recipe, so that moving from case to case shows
what changes: sliced layers drop below as ghosts, and the new layer takes the place of the first of them.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal

from tl_core import blocks, glyphs
from tl_core.diagram_words import count_text, describe, meter_share, moved_text, shape_text, split, summary
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
    PHONE_BODY_SIZE,
    PHONE_TITLE_SIZE,
    PHONE_WIDTH,
    TITLE_SIZE,
    text_width,
    wrap,
)
from tl_core.plan import Layer, LayerState

_NO_BREAK = "\u00a0"
_MAX_SLOT = 168
_PHONE_ROW = 116
_INLINE_SLOT = 134  # from this width on, a mark and its word fit on one line

_STYLE = f"""<style>
.tl-diagram {{ font-family: {FONT}; font-variant-numeric: tabular-nums; }}
.tl-diagram text {{ fill: {INK}; }}
.tl-diagram .tl-soft {{ fill-opacity: 0.78; }}
.tl-diagram .tl-bold {{ font-weight: 650; }}
.tl-diagram .tl-ink {{ fill: {INK}; }}
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


def _text(x: float, y: float, words: str, size: float, style: str = "", anchor: str = "middle") -> str:
    name = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"{name}>{escape(words)}</text>'


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


def _meter(layer: Layer, moved: float | None, x: float, y: float, width: float, room: float) -> str:
    """The words "moved 12.3 %" and a bar below; nothing where the change is not known."""
    if moved is None:
        return ""
    lines = wrap(f"moved {moved_text(moved).replace(' ', _NO_BREAK)}", BODY_SIZE, room)
    return _lines(x, y, lines, BODY_SIZE) + _bar(layer, moved, x - width / 2, y + LINE * len(lines) - 11, width)


def _bar(layer: Layer, moved: float, x: float, y: float, width: float) -> str:
    share = width * meter_share(moved)
    colour = MARKS[layer.state].colour
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="7" rx="3.5" class="tl-meter"/>'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{share:.1f}" height="7" rx="3.5" class="tl-bar" fill="{colour}"/>'
    )


def _mark(state: LayerState, cx: float, y: float, inline: bool) -> str:
    """Icon and word of a state around `cx`: side by side, or the word below where a slot is narrow."""
    size, lines = 26, wrap(MARKS[state].word, BODY_SIZE, 90)
    width = glyphs.badge_width(state, size)
    if not inline:
        return glyphs.badge(state, cx - width / 2, y, size) + _lines(cx, y + 30, lines, BODY_SIZE)
    left = cx - (width + 7 + max(text_width(line, BODY_SIZE) for line in lines) * 0.92) / 2
    top = y + 5.2 - LINE / 2 * (len(lines) - 1)
    return glyphs.badge(state, left, y, size) + _lines(left + width + 7, top, lines, BODY_SIZE, "", "start")


def _horizontal(
    layers: Sequence[Layer], input_shape: tuple[int, ...], moved: Mapping[str, float], title_id: str
) -> tuple[str, int, int]:
    kept, new, sliced = split(layers)
    main = [*kept, *new]
    columns = 1 + max(len(main), len(kept) + len(sliced))
    slot = min(_MAX_SLOT, DIAGRAM_WIDTH / columns)
    left = (DIAGRAM_WIDTH - slot * columns) / 2
    inline = slot >= _INLINE_SLOT
    room = slot - 10

    def centre(column: int) -> float:
        return left + slot * (column + 0.5)

    scale = min(1.15, (slot - 24) / 100)
    mark_y = 24.0
    axis = 122.0 if inline else 146.0
    text_y = axis + 29 + 57 * scale
    detects = {layer.name: wrap(layer.detects, BODY_SIZE, room) for layer in layers}
    weights = {layer.name: wrap(f"{count_text(layer.num_weights)} weights", BODY_SIZE, room) for layer in layers}
    titles = {layer.name: wrap(layer.title, TITLE_SIZE, room) for layer in layers}
    # The last layer of the original network is always sliced off: its long words need no room here.
    shown = [layer.name for layer in (*kept, *sliced[:-1], *new)]
    title_lines = max(len(titles[name]) for name in shown)
    detects_y = text_y + LINE * title_lines + 1
    shape_y = detects_y + LINE * max(len(detects[name]) for name in shown) + 3
    weights_y = shape_y + LINE
    meter_y = weights_y + LINE * max(map(len, weights.values())) + 6
    ghost_axis = meter_y + (64 if inline else 80)

    body = blocks.input_block(input_shape, centre(0), axis, scale)
    parts = [
        body.svg,
        _text(centre(0), detects_y - 1 - LINE, "image", TITLE_SIZE, "tl-bold"),
        _text(centre(0), shape_y, shape_text(input_shape, room), BODY_SIZE, "tl-soft"),
    ]
    edge = centre(0) + body.width / 2
    for index, layer in enumerate(main):
        cx = centre(index + 1)
        body = blocks.block(layer, cx, axis, title_id, scale)
        inside = [
            _arrow(edge + 6, axis, cx - body.width / 2 - 7, axis),
            body.svg,
            _mark(layer.state, cx, mark_y, inline),
            _lines(cx, detects_y - 1 - LINE * len(titles[layer.name]), titles[layer.name], TITLE_SIZE, "tl-bold"),
            _lines(cx, detects_y, detects[layer.name], BODY_SIZE),
            _text(cx, shape_y, shape_text(layer.output_shape, room), BODY_SIZE, "tl-soft"),
            _lines(cx, weights_y, weights[layer.name], BODY_SIZE, "tl-soft"),
            _meter(layer, moved.get(layer.name), cx, meter_y, min(96, room - 12), room if inline else room - 16),
        ]
        parts.append(_group(layer, index, title_id, "".join(inside)))
        edge = cx + body.width / 2
    height = ghost_axis + 82 + LINE * max(len(wrap(layer.title, BODY_SIZE, room)) for layer in layers)
    cut = left + slot * (len(kept) + 1)
    if sliced:
        parts.append(f'<path d="M{cut:.1f} 24V{height - 6:.1f}" class="tl-cut"/>')
        parts.append(_scissors(cut, 12, 90))
    for index, layer in enumerate(sliced):
        column = len(kept) + 1 + index
        parts.append(_ghost(layer, len(main) + index, centre(column), ghost_axis, room, 0.5 * scale, title_id))
    start = centre(0) - blocks.input_block(input_shape, 0, 0, scale).width / 2
    parts.append(_summary_bar(layers, start, ghost_axis + 16, cut - 24 - start))
    return "".join(parts), DIAGRAM_WIDTH, round(height)


def _scissors(x: float, y: float, turn: float) -> str:
    return f'<g class="tl-scissors">{glyphs.icon("scissors", x, y, 23, INK, turn)}</g>'


def _ghost(layer: Layer, index: int, cx: float, axis: float, room: float, scale: float, title_id: str) -> str:
    body = blocks.block(layer, cx, axis, title_id, scale)
    word = MARKS["sliced"].word
    left = cx - (17 + text_width(word, BODY_SIZE) * 0.92) / 2
    titles = wrap(layer.title, BODY_SIZE, room)
    below = axis + 70 + LINE * len(titles)
    inside = [
        body.svg,
        glyphs.badge("sliced", left - 4, axis + 45, 19),
        _text(left + 17, axis + 50, word, BODY_SIZE, "tl-soft", "start"),
        _lines(cx, axis + 71, titles, BODY_SIZE, "tl-soft"),
        _text(cx, below, shape_text(layer.output_shape, room), BODY_SIZE, "tl-soft"),
    ]
    return _group(layer, index, title_id, "".join(inside))


def _summary_bar(layers: Sequence[Layer], x: float, y: float, width: float, size: float = BODY_SIZE) -> str:
    """How much of the adapted network is trained: a bar of its frozen and trained weights."""
    words, trained, total = summary(layers)
    lines = wrap(words, size, width + 20)
    share = width * trained / total if total else 0
    share = max(share, 2.5) if trained else 0
    states = {layer.state for layer in layers if layer.num_trainable}
    colour = MARKS[next((state for state in ("pretrained", "random") if state in states), "new")].colour
    top = y + LINE * len(lines) - 9
    frozen = f'height="8" rx="2" fill="{MARKS["frozen"].colour}"'
    return (
        f'<g class="tl-summary">{_lines(x, y, lines, size, "", "start")}'
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{max(width - share - 1.5, 0):.1f}" {frozen}/>'
        f'<rect x="{x + width - share:.1f}" y="{top:.1f}" width="{share:.1f}" height="8" rx="2" '
        f'class="tl-bar" fill="{colour}"/></g>'
    )


def _vertical(
    layers: Sequence[Layer], input_shape: tuple[int, ...], moved: Mapping[str, float], title_id: str
) -> tuple[str, int, int]:
    kept, new, sliced = split(layers)
    main = [*kept, *new]
    cx, column, scale = 62.0, 130.0, 0.78
    body = blocks.input_block(input_shape, cx, 44, scale)
    parts = [
        body.svg,
        _text(column, 40, "image", PHONE_TITLE_SIZE, "tl-bold", "start"),
        _text(column, 59, shape_text(input_shape), PHONE_BODY_SIZE, "tl-soft", "start"),
    ]
    edge, y = 44 + body.height / 2, 92.0
    for index, layer in enumerate(main):
        if sliced and index == len(kept):
            parts.append(f'<path d="M26 {y + 14:.1f}H{PHONE_WIDTH - 8}" class="tl-cut"/>{_scissors(16, y + 14, 0)}')
            y += 34
        axis = y + _PHONE_ROW / 2
        body = blocks.block(layer, cx, axis, title_id, scale, lying=True)
        inside = _arrow(cx, edge + 5, cx, axis - body.height / 2 - 6) + body.svg
        inside += _phone_text(layer, moved.get(layer.name), column, y)
        parts.append(_group(layer, index, title_id, inside))
        edge, y = axis + body.height / 2, y + _PHONE_ROW
    y += 8
    for index, layer in enumerate(sliced):
        body = blocks.block(layer, cx + 20, y + 26, title_id, 0.42, lying=True)
        inside = body.svg + _text(column, y + 21, layer.title, PHONE_TITLE_SIZE, "tl-soft", "start")
        inside += _phone_mark("sliced", column, y + 37, f" · {shape_text(layer.output_shape)}")
        parts.append(_group(layer, len(main) + index, title_id, inside))
        y += 54
    parts.append(_summary_bar(layers, 16, y + 26, PHONE_WIDTH - 32, PHONE_BODY_SIZE))
    return "".join(parts), PHONE_WIDTH, round(y + 56)


def _phone_text(layer: Layer, moved: float | None, x: float, y: float) -> str:
    numbers = f"{shape_text(layer.output_shape)} · {count_text(layer.num_weights)} weights"
    inside = _text(x, y + 22, layer.title, PHONE_TITLE_SIZE, "tl-bold", "start") + _phone_mark(layer.state, x, y + 38)
    inside += _text(x, y + 63, layer.detects, PHONE_BODY_SIZE, "", "start")
    inside += _text(x, y + 81, numbers, PHONE_BODY_SIZE, "tl-soft", "start")
    if moved is not None:
        inside += _text(x, y + 100, f"moved {moved_text(moved)}", PHONE_BODY_SIZE, "", "start")
        inside += _bar(layer, moved, x + 112, y + 92, PHONE_WIDTH - 12 - x - 112)
    return inside


def _phone_mark(state: LayerState, x: float, y: float, more: str = "") -> str:
    size, style = (18, "tl-soft") if state == "sliced" else (21, "")
    words = MARKS[state].word + more
    return glyphs.badge(state, x, y, size) + _text(
        x + glyphs.badge_width(state, size) + 6, y + 4.8, words, PHONE_BODY_SIZE, style, "start"
    )


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
