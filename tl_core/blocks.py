"""The body of a layer in the diagram: sheets for maps, a column of neurons for a vector, a grid for tokens."""

from dataclasses import dataclass
from html import escape
from math import log2

from tl_core import glyphs
from tl_core.palette import MARKS
from tl_core.plan import Layer, LayerState

_OFFSET = 5.0  # from one sheet to the next, in units of the diagram


@dataclass(frozen=True)
class Block:
    """A drawn body and its extent around the centre it was drawn at."""

    svg: str
    width: float
    height: float


def num_sheets(channels: int) -> int:
    """More channels, more sheets: 3 for up to 48, then one more for each doubling, 9 at most."""
    return min(9, max(3, round(log2(max(channels, 1))) - 2))


def sheet_side(height: int) -> float:
    """Side of a sheet that stands for maps `height` pixels high: by the logarithm, from 26 (1) to 84 (256 and more)."""
    return 26 + 58 * min(1.0, log2(max(height, 1)) / 8) ** 0.72


def num_neurons(dim: int) -> int:
    """Up to six neurons are all drawn, more by the logarithm, 10 at most."""
    return dim if dim <= 6 else min(10, round(6 + 0.4 * (log2(dim) - log2(6))))


def patterns(title_id: str) -> str:
    """The dots of the random and of the new layers."""
    parts = []
    for state, mark in MARKS.items():
        if mark.dots:
            parts.append(
                f'<pattern id="{pattern_id(title_id, state)}" width="7.6" height="7.6" patternUnits="userSpaceOnUse">'
                f'<rect width="7.6" height="7.6" fill="{mark.colour}" fill-opacity="0.2"/>'
                f'<circle cx="1.9" cy="1.9" r="1.55" fill="{mark.colour}"/><circle cx="5.7" cy="5.7" r="1.55" '
                f'fill="{mark.colour}"/></pattern>'
            )
    return "".join(parts)


def pattern_id(title_id: str, state: LayerState) -> str:
    return f"{escape(title_id)}-dots-{state}"


def _fill(state: LayerState, title_id: str) -> str:
    mark = MARKS[state]
    return f"url(#{pattern_id(title_id, state)})" if mark.dots else mark.colour


def _rect(x: float, y: float, width: float, height: float, radius: float, attributes: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:.1f}" {attributes}/>'


def _body(state: LayerState, title_id: str) -> str:
    edge = f' stroke="{MARKS[state].colour}" stroke-width="0.7"' if MARKS[state].dots else ""
    return f'class="tl-shape" fill="{_fill(state, title_id)}"{edge}'


def _border(state: LayerState) -> str:
    mark = MARKS[state]
    return f'class="tl-border tl-border-{state}" fill="none" stroke="{mark.deep}" stroke-width="{mark.border}"'


def _sheets(layer: Layer, cx: float, cy: float, scale: float, title_id: str) -> Block:
    channels, height, _ = layer.output_shape
    side = sheet_side(height) * scale
    count = num_sheets(channels)
    offset = _OFFSET * scale
    depth = (count - 1) * offset
    x, y = cx - (side + depth) / 2, cy - (side - depth) / 2
    width = side + depth
    if layer.state == "sliced":
        return Block(_ghost_sheets(x, y, side, min(count, 4), depth), width, width)
    outline = (
        f"M{x:.1f} {y + side:.1f}V{y:.1f}l{depth:.1f} {-depth:.1f}h{side:.1f}v{side:.1f}l{-depth:.1f} {depth:.1f}z"
    )
    parts = [f'<path d="{outline}" class="tl-paper"/>']
    for index in reversed(range(count)):
        left, top = x + index * offset, y - index * offset
        opacity = 1 if index == 0 else 0.82 - 0.4 * index / count
        parts.append(_rect(left, top, side, side, 2.5, 'class="tl-paper"'))
        parts.append(_rect(left, top, side, side, 2.5, f'{_body(layer.state, title_id)} opacity="{opacity:.2f}"'))
        parts.append(_rect(left, top, side, side, 2.5, 'class="tl-gap"'))
    if layer.state in ("frozen", "pretrained"):
        inset = side * 0.14
        parts.append(glyphs.detects_glyph(layer.detects, x + inset, y + inset, side - 2 * inset, "#ffffff"))
    if MARKS[layer.state].border > 2:
        front = f"M{x:.1f} {y:.1f}h{side:.1f}v{side:.1f}"
        parts.append(f'<path d="{outline}" stroke-linejoin="round" {_border(layer.state)}/>')
        parts.append(f'<path d="{front}" opacity="0.55" {_border(layer.state)}/>')
    elif MARKS[layer.state].dots:
        parts.append(f'<path d="{outline}" stroke-linejoin="round" {_border(layer.state)}/>')
    return Block("".join(parts), width, width)


