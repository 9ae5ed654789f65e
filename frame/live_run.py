"""A run that goes on, live: its bar, its curves, its layers."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st
from starlette.requests import Request

from frame.components import DRAWING_HTML
from frame.glossary import as_html
from frame.live import Live, live_address, live_view, press, show_bar
from frame.run_drawings import run_figures, run_layers
from frame.run_fitting import fitting_now
from frame.run_status import lines, standing
from frame.services import get_engine, get_events, get_store, owner
from tl_core.errors import RunNotFound
from tl_core.language import _, mark
from tl_core.store import Run

NO_LAYERS = mark("The layers are drawn as soon as the network is ready.")
_RING = mark("The ring in the curves marks the best epoch; a finished run keeps its weights.")
_HOLLOW = mark("A hollow point in the curves is the epoch that goes on, as far as it has come.")
MOST_OVERLAID = 20
_VIEW = f"""<div class="tl-live">
<div><div class="tl-plot" data-metric="accuracy"></div><div class="tl-plot" data-metric="loss"></div><p role="status"></p></div>
<div>{DRAWING_HTML}<div class="tl-told"></div></div>
</div>"""
_view = live_view("tl_live_view", _VIEW)


def show_live(run: Run, others: Sequence[str]) -> None:
    """A run of the visitor's that waits or runs; `others` are ids of runs whose curves are laid over it."""
    address = live_address(run.id, **{"with": ",".join(other for other in others if other != run.id)})
    bar, button = st.columns([8, 1], vertical_alignment="top")
    with bar:
        show_bar(address, _("How far the run is"), run.id)
    if run.owner == owner():
        button.button(_("Stop"), key="stop", on_click=press, args=(get_engine().cancel, run.id), width="stretch")
    _view(data={"url": address}, key=f"live_view_{run.id}")


def show_over(run: Run, events: list[dict[str, Any]], overlaid: Sequence[tuple[Run, list[dict[str, Any]]]]) -> None:
    """Curves and layers of a run that is over, where they were while it went on."""
    dark = st.context.theme.type == "dark"
    _view(data={"state": _drawn(run, events, overlaid, dark)}, key=f"live_view_{run.id}")


def look(visitor: str, code: str, dark: bool, request: Request) -> Live:
    """For `/live/RUN?with=RUN,RUN`, of which all must be the visitor's own. Raises `RunNotFound`."""
    run = _own(request.path_params["run_id"], visitor)
    wanted = [name for name in request.query_params.get("with", "").split(",") if name][:MOST_OVERLAID]
    others = [_own(name, visitor) for name in wanted]
    events = get_events().of(run.id)
    overlaid = [(one, get_events().of(one.id)) for one in others]
    so_far = get_engine().so_far(run.id)
    if so_far is not None and any(event["event"] == "epoch" and event["epoch"] >= so_far["epoch"] for event in events):
        so_far = None  # that epoch is over
    share, text = standing(run, events)
    said = lines(run, events)
    return Live(
        [run.status, len(events), share, text, said, so_far, [len(theirs) for _one, theirs in overlaid]],
        ("run", run.id, code, dark, *wanted),
        lambda: live_state(run, events, overlaid, dark, share, text, said, so_far),
    )


def live_state(
    run: Run,
    events: list[dict[str, Any]],
    overlaid: Sequence[tuple[Run, list[dict[str, Any]]]],
    dark: bool,
    share: float,
    text: str,
    said: Sequence[tuple[str, str]],
    so_far: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the two components draw. Of an ended run nothing but how it ended: the page is drawn again then."""
    if not run.active:
        return {"over": True, "share": share, "text": text}
    return {
        "over": False,
        "share": share,
        "text": text,
        "lines": [{"kind": kind, "text": words} for kind, words in said],
        **_drawn(run, events, overlaid, dark, so_far),
    }


def _drawn(
    run: Run,
    events: list[dict[str, Any]],
    overlaid: Sequence[tuple[Run, list[dict[str, Any]]]],
    dark: bool,
    so_far: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Curves and layers, and the words about them."""
    (wide, tall), caption = run_layers(events) or (("", ""), _(NO_LAYERS))
    if wide:
        caption += "\n\n" + _(_HOLLOW if run.active else _RING)
    return {
        "plots": {
            metric: {"figure": figure, "alt": alt}
            for metric, figure, alt in run_figures(run, events, overlaid, dark, so_far)
        },
        "fitting": "" if run.status == "finished" else fitting_now(events),
        "wide": wide,
        "tall": tall,
        "caption": as_html(escape(caption)),
    }


def _own(run_id: str, visitor: str) -> Run:
    """Raises `RunNotFound` for a run of somebody else's too."""
    if not re.fullmatch("[0-9a-f]{32}", run_id) or not visitor:
        raise RunNotFound("")
    run = get_store().get_run(run_id)
    if run.owner != visitor:
        raise RunNotFound("")
    return run
