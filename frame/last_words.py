"""What a script has drawn last is not lost when a part of the page is asked for at that very moment.

What a script draws waits in a queue until the server's events loop takes it. When a fragment is asked for after a script has
ended and before its queue is empty, Streamlit 1.67 begins a new script and throws the rest of the queue away: in a class of
thirty, when the loop is late, whole pages stay empty. Here the request waits until the queue is empty, and those after it wait
behind it.

A click on a fragment that a later run has drawn elsewhere is dropped by Streamlit too; here the whole page is drawn for it.

This touches private names of Streamlit, so requirements.txt names the one minor version it was written for, and
tests/app/test_last_words.py fails where they have changed.
"""

import asyncio
import time
from collections import deque

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

LONGEST_WAIT = 2.0  # seconds; a script that has ended says so well within
LOOK_EVERY = 0.005  # seconds

_request_rerun = AppSession.request_rerun


def install() -> None:
    """For all sessions of this server; again does nothing."""
    AppSession.request_rerun = _request_in_turn


def _request_in_turn(session: AppSession, client_state: ClientState | None) -> None:
    waiting = session.__dict__.setdefault("_tl_waiting", deque())
    waiting.append((time.monotonic() + LONGEST_WAIT, client_state))
    if len(waiting) == 1:
        _serve(session, waiting)


def _serve(session: AppSession, waiting: deque[tuple[float, ClientState | None]]) -> None:
    while waiting:
        until, client_state = waiting[0]
        if client_state is not None and client_state.fragment_id:
            if _has_unsent(session) and time.monotonic() < until:
                asyncio.get_running_loop().call_later(LOOK_EVERY, _serve, session, waiting)
                return
            if not client_state.is_auto_rerun and not session.has_fragment(client_state.fragment_id):
                client_state.fragment_id = ""
        waiting.popleft()
        try:
            _request_rerun(session, client_state)
        except BaseException:  # Streamlit shows it; those behind it still get their turn
            if waiting:
                asyncio.get_running_loop().call_soon(_serve, session, waiting)
            raise


def _has_unsent(session: AppSession) -> bool:
    """Whether its script has ended, and the last event of it, which takes the script away, still waits in the queue."""
    script = session._scriptrunner
    return script is not None and script._requests._state is ScriptRequestType.STOP
