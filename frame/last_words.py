"""No picture, no word and no click is lost when a page is asked for again while it is still being drawn.

Streamlit 1.67 loses some of them, seldom on a quiet server, and for one visitor in sixty when a class of thirty makes it late:

- What a script draws waits in a queue until the server's events loop takes it. When a fragment is asked for after a script has
  ended and before its queue is empty, the rest of the queue is thrown away: the page stays half empty. Here the request waits.
- When the page is asked for twice before the first script has begun, the first request is dropped with the click that was in it.
  Here the second waits a moment. A page that is to be drawn again because something has happened (`frame.wake`, a run that is
  over) waits until no script runs, or until the visitor asks for something, whichever comes first.
- A click on a fragment that a later run has drawn elsewhere is dropped. Here the whole page is drawn for it.
- Who goes to another page is led back when something on the page before asks in the moment until the other one is there, for it
  asks for its own page. Here what asks by itself is not heard then, and a click on a fragment draws the page that the visitor
  has gone to. (A click on what is no fragment cannot be told from one on a link, and still leads back.)

This touches private names of Streamlit, so requirements.txt names the one minor version it was written for, and
tests/app/test_last_words.py fails where they have changed.
"""

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

from frame.line import Line

BY_ITSELF = ("-tl_wake", "-live_bar_")  # parts of the names of components that ask without the visitor
LONGEST = 2.0  # seconds to wait for a script that has ended
BEGINNING = 0.3  # seconds to wait for one that has not begun
LOOK_EVERY = 0.005  # seconds
_WENT = "_tl_went"  # kept with a session: the page that was there when the visitor last asked for one, and the one asked for

_request_rerun = AppSession.request_rerun
_line = Line()


@dataclass
class _Request:
    client_state: ClientState | None
    hurried: bool
    since: float = field(default_factory=time.monotonic)
    in_line: bool = False


def install() -> None:
    """For all sessions of this server; again does nothing."""
    AppSession.request_rerun = _request_in_turn


def _request_in_turn(session: AppSession, client_state: ClientState | None) -> None:
    first = "_tl_waiting" not in session.__dict__
    waiting = session.__dict__.setdefault("_tl_waiting", deque())
    # at most one that is by itself waits, as the last; nothing is lost with it, for it is asked for again
    if waiting and _is_by_itself(waiting[-1].client_state):
        if _is_part(client_state) and client_state.is_auto_rerun:
            return  # the whole page is drawn soon
        waiting.pop()
    waiting.append(_Request(client_state, hurried=not first and not _is_by_itself(client_state)))
    if len(waiting) == 1:
        _serve(session, waiting)


def _serve(session: AppSession, waiting: deque[_Request]) -> None:
    while waiting:
        now = waiting[0]
        if now.in_line:
            return
        if time.monotonic() - now.since < _patience(session, now.client_state):
            asyncio.get_running_loop().call_later(LOOK_EVERY, _serve, session, waiting)
            return
        if not now.hurried:
            now.in_line = now.hurried = True
            _line.stand(session, partial(_turn_has_come, session, waiting, now))
            return
        waiting.popleft()
        if _follow(session, now.client_state):
            _begin(session, waiting, now.client_state)


def _turn_has_come(session: AppSession, waiting: deque[_Request], request: _Request) -> None:
    request.in_line = False
    if any(other is request for other in waiting):
        _serve(session, waiting)


def _begin(session: AppSession, waiting: deque[_Request], client_state: ClientState | None) -> None:
    if _is_part(client_state) and not client_state.is_auto_rerun and not session.has_fragment(client_state.fragment_id):
        client_state.fragment_id = ""
    try:
        _request_rerun(session, client_state)
    except BaseException:  # Streamlit shows it; those behind it still get their turn
        if waiting:
            asyncio.get_running_loop().call_soon(_serve, session, waiting)
        raise


def _follow(session: AppSession, client_state: ClientState | None) -> bool:
    """Remember to which page the visitor goes, and turn a click on a part of a page that was left into one on the whole of that
    one. False for what asks by itself from a page that was left: it is not to be heard."""
    if client_state is None or not client_state.page_script_hash:
        return True
    page, here = client_state.page_script_hash, session._client_state.page_script_hash
    # of a page that was opened by its address, Streamlit knows only at the end of its first script which one it is
    is_known = here not in ("", session._pages_manager.main_script_hash)
    left, asked_for = session.__dict__.get(_WENT, ("", ""))
    if _is_by_itself(client_state):  # so no script runs, and `here` is the page that is seen
        return page == here or not is_known
    if not _is_part(client_state):
        session.__dict__[_WENT] = here, page
        return True
    has_gone_on = is_known and here not in (left, asked_for)  # a script has, by itself
    there = here if has_gone_on else asked_for
    if not asked_for or page == there:
        return True
    client_state.page_script_hash, client_state.fragment_id = there, ""
    return not client_state.is_auto_rerun


def _patience(session: AppSession, client_state: ClientState | None) -> float:
    """Seconds for which this request waits, as things stand."""
    script = session._scriptrunner  # taken away when the last thing it has drawn has been taken from the queue
    if script is None:
        return 0.0
    state = script._requests._state
    if _is_by_itself(client_state):
        return LONGEST if state is ScriptRequestType.STOP else math.inf
    if _is_part(client_state):
        return LONGEST if state is ScriptRequestType.STOP else 0.0
    return BEGINNING if state is ScriptRequestType.RERUN else 0.0


def _is_part(client_state: ClientState | None) -> bool:
    return client_state is not None and bool(client_state.fragment_id)


def _is_by_itself(client_state: ClientState | None) -> bool:
    """Whether a whole page is asked for, and not by the visitor."""
    if client_state is None or client_state.fragment_id or client_state.is_history_navigation:
        return False
    clicks = [one.id for one in client_state.widget_states.widgets if _is_click(one)]
    return bool(clicks) and all(any(part in click for part in BY_ITSELF) for click in clicks)


def _is_click(state) -> bool:
    kind = state.WhichOneof("value")
    return kind is not None and kind.endswith("trigger_value") and bool(getattr(state, kind))
