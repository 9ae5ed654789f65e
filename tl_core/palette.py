"""Every visual constant once: colours, words, fonts and sizes of the diagram, the map and the curves.

The state colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), told apart with every common kind of
colour blindness; a state also has its own icon, pattern and word, so nothing depends on colour alone.
"""

import re
from dataclasses import dataclass

from tl_core.language import mark
from tl_core.plan import LayerState


@dataclass(frozen=True)
class Mark:
    """How a layer state looks and what it is called.

    - `deep`: a shade of `colour` for borders where `color-mix` is not understood.
    - `on_colour`: icon colour with a contrast of at least 3:1 on `colour`.
    """

    word: str
    icons: tuple[str, ...]
    colour: str
    deep: str
    on_colour: str
    dots: bool = False
    border: float = 1.2


MARKS: dict[LayerState, Mark] = {
    "frozen": Mark(mark("frozen"), ("lock",), "#0072B2", "#004F7C", "#ffffff"),
    "pretrained": Mark(mark("re-trained"), ("flame",), "#009E73", "#00573F", "#ffffff", border=3.4),
    "random": Mark(mark("random, trained"), ("dice",), "#D55E00", "#963F00", "#ffffff", dots=True),
    "new": Mark(mark("new"), ("plus", "dice"), "#E69F00", "#8A5F00", "#1f2933", dots=True, border=3.4),
    "sliced": Mark(mark("sliced off"), ("scissors",), "#808a94", "#808a94", "#808a94"),
}

# Streamlit gives its components these variables; the fallbacks serve an exported SVG.
INK = "var(--st-text-color, #1f2933)"
PAPER = "var(--st-background-color, #ffffff)"
PANEL = "var(--st-secondary-background-color, #f0f2f6)"
BORDER = "var(--st-border-color, #c9ced6)"
FONT = 'var(--st-font, "Source Sans 3", "Source Sans", "Helvetica Neue", Arial, sans-serif)'
FONT_PLOTLY = '"Source Sans 3", "Source Sans", "Helvetica Neue", Arial, sans-serif'

# Plotly knows no CSS variables, so its figures are told whether the page is dark.
PLOT_INK = {False: "#1f2933", True: "#fafafa"}
PLOT_GRID = {False: "rgba(31, 41, 51, 0.12)", True: "rgba(250, 250, 250, 0.16)"}
PLOT_NEUTRAL = "#777c85"  # legible on white and on near-black, 4.2:1 and 4.5:1

# One colour a run. Without yellow, which is lost on white, and black, which is lost on a dark page.
CURVES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#7F7F7F")
CURVES_DARK = ("#4DA6DB", "#F0803C", "#2DBE93", "#DE9CC1", "#F2B632", "#8CCDF2", "#B39DD3", "#B0B0B0")
HELD_OUT_DASH = "dash"

SEQUENTIAL = ((0.0, "#f3f7fa"), (0.25, "#b8d6ea"), (0.5, "#5fa5cf"), (0.75, "#0072B2"), (1.0, "#003c5f"))

# Units of the diagram's 980-wide viewBox: at 700 px the small text is still 11 px high.
DIAGRAM_WIDTH = 980
TITLE_SIZE = 17.5
BODY_SIZE = 15.5
LINE = 19
# Units of the vertical diagram's 360-wide viewBox, drawn one to one on a phone.
PHONE_WIDTH = 360
PHONE_TITLE_SIZE = 15.5
PHONE_BODY_SIZE = 13.5
# The map is 520 wide and may be drawn at 340 px, where 18.5 units are 12 px.
MAP_TITLE_SIZE = 18.5
MAP_TICK_SIZE = 17

FIGURE_HEIGHT = 300  # px

_NARROW = set(" .,:;'|!iljtfrI()-\u2009\u00a0")
_WIDE = set("mwMW%@")


def curve_colour(index: int, dark: bool = False) -> str:
    """The colour of the run number `index`; starts again when there are more runs than colours."""
    colours = CURVES_DARK if dark else CURVES
    return colours[index % len(colours)]


def text_width(text: str, size: float) -> float:
    """Width of `text` at font size `size`, estimated on the wide side: nothing here can measure a font."""
    units = sum(0.31 if c in _NARROW else 0.86 if c in _WIDE else 0.68 if c.isupper() else 0.555 for c in text)
    return units * size


def wrap(text: str, size: float, width: float) -> list[str]:
    """`text` broken at spaces into lines no wider than `width`, where its words allow.

    A number at the end stays with its word if it can: "fully / connected 1", not "fully connected / 1".
    """
    glued = _break(re.sub(r" (\d\S*)$", "\u00a0\\1", text), size, width)
    fits = all(text_width(line, size) <= width for line in glued)
    return glued if fits else _break(text, size, width)


def _break(text: str, size: float, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
