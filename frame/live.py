"""What goes on, live: the browser asks for its state by itself, so that nothing of the page is drawn again meanwhile.

The page is drawn again when it is over. What this spares the server is in docs/speed.md.
"""

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from frame.browser import browser_part
from frame.components import only_draw, with_plotly
from frame.outage import outage_text
from frame.services import VISITOR_COOKIE
from tl_core.errors import RunNotFound
from tl_core.language import ENGLISH, LANGUAGES, language, speaking
from tl_core.races import RaceNotFound

CROWD, CROWD_SECONDS = 30, 2.0  # above so many answers a second, over so many seconds, browsers ask half as often
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_JS = Path(__file__).parent / "js"
_BAR = """<div class="tl-live-bar"><p></p><div role="progressbar" aria-valuemin="0" aria-valuemax="100"><i></i></div></div>
<div class="tl-live-lines"></div>"""

_bar = browser_part(
    "tl_live_bar",
    html=_BAR,
    css=(_JS / "live.css").read_text(),
    js=with_plotly("live.js", "live_bar.js"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Live:
    """What one answer is made of.

    - `version`: JSON that is equal as long as there is nothing new.
    - `shared_by`: who may have the same answer: all who look at the same, in the same way.
    - `draw`: the answer. `over`: nothing more will come; `done`: how many parts are over, each of which draws the page again;
      `share`, 0..1, and `text`: where it stands; `lines`: what else must be known; the rest is for the view.
    """

    version: list[Any]
    shared_by: tuple
    draw: Callable[[], dict[str, Any]]


def live_view(name: str, html: str) -> Callable[..., Any]:
    """A component that draws what is live: Plotly figures in `.tl-plot`, and the diagram and the words where it has places for
    them. Made once, when a module is imported."""
    return browser_part(
        name,
        html=html,
        css="".join((_JS / name).read_text() for name in ("drawing.css", "live.css")),
        js=with_plotly("plot.js", "live.js", "live_view.js"),
        isolate_styles=False,
    )


def live_address(path: str, **query: str) -> str:
    """Where the state is asked for, in the visitor's language and colours."""
    dark = int(st.context.theme.type == "dark")
    return f"live/{path}?{urlencode({'lang': language(), 'dark': dark, **query})}"


def show_bar(address: str, label: str, key: str, done: int = 0) -> None:
    """How far it is. `done`: of how many parts the page shows already that they are over."""
    pressed = st.session_state.get("live_pressed", 0)
    _bar(
        data={"url": address, "label": label, "done": done, "pressed": pressed},
        key=f"live_bar_{key}",
        on_over_change=only_draw,
    )


def press(what: Callable[..., Any], *args: Any) -> None:
    """For a button beside the bar: does it, and has the browser ask at once how that went."""
    st.session_state.live_pressed = st.session_state.get("live_pressed", 0) + 1
    what(*args)


def answer(request: Request, look: Callable[[str, str, bool, Request], Live]) -> Response:
    """`GET /live/...?lang=en&dark=0&known=VERSION`: 204 while it is still the version that is known. `quick=1`: of somebody who
    has just pressed something, and asks so often for a moment only.

    `look(visitor, language, dark, request)`: what is there for the visitor, who is known by the cookie. Everything said of what
    is not there or somebody else's is 404.
    """
    query = request.query_params
    code = query.get("lang", ENGLISH)
    code = code if code in LANGUAGES else ENGLISH
    with speaking(code):
        try:
            found = look(request.cookies.get(VISITOR_COOKIE, ""), code, query.get("dark") == "1", request)
        except (RunNotFound, RaceNotFound):
            return Response(status_code=404, headers=_NO_STORE)
        except DBAPIError as error:
            return JSONResponse({"error": outage_text(error)}, 503, _NO_STORE)
        version = hashlib.blake2s(json.dumps(found.version).encode(), digest_size=8).hexdigest()
        headers = {**_NO_STORE, "X-Version": version, "X-Crowd": str(int(_kept.is_crowd(query.get("quick") != "1")))}
        if version == query.get("known"):
            return Response(status_code=204, headers=headers)
        body = _kept.get(found.shared_by, version)
        if body is None:
            body = json.dumps(found.draw()).encode()
            _kept.put(found.shared_by, version, body)
    return Response(body, media_type="application/json", headers=headers)


class _Kept:
    """The latest answers, so that those who watch the same in the same language share one; and how many were asked for."""

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

    def is_crowd(self, counts: bool) -> bool:
        """Whether many are watching at this moment; `counts`: this one too."""
        now = time.monotonic()
        with self._lock:
            self._asked = [when for when in self._asked if now - when < CROWD_SECONDS] + [now] * counts
            return len(self._asked) > CROWD * CROWD_SECONDS


_kept = _Kept()
