"""What the marks of the map of who won mean."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from tl_core.language import _
from tl_core.recipe_marks import in_order, mark_of, recipe_title
from tl_core.rule_cells import Cell

_STRIPES = "repeating-linear-gradient(45deg, {} 0 2px, transparent 2px 6px)"
_DOTS = "radial-gradient({} 1.1px, transparent 1.3px) 0 0 / 6px 6px"
_PATTERNS = {
    "solid": "",
    "stripes": _STRIPES.format("rgba(255,255,255,.5)"),
    "dots": _DOTS.format("rgba(255,255,255,.55)"),
}
_HATCH = _STRIPES.format("color-mix(in srgb, currentColor 22%, transparent)")

_STYLE = """<style>
.tl-legend { display: flex; flex-wrap: wrap; gap: 0.35rem 1.1rem; font-size: 0.9rem; margin: 0 !important; padding: 0 !important;
  list-style: none !important; }
.tl-legend li { display: flex; align-items: center; gap: 0.45rem; margin: 0 !important; padding: 0 !important; }
.tl-legend b { flex: none; display: inline-flex; align-items: center; justify-content: center; min-width: 26px; height: 22px;
  border-radius: 5px; font-size: 13px; box-sizing: border-box; }
.tl-legend b.tl-open { border: 1.3px dashed currentColor; padding: 0 4px; }
.tl-legend b.tl-cross { border: 1.5px solid currentColor; border-radius: 50%; min-width: 18px; width: 18px; height: 18px; }
</style>"""


def show_legend(cells: Sequence[Cell]) -> None:
    """A line of words for each mark that can be on the map."""
    items = []
    for name in in_order({result.recipe for cell in cells for result in cell.verdict.results}):
        mark = mark_of(name)
        layers = ", ".join(filter(None, (_PATTERNS[mark.pattern], f"{mark.colour}")))
        style = f"background: {layers}; color: {mark.on_colour}"
        items.append(f'<b style="{style}">{mark.code}</b>{escape(recipe_title(name))}')
    tied, nothing = _("within noise: these cannot be told apart"), _("nothing can be told apart")
    beaten = _("the rule's recipe is clearly beaten")
    items.append(f'<b class="tl-open" style="background: {_HATCH}">1·3</b>{escape(tied)}')
    behind = _("within noise, all but these")
    items.append(f'<b class="tl-open" style="background: {_HATCH}">−1·4</b>{escape(behind)}')
    items.append(f'<b class="tl-open" style="background: {_HATCH}">=</b>{escape(nothing)}')
    items.append(f'<b class="tl-cross">×</b>{escape(beaten)}')
    rows = "".join(f"<li>{item}</li>" for item in items)
    label = escape(_("Legend of the map"))
    st.html(f'{_STYLE}<ul class="tl-legend" aria-label="{label}">{rows}</ul>')
