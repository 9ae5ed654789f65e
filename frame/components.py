"""What is drawn in the browser: SVG drawings that can be clicked, and live Plotly curves that keep zoom and legend."""

import shutil
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import streamlit as st

from frame.browser import browser_part
from frame.services import VISITOR_COOKIE
from tl_core.paths import ROOT

_JS = Path(__file__).parent / "js"
DRAWING_HTML = '<div class="tl-drawing"><div class="tl-wide"></div><div class="tl-tall"></div></div>'


def with_plotly(*names: str) -> str:
    """The script of a component that draws with Plotly: the loader, then the files of these names."""
    return "".join((_JS / name).read_text() for name in ("plotly.js", *names))


_drawing = browser_part(
    "tl_drawing", html=DRAWING_HTML, css=(_JS / "drawing.css").read_text(), js=(_JS / "drawing.js").read_text()
)
_live_plot = browser_part(
    "tl_live_plot", html='<div class="tl-plot"></div>', js=with_plotly("plot.js", "live_plot.js"), isolate_styles=False
)
_visitor = browser_part("tl_visitor", html="<span></span>\n", js=with_plotly("address.js", "visitor.js"))


def drawing(
    wide: str,
    tall: str = "",
    *,
    key: str,
    on_pick: Callable[[], None] | None = None,
    at: Mapping[str, float] | None = None,
) -> None:
    """Show an SVG; `tall` takes its place where there is little width.

    `on_pick` is called after a click, which is then in `picked(key)`. `at`: what the sliders said when it was drawn, for a
    drawing that the browser lets follow them.
    """
    data = {"wide": wide, "tall": tall, "pickable": on_pick is not None, "at": dict(at) if at else None}
    _drawing(data=data, key=key, on_pick_change=on_pick or only_draw)


def picked(key: str) -> tuple[float, float] | None:
    """Where the drawing was clicked: fractions (x, y) of its width and height, y downwards."""
    pick = (st.session_state.get(key) or {}).get("pick")
    return (float(pick["x"]), float(pick["y"])) if pick else None


def live_plot(figure: dict[str, Any], *, alt: str, key: str) -> None:
    """Show a Plotly figure given as a dict; a new figure under the same key updates it in place."""
    _live_plot(data={"figure": figure, "alt": alt}, key=key)


def remember_visitor(owner: str, draws: bool) -> None:
    """Keep the visitor's random number in a cookie of this site, and get ready what curves are drawn with.

    `draws`: whether this page may soon have curves.
    """
    _visitor(data={"name": VISITOR_COOKIE, "value": owner, "draws": draws}, key="tl_visitor", height=1)


@st.cache_resource
def provide_plotly() -> None:
    """Put plotly.min.js, which the Plotly package brings, where the server's static files are."""
    source = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
    target = ROOT / "static" / "plotly.min.js"
    if not target.exists() or target.stat().st_size != source.stat().st_size:
        target.parent.mkdir(exist_ok=True)
        temporary = target.with_suffix(".part")
        shutil.copyfile(source, temporary)
        temporary.replace(target)


def only_draw() -> None:
    """What a component calls that wants the page to be drawn again, which it is by the call itself."""
