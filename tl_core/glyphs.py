"""The icons and little pictures of the diagram as SVG shapes of our own: no emoji, no icon font."""

from tl_core.palette import MARKS
from tl_core.plan import LayerState

# Each icon lives in a 24 x 24 box and is drawn in `currentColor`.
_LINE = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
ICONS = {
    "lock": (
        f'<path d="M7.6 11V7.9a4.4 4.4 0 0 1 8.8 0V11" {_LINE} stroke-width="2.4"/>'
        '<path fill="currentColor" fill-rule="evenodd" d="M6.5 10.4h11a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-11a2 2 0 0 1-2-2v-7'
        'a2 2 0 0 1 2-2zM12 13.3a1.7 1.7 0 0 0-.9 3.1v2.1h1.8v-2.1a1.7 1.7 0 0 0-.9-3.1z"/>'
    ),
    "flame": (
        '<path fill="currentColor" fill-rule="evenodd" d="M12.9 1.8c.5 3.5 2 5 3.6 6.9 1.5 1.8 2.5 3.4 2.5 5.9a7 7 0 0 1-14 0'
        "c0-2.3 1-4.1 2.2-5.5.3 1.5 1 2.4 1.9 2.8C8.7 7.8 9.8 4.4 12.9 1.8z"
        'M12.1 12.6c-1.5 1.5-2.6 2.7-2.6 4.3a2.6 2.6 0 0 0 5.2 0c0-1.6-1.3-2.6-2.6-4.3z"/>'
    ),
    "dice": (
        '<g transform="rotate(-10 12 12)">'
        f'<rect x="3.6" y="3.6" width="16.8" height="16.8" rx="3.6" {_LINE} stroke-width="2.2"/>'
        + "".join(
            f'<circle cx="{x}" cy="{y}" r="1.75" fill="currentColor"/>'
            for x, y in ((8.1, 8.1), (15.9, 8.1), (12, 12), (8.1, 15.9), (15.9, 15.9))
        )
        + "</g>"
    ),
    "plus": f'<path d="M12 4.5v15M4.5 12h15" {_LINE} stroke-width="3.6"/>',
    "scissors": (
        f'<g {_LINE} stroke-width="2"><circle cx="5.8" cy="6.4" r="3"/><circle cx="5.8" cy="17.6" r="3"/>'
        '<path d="M8.3 8.2L21.5 17.2M8.3 15.8L21.5 6.8"/></g>'
    ),
}

# What a layer detects, drawn on the front sheet: a 100 x 100 box, lines only.
_DETECTS = (
    (("edge", "colour", "color"), '<path d="M18 82L52 18M40 86L74 22M62 88L90 36"/>'),
    (
        ("texture", "pattern"),
        '<path d="M12 30q9.5-14 19 0t19 0 19 0 19 0M12 54q9.5-14 19 0t19 0 19 0 19 0M12 78q9.5-14 19 0t19 0 19 0 19 0"/>',
    ),
    (
        ("shape", "corner", "curve", "contour"),
        '<circle cx="34" cy="36" r="19"/><path d="M66 44L90 86H42z"/>',
    ),
    (
        ("part", "object", "higher", "feature", "whole", "animal"),
        '<path d="M26 46L22 16l22 14h14L80 16l-4 30c4 26-10 40-25 40S22 72 26 46z"/>'
        '<path d="M40 52v3M62 52v3M46 68l5 4 5-4"/>',
    ),
)


def icon(name: str, x: float, y: float, size: float, colour: str, turn: float = 0) -> str:
    """The icon `name` centred on (x, y), `size` units high, turned by `turn` degrees."""
    scale = size / 24
    return (
        f'<g class="tl-icon" data-icon="{name}" style="color:{colour}" '
        f'transform="translate({x:.1f} {y:.1f}) rotate({turn:g}) scale({scale:.3f}) translate(-12 -12)">{ICONS[name]}</g>'
    )


def badge_width(state: LayerState, size: float) -> float:
    return size * (1.72 if len(MARKS[state].icons) > 1 else 1)


def badge(state: LayerState, x: float, y: float, size: float) -> str:
    """The mark of `state`, a disc (a pill for two icons) with its left end at `x`, centred on the line `y`."""
    mark = MARKS[state]
    width = badge_width(state, size)
    if state == "sliced":
        return icon("scissors", x + width / 2, y, size * 0.84, mark.colour)
    parts = [
        f'<rect x="{x:.1f}" y="{y - size / 2:.1f}" width="{width:.1f}" height="{size:.1f}" rx="{size / 2:.1f}" '
        f'fill="{mark.colour}"/>'
    ]
    for index, name in enumerate(mark.icons):
        centre = x + size / 2 + index * size * 0.72
        scale = 0.5 if name == "plus" else 0.66
        parts.append(icon(name, centre, y, size * scale, mark.on_colour))
    return "".join(parts)


def detects_glyph(detects: str, x: float, y: float, size: float, colour: str) -> str:
    """A line drawing of what a layer detects in the square at (x, y); nothing where the words are not known."""
    words = detects.lower()
    for keys, drawing in _DETECTS:
        if any(key in words for key in keys):
            return (
                f'<g transform="translate({x:.1f} {y:.1f}) scale({size / 100:.3f})" fill="none" stroke="{colour}" '
                f'stroke-width="{220 / size:.2f}" stroke-linecap="round" stroke-linejoin="round" opacity="0.9">{drawing}</g>'
            )
    return ""


def picture(x: float, y: float, size: float) -> str:
    """A small landscape, the stand-in for an input image, in the square at (x, y)."""
    return (
        f'<g transform="translate({x:.1f} {y:.1f}) scale({size / 100:.3f})">'
        '<rect width="100" height="100" rx="5" fill="#dcebf5"/><circle cx="70" cy="29" r="12" fill="#f2c14e"/>'
        '<path d="M0 74L31 40 54 67 69 52 100 82V95a5 5 0 0 1-5 5H5a5 5 0 0 1-5-5z" fill="#8fa9b8"/>'
        '<path d="M0 84Q26 68 52 80T100 76V95a5 5 0 0 1-5 5H5a5 5 0 0 1-5-5z" fill="#6d8f78"/></g>'
    )
