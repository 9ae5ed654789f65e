"""The layer diagram: what a recipe does to each layer of a network, as one SVG, and the same in words.

Every layer of the original network keeps its place whatever the recipe, so that moving from case to case shows
what changes: sliced layers drop below as ghosts, and the new layer takes the place of the first of them.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal

from tl_core import blocks, glyphs
from tl_core.diagram_parts import (
    arrow,
    diagram_style,
    extra_lines,
    feed_lines,
    label,
    labels,
    layer_group,
    meter,
    meter_bar,
    scissors,
    state_mark,
    summary_bar,
)
from tl_core.diagram_words import describe, moved_text, shape_text, split, weights_text
from tl_core.language import _, retold
from tl_core.palette import (
    BODY_SIZE,
    DIAGRAM_WIDTH,
    LINE,
    MARKS,
    PHONE_BODY_SIZE,
    PHONE_TITLE_SIZE,
    PHONE_WIDTH,
    TITLE_SIZE,
    text_width,
    wrap,
)
from tl_core.plan import Layer, LayerState

_MAX_SLOT = 168
_PHONE_ROW = 116
_INLINE_SLOT = 134  # from this width on, a mark and its word fit on one line


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
    detects = {layer.name: wrap(retold(layer.detects), BODY_SIZE, room) for layer in layers}
    weights = {layer.name: wrap(weights_text(layer.num_weights), BODY_SIZE, room) for layer in layers}
    titles = {layer.name: wrap(retold(layer.title), TITLE_SIZE, room) for layer in layers}
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
        label(centre(0), detects_y - 1 - LINE, _("image"), TITLE_SIZE, "tl-bold"),
        label(centre(0), shape_y, shape_text(input_shape, room), BODY_SIZE, "tl-soft"),
    ]
    edge = centre(0) + body.width / 2
    tops = {}
    for index, layer in enumerate(main):
        cx = centre(index + 1)
        body = blocks.block(layer, cx, axis, title_id, scale)
        inside = [
            arrow(edge + 6, axis, cx - body.width / 2 - 7, axis),
            body.svg,
            state_mark(layer, cx, mark_y, inline),
            labels(cx, detects_y - 1 - LINE * len(titles[layer.name]), titles[layer.name], TITLE_SIZE, "tl-bold"),
            labels(cx, detects_y, detects[layer.name], BODY_SIZE),
            label(cx, shape_y, shape_text(layer.output_shape, room), BODY_SIZE, "tl-soft"),
            labels(cx, weights_y, weights[layer.name], BODY_SIZE, "tl-soft"),
            meter(layer, moved.get(layer.name), cx, meter_y, min(96, room - 12), room if inline else room - 16),
        ]
        parts.append(layer_group(layer, index, title_id, "".join(inside)))
        edge = cx + body.width / 2
        tops[layer.name] = (cx, axis - body.height / 2 - 3)
    parts.append(feed_lines(main, tops, axis - 57 * scale - 9, upright=False))
    height = ghost_axis + 82 + LINE * max(len(wrap(retold(layer.title), BODY_SIZE, room)) for layer in layers)
    cut = left + slot * (len(kept) + 1)
    if sliced:
        parts.append(f'<path d="M{cut:.1f} 24V{height - 6:.1f}" class="tl-cut"/>')
        parts.append(scissors(cut, 12, 90))
    for index, layer in enumerate(sliced):
        column = len(kept) + 1 + index
        parts.append(_ghost(layer, len(main) + index, centre(column), ghost_axis, room, 0.5 * scale, title_id))
    start = centre(0) - blocks.input_block(input_shape, 0, 0, scale).width / 2
    width = cut - 24 - start
    parts.append(summary_bar(layers, start, ghost_axis + 16, width))
    height = max(height, ghost_axis + 44 + LINE * len(extra_lines(layers, BODY_SIZE, width)))
    return "".join(parts), DIAGRAM_WIDTH, round(height)


def _ghost(layer: Layer, index: int, cx: float, axis: float, room: float, scale: float, title_id: str) -> str:
    body = blocks.block(layer, cx, axis, title_id, scale)
    word = _(MARKS["sliced"].word)
    left = cx - (17 + text_width(word, BODY_SIZE) * 0.92) / 2
    titles = wrap(retold(layer.title), BODY_SIZE, room)
    below = axis + 70 + LINE * len(titles)
    inside = [
        body.svg,
        glyphs.badge("sliced", left - 4, axis + 45, 19),
        label(left + 17, axis + 50, word, BODY_SIZE, "tl-soft", "start"),
        labels(cx, axis + 71, titles, BODY_SIZE, "tl-soft"),
        label(cx, below, shape_text(layer.output_shape, room), BODY_SIZE, "tl-soft"),
    ]
    return layer_group(layer, index, title_id, "".join(inside))


def _vertical(
    layers: Sequence[Layer], input_shape: tuple[int, ...], moved: Mapping[str, float], title_id: str
) -> tuple[str, int, int]:
    kept, new, sliced = split(layers)
    main = [*kept, *new]
    cx, column, scale = 62.0, 130.0, 0.78
    body = blocks.input_block(input_shape, cx, 44, scale)
    parts = [
        body.svg,
        label(column, 40, _("image"), PHONE_TITLE_SIZE, "tl-bold", "start"),
        label(column, 59, shape_text(input_shape), PHONE_BODY_SIZE, "tl-soft", "start"),
    ]
    edge, y = 44 + body.height / 2, 92.0
    feeds = any(layer.to_new for layer in main)
    sides = {}
    for index, layer in enumerate(main):
        if sliced and index == len(kept):
            x = 28 if feeds else 16  # the rail runs to the left of the scissors
            parts.append(f'<path d="M{x + 10} {y + 14:.1f}H{PHONE_WIDTH - 8}" class="tl-cut"/>{scissors(x, y + 14, 0)}')
            y += 34
        axis = y + _PHONE_ROW / 2
        body = blocks.block(layer, cx, axis, title_id, scale, lying=True)
        inside = arrow(cx, edge + 5, cx, axis - body.height / 2 - 6) + body.svg
        inside += _phone_text(layer, moved.get(layer.name), column, y)
        parts.append(layer_group(layer, index, title_id, inside))
        edge, y = axis + body.height / 2, y + _PHONE_ROW
        sides[layer.name] = (cx - body.width / 2 - 3, axis)
    parts.append(feed_lines(main, sides, 6, upright=True))
    y += 8
    for index, layer in enumerate(sliced):
        body = blocks.block(layer, cx + 20, y + 26, title_id, 0.42, lying=True)
        inside = body.svg + label(column, y + 21, retold(layer.title), PHONE_TITLE_SIZE, "tl-soft", "start")
        inside += _phone_mark("sliced", column, y + 37, f" · {shape_text(layer.output_shape)}")
        parts.append(layer_group(layer, len(main) + index, title_id, inside))
        y += 54
    parts.append(summary_bar(layers, 16, y + 26, PHONE_WIDTH - 32, PHONE_BODY_SIZE))
    more = LINE * len(extra_lines(layers, PHONE_BODY_SIZE, PHONE_WIDTH - 32))
    return "".join(parts), PHONE_WIDTH, round(y + 56 + more)


def _phone_text(layer: Layer, moved: float | None, x: float, y: float) -> str:
    numbers = f"{shape_text(layer.output_shape)} · {weights_text(layer.num_weights)}"
    step = _(" · from step {number}", number=layer.step) if layer.step else ""
    inside = label(x, y + 22, retold(layer.title), PHONE_TITLE_SIZE, "tl-bold", "start")
    inside += _phone_mark(layer.state, x, y + 38, step)
    inside += label(x, y + 63, retold(layer.detects), PHONE_BODY_SIZE, "", "start")
    inside += label(x, y + 81, numbers, PHONE_BODY_SIZE, "tl-soft", "start")
    if moved is not None:
        inside += label(x, y + 100, _("moved {share}", share=moved_text(moved)), PHONE_BODY_SIZE, "", "start")
        inside += meter_bar(layer, moved, x + 112, y + 92, PHONE_WIDTH - 12 - x - 112)
    return inside


def _phone_mark(state: LayerState, x: float, y: float, more: str = "") -> str:
    size, style = (18, "tl-soft") if state == "sliced" else (21, "")
    words = _(MARKS[state].word) + more
    return glyphs.badge(state, x, y, size) + label(
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
        f'<title id="{name}">{escape(_("What happens to each layer"))}</title>'
        f'<desc id="{name}-desc">{escape(describe(layers, weights_moved))}</desc>'
        f"{diagram_style()}<defs>{blocks.patterns(title_id)}</defs>{body}</svg>"
    )
