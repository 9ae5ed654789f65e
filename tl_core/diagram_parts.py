"""The parts that the layer diagram is put together from: words, arrows, marks, meters, as SVG."""

import re
from collections.abc import Mapping, Sequence
from html import escape

from tl_core import glyphs
from tl_core.diagram_words import extra_text, meter_share, moved_text, summary
from tl_core.language import _, retold
from tl_core.palette import BODY_SIZE, BORDER, FONT, INK, LINE, MARKS, PANEL, PAPER, text_width, wrap
from tl_core.plan import Layer

_NO_BREAK = "\u00a0"

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
.tl-diagram .tl-feed {{ fill: none; stroke: {MARKS["new"].colour}; stroke-width: 1.9; stroke-linejoin: round;
  stroke-linecap: round; }}
.tl-diagram .tl-step {{ fill: none; stroke: {INK}; stroke-width: 1.4; }}
.tl-diagram .tl-cut {{ fill: none; stroke: {INK}; stroke-width: 1.8; stroke-dasharray: 7 5; }}
.tl-diagram .tl-meter {{ fill: {PANEL}; stroke: {BORDER}; stroke-width: 0.8; }}
.tl-diagram .tl-bar, .tl-diagram .tl-shape, .tl-diagram .tl-layer {{ transition: fill 0.3s, opacity 0.3s, width 0.3s; }}
"""


def diagram_style() -> str:
    borders = "".join(
        f".tl-diagram .tl-border-{state} {{ stroke: color-mix(in srgb, {mark.colour} 62%, {INK}); }}\n"
        f".tl-diagram .tl-neuron-{state} {{ stroke: {mark.colour}; stroke-width: {1.2 if mark.dots else 0}; }}\n"
        for state, mark in MARKS.items()
        if state != "sliced"
    )
    calm = "@media (prefers-reduced-motion: reduce) { .tl-diagram * { transition: none !important; } }\n</style>"
    return _STYLE + borders + calm


def label(x: float, y: float, words: str, size: float, style: str = "", anchor: str = "middle") -> str:
    name = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"{name}>{escape(words)}</text>'


def labels(x: float, y: float, lines: Sequence[str], size: float, style: str = "", anchor: str = "middle") -> str:
    return "".join(label(x, y + index * LINE, line, size, style, anchor) for index, line in enumerate(lines))


def arrow(x1: float, y1: float, x2: float, y2: float, attributes: str = "") -> str:
    head = "m-5.5 -4.5l5.5 4.5l-5.5 4.5" if y1 == y2 else "m-4.5 -5.5l4.5 5.5l4.5 -5.5"
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}{head}" class="tl-arrow" {attributes}/>'


def layer_group(layer: Layer, index: int, title_id: str, inside: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", layer.name)
    word = _(MARKS[layer.state].word)
    return (
        f'<g id="{escape(title_id)}-{index}-{slug}" class="tl-layer tl-{layer.state}" data-layer="{escape(layer.name)}" '
        f'data-state="{layer.state}"><title>{escape(f"{retold(layer.title)}: {word}")}</title>{inside}</g>'
    )


def meter(layer: Layer, moved: float | None, x: float, y: float, width: float, room: float) -> str:
    """The words "moved 12.3 %" and a bar below; nothing where the change is not known."""
    if moved is None:
        return ""
    words = wrap(_("moved {share}", share=moved_text(moved).replace(" ", _NO_BREAK)), BODY_SIZE, room)
    return labels(x, y, words, BODY_SIZE) + meter_bar(layer, moved, x - width / 2, y + LINE * len(words) - 11, width)


def meter_bar(layer: Layer, moved: float, x: float, y: float, width: float) -> str:
    share = width * meter_share(moved)
    colour = MARKS[layer.state].colour
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="7" rx="3.5" class="tl-meter"/>'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{share:.1f}" height="7" rx="3.5" class="tl-bar" fill="{colour}"/>'
    )


def state_mark(layer: Layer, cx: float, y: float, inline: bool) -> str:
    """Icon and word of a layer's state around `cx`: side by side, or the word below where a slot is narrow."""
    state, step = layer.state, layer.step
    size, words = 26, wrap(_(MARKS[state].word), BODY_SIZE, 90)
    width = glyphs.badge_width(state, size)
    room = _STEP_ROOM if step else 0
    if not inline:
        left = cx - (width + room) / 2
        below = labels(cx, y + 30, words, BODY_SIZE)
        return step_disc(step, left, y) + glyphs.badge(state, left + room, y, size) + below
    wide = max(text_width(line, BODY_SIZE) for line in words) * 0.92
    left = cx - (width + 7 + wide + room) / 2
    top = y + 5.2 - LINE / 2 * (len(words) - 1)
    beside = labels(left + room + width + 7, top, words, BODY_SIZE, "", "start")
    return step_disc(step, left, y) + glyphs.badge(state, left + room, y, size) + beside


