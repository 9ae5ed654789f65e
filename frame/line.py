"""Who waits when many pages are to be drawn at once.

Python draws one page at a time. When thirty begin together, each becomes thirty times slower, and so does the page of somebody
who has only moved a slider. So pages that have just been opened, and those that are drawn again because something has happened,
stand in line and are drawn a few at a time; all of them together are there no later, most of them sooner. A page whose visitor
has done something never waits here.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from streamlit.runtime.app_session import AppSession

AT_ONCE = 2  # more than one, for a script may wait for an answer
LONGEST = 5.0  # seconds
LOOK_EVERY = 0.01  # seconds


class Line:
    """All of it happens in the server's events loop."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, AppSession, Callable[[], None]]] = deque()
        self._drawn: list[AppSession] = []
        self._looking = False

    def stand(self, session: AppSession, begin: Callable[[], None]) -> None:
        """Call `begin` when it is this session's turn, at once where there is no line."""
        self._waiting.append((time.monotonic(), session, begin))
        if not self._looking:
            self._look()

    def _look(self) -> None:
        self._drawn = [session for session in self._drawn if session._scriptrunner is not None]
        self._looking = False
        while self._waiting:
            since, session, begin = self._waiting[0]
            if len(self._drawn) >= AT_ONCE and time.monotonic() - since < LONGEST:
                break
            self._waiting.popleft()
            try:
                begin()
            except BaseException:  # told to whoever has asked; the others still get their turn
                self._look_again()
                raise
            self._drawn.append(session)
        self._look_again()

    def _look_again(self) -> None:
        if self._waiting:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)