def _ghost_sheets(x: float, y: float, side: float, count: int, depth: float) -> str:
    parts = [_rect(x, y, side, side, 2, 'class="tl-ghost"')]
    for index in range(1, count):
        shift = depth * index / (count - 1)
        parts.append(f'<path d="M{x + shift:.1f} {y - shift:.1f}h{side:.1f}v{side:.1f}" class="tl-ghost"/>')
    return "".join(parts)


def _neurons(layer: Layer, cx: float, cy: float, scale: float, title_id: str) -> Block:
    """A column, its neurons from top to bottom."""
    (dim,) = layer.output_shape
    count = num_neurons(dim)
    some = count < dim
    step, radius, width = 11.6 * scale, 4.2 * scale, 25 * scale
    height = (count + some) * step + 7 * scale
    x, y = cx - width / 2, cy - height / 2
    if layer.state == "sliced":
        return Block(_rect(x, y, width, height, width / 2, 'class="tl-ghost"'), width, height)
    parts = [
        _rect(x, y, width, height, width / 2, 'class="tl-paper"'),
        _rect(x, y, width, height, width / 2, _body(layer.state, title_id)),
    ]
    if MARKS[layer.state].dots or MARKS[layer.state].border > 2:
        parts.append(_rect(x, y, width, height, width / 2, _border(layer.state)))
    first = y + 3.5 * scale + step / 2
    more = "tl-ink" if MARKS[layer.state].dots else "tl-paper"
    gap = count // 2 + 1 if some else count + 1
    for index in range(count + some):
        centre = first + index * step
        if index == gap:
            for shift in (-3.3, 0, 3.3):
                parts.append(
                    f'<circle cx="{cx:.1f}" cy="{centre + shift * scale:.1f}" r="{1.15 * scale:.2f}" class="{more}"/>'
                )
        else:
            parts.append(
                f'<circle cx="{cx:.1f}" cy="{centre:.1f}" r="{radius:.1f}" class="tl-neuron tl-neuron-{layer.state}"/>'
            )
    return Block("".join(parts), width, height)


def _tokens(layer: Layer, cx: float, cy: float, scale: float, title_id: str) -> Block:
    tokens, dim = layer.output_shape
    columns = min(7, max(3, round(log2(max(tokens, 2))) - 2))
    rows = min(9, max(4, round(log2(max(dim, 2))) - 2))
    step = 10.8 * scale
    width, height = columns * step, rows * step
    x, y = cx - width / 2, cy - height / 2
    if layer.state == "sliced":
        return Block(_rect(x, y, width, height, 2, 'class="tl-ghost"'), width, height)
    parts = [
        _rect(x, y, width, height, 2.5, 'class="tl-paper"'),
        _rect(x, y, width, height, 2.5, _body(layer.state, title_id)),
    ]
    for column in range(1, columns):
        parts.append(f'<path d="M{x + column * step:.1f} {y:.1f}v{height:.1f}" class="tl-gap tl-gap-wide"/>')
    for row in range(1, 1 if MARKS[layer.state].dots else rows):
        parts.append(f'<path d="M{x:.1f} {y + row * step:.1f}h{width:.1f}" class="tl-gap"/>')
    if MARKS[layer.state].dots or MARKS[layer.state].border > 2:
        parts.append(_rect(x, y, width, height, 2.5, _border(layer.state)))
    return Block("".join(parts), width, height)


def block(layer: Layer, cx: float, cy: float, title_id: str, scale: float = 1.0, lying: bool = False) -> Block:
    """The body of `layer` centred on (cx, cy), drawn as its output shape asks: maps, tokens or a vector.

    `lying` lays a vector down, across a network that runs from top to bottom.
    """
    draw = {3: _sheets, 2: _tokens}.get(len(layer.output_shape), _neurons)
    body = draw(layer, cx, cy, scale, title_id)
    if lying and draw is _neurons:
        return Block(f'<g transform="rotate(90 {cx:.1f} {cy:.1f})">{body.svg}</g>', body.height, body.width)
    return body


def input_block(input_shape: tuple[int, ...], cx: float, cy: float, scale: float = 1.0) -> Block:
    """A picture on sheets, one for each colour channel."""
    side = 1.06 * sheet_side(input_shape[1]) * scale
    depth = 2 * _OFFSET * scale
    x, y = cx - (side + depth) / 2, cy - (side - depth) / 2
    parts = []
    for index, colour in ((2, "#7a9cc6"), (1, "#8fb996")):
        shift = index * _OFFSET * scale
        parts.append(_rect(x + shift, y - shift, side, side, 2.5, f'fill="{colour}"'))
        parts.append(_rect(x + shift, y - shift, side, side, 2.5, 'class="tl-gap"'))
    parts.append(glyphs.picture(x, y, side))
    parts.append(_rect(x, y, side, side, 2.5, 'class="tl-gap"'))
    return Block("".join(parts), side + depth, side + depth)