_STEP_ROOM = 19.0


def step_disc(step: int, left: float, y: float) -> str:
    """The number of the training step from which on a layer is trained, in a circle; nothing where there is one step."""
    if not step:
        return ""
    x = left + 8
    circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" class="tl-step"/>'
    return circle + label(x, y + 4.2, str(step), 12, "tl-bold")


def feed_lines(layers: Sequence[Layer], ends: Mapping[str, tuple[float, float]], rail: float, upright: bool) -> str:
    """Thin lines from the layers whose output goes straight to the new one, all the way along a rail, and one arrow.

    `ends`: where the line of each layer, and that of the new one, meets its body. `rail`: height of the rail, or its
    distance from the left where the network runs downwards (`upright`).
    """
    feeding = [layer for layer in layers if layer.to_new]
    if not feeding:
        return ""
    new_x, new_y = ends[layers[-1].name]
    paths = []
    for layer in feeding:
        x, y = ends[layer.name]
        way = f"H{rail:.1f}V{new_y:.1f}H{new_x:.1f}" if upright else f"V{rail:.1f}H{new_x:.1f}V{new_y:.1f}"
        paths.append(f'<path d="M{x:.1f} {y:.1f}{way}" class="tl-feed" data-from="{escape(layer.name)}"/>')
    head = "m-5 -4l5 4l-5 4" if upright else "m-4 -5l4 5l4 -5"
    return "".join(paths) + f'<path d="M{new_x:.1f} {new_y:.1f}{head}" class="tl-feed"/>'


def scissors(x: float, y: float, turn: float) -> str:
    return f'<g class="tl-scissors">{glyphs.icon("scissors", x, y, 23, INK, turn)}</g>'


def extra_lines(layers: Sequence[Layer], size: float, width: float) -> list[str]:
    """The lines below the summary, `width` wide; none for most recipes."""
    text = extra_text(layers)
    return wrap(text, size, width) if text else []


def summary_bar(layers: Sequence[Layer], x: float, y: float, width: float, size: float = BODY_SIZE) -> str:
    """How much of the adapted network is trained: a bar of its frozen and trained weights."""
    words, trained, total = summary(layers)
    first = wrap(words, size, width + 20)
    more = extra_lines(layers, size, width)
    share = width * trained / total if total else 0
    share = max(share, 2.5) if trained else 0
    states = {layer.state for layer in layers if layer.num_trainable}
    colour = MARKS[next((state for state in ("pretrained", "random") if state in states), "new")].colour
    top = y + LINE * len(first) - 9
    frozen = f'height="8" rx="2" fill="{MARKS["frozen"].colour}"'
    return (
        f'<g class="tl-summary">{labels(x, y, first, size, "", "start")}'
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{max(width - share - 1.5, 0):.1f}" {frozen}/>'
        f'<rect x="{x + width - share:.1f}" y="{top:.1f}" width="{share:.1f}" height="8" rx="2" '
        f'class="tl-bar" fill="{colour}"/>{labels(x, top + 8 + LINE, more, size, "", "start")}</g>'
    )
