"""A run that goes on, live: the browser asks for its state by itself, so that nothing of the page is drawn again meanwhile.

The page is drawn again once, when the run is over. What this spares the server is in docs/speed.md.
"""

import hashlib
import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from frame.components import with_plotly
from frame.glossary import as_html
from frame.outage import outage_text
from frame.run_drawings import run_figures, run_layers
from frame.run_fitting import fitting_now
from frame.run_status import lines, standing
from frame.services import VISITOR_COOKIE, get_engine, get_events, get_store, owner
from tl_core.errors import RunNotFound
from tl_core.language import ENGLISH, LANGUAGES, _, language, mark, speaking
from tl_core.store import Run

NO_LAYERS = mark("The layers are drawn as soon as the network is ready.")
MOST_OVERLAID = 20
CROWD, CROWD_SECONDS = 30, 2.0  # above so many answers a second, over so many seconds, browsers ask half as often
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_JS = Path(__file__).parent / "js"
_BAR = """<div class="tl-live-bar"><p></p><div role="progressbar" aria-valuemin="0" aria-valuemax="100"><i></i></div></div>
<div class="tl-live-lines"></div>"""
_VIEW = """<div class="tl-live">
<div><div class="tl-plot" data-metric="accuracy"></div><div class="tl-plot" data-metric="loss"></div><p role="status"></p></div>
<div><div class="tl-drawing"><div class="tl-wide"></div><div class="tl-tall"></div></div><div class="tl-told"></div></div>
</div>"""


_bar = st.components.v2.component(
    "tl_live_bar",
    html=_BAR,
    css=(_JS / "live.css").read_text(),
    js=with_plotly("live.js", "live_bar.js"),
    isolate_styles=False,
)
_view = st.components.v2.component(
    "tl_live_view",
    html=_VIEW,
    css=(_JS / "drawing.css").read_text(),
    js=with_plotly("plot.js", "live.js", "live_view.js"),
    isolate_styles=False,
)


def show_live(run: Run, others: Sequence[str]) -> None:
    """A run of the visitor's that waits or runs; `others` are ids of runs whose curves are laid over it."""
    dark = st.context.theme.type == "dark"
    query = {"lang": language(), "dark": int(dark), "with": ",".join(other for other in others if other != run.id)}
    data = {"url": f"live/{run.id}?{urlencode(query)}", "label": _("How far the run is")}
    bar, button = st.columns([8, 1], vertical_alignment="top")
    with bar:
        _bar(data=data, key=f"live_bar_{run.id}", on_over_change=_nothing)
    if run.owner == owner():
        button.button(_("Stop"), key="stop", on_click=get_engine().cancel, args=(run.id,), width="stretch")
    _view(data=data, key=f"live_view_{run.id}")


def _nothing() -> None:
    """The page is drawn again by what has called this."""


class _Kept:
    """The latest answers, so that those who watch the same run in the same language share one; and how many were asked for."""

    def __init__(self, most: int = 200):
        self._most = most
        self._bodies: OrderedDict[tuple, tuple[str, bytes]] = OrderedDict()
        self._asked: list[float] = []
        self._lock = threading.Lock()

    def get(self, key: tuple, version: str) -> bytes | None:
        with self._lock:
            found = self._bodies.get(key)
        return found[1] if found is not None and found[0] == version else None

    def put(self, key: tuple, version: str, body: bytes) -> None:
        with self._lock:
            self._bodies[key] = version, body
            self._bodies.move_to_end(key)
            while len(self._bodies) > self._most:
                self._bodies.popitem(last=False)

    def is_crowd(self) -> bool:
        """Whether many are watching at this moment; counts this one."""
        now = time.monotonic()
        with self._lock:
            self._asked = [when for when in self._asked if now - when < CROWD_SECONDS] + [now]
            return len(self._asked) > CROWD * CROWD_SECONDS


_kept = _Kept()


def answer(request: Request) -> Response:
    """`GET /live/RUN?lang=en&dark=0&with=RUN,RUN&known=VERSION`: the state of a run, for its owner alone, who is known by the
    cookie; 204 while it is still the version that is known. Everything said of a run that is not there or somebody else's is 404.
    """
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    query = request.query_params
    code = query.get("lang", ENGLISH)
    dark = query.get("dark") == "1"
    with speaking(code if code in LANGUAGES else ENGLISH):
        try:
            run = _own(request.path_params["run_id"], visitor)
            wanted = [name for name in query.get("with", "").split(",") if name][:MOST_OVERLAID]
            others = [_own(name, visitor) for name in wanted]
            events = get_events().of(run.id)
            overlaid = [(one, get_events().of(one.id)) for one in others]
        except RunNotFound:
            return Response(status_code=404, headers=_NO_STORE)
        except DBAPIError as error:
            return JSONResponse({"error": outage_text(error)}, 503, _NO_STORE)
        share, text = standing(run, events)
        said = lines(run, events)
        version = _digest([run.status, len(events), share, text, said, [len(theirs) for _one, theirs in overlaid]])
        headers = {**_NO_STORE, "X-Version": version, "X-Crowd": str(int(_kept.is_crowd()))}
        if version == query.get("known"):
            return Response(status_code=204, headers=headers)
        key = run.id, code, dark, *wanted
        body = _kept.get(key, version)
        if body is None:
            body = json.dumps(live_state(run, events, overlaid, dark, share, text, said)).encode()
            _kept.put(key, version, body)
    return Response(body, media_type="application/json", headers=headers)


def live_state(
    run: Run,
    events: list[dict[str, Any]],
    overlaid: Sequence[tuple[Run, list[dict[str, Any]]]],
    dark: bool,
    share: float,
    text: str,
    said: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """What the two components draw. Of an ended run nothing but that: the page is drawn again then."""
    if not run.active:
        return {"over": True}
    layers = run_layers(events)
    (wide, tall), caption = layers or (("", ""), _(NO_LAYERS))
    return {
        "over": False,
        "share": share,
        "text": text,
        "lines": [{"kind": kind, "text": words} for kind, words in said],
        "plots": {
            metric: {"figure": figure, "alt": alt} for metric, figure, alt in run_figures(run, events, overlaid, dark)
        },
        "fitting": fitting_now(events),
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


def _digest(value: Any) -> str:
    return hashlib.blake2s(json.dumps(value).encode(), digest_size=8).hexdigest()
