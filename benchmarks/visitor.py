"""A visitor without a browser: speaks Streamlit's websocket protocol, so that sixty of them fit on the machine they measure."""

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

_ENOUGH = 2**26  # bytes of one message
_PATIENCE = 5.0  # seconds
_LIVE = re.compile(rb'"url": ?"(live/[^"]+)"')  # what the components of a run that goes on ask for: frame/js/live.js
_OFTEN, _SELDOM = 0.5, 1.0  # seconds, as there
_NEWS = re.compile(rb'"url": ?"(news/[^"]+)", ?"seconds": ?([0-9.]+)')  # what a page waits for: frame/js/wake.js
_SLOWER, _SLOWEST = 1.25, 5.0  # as there
_EVENTS = {"tl_live_bar": "over", "tl_wake": "news"}  # what these components say that has happened


@dataclass
class Visitor:
    """Opens pages, presses buttons, runs the fragments that the page asks to be run again, and asks for the state of a run that
    goes on, as a browser does.

    - `answers`: seconds from asking for a fragment, or for the state of a run, until it is there.
    - `said`: the bytes of the page's last full run and of every fragment since, as they came.
    - `errors`: exceptions that the page has shown, and runs that did not end well.
    """

    url: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    answers: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._forget()
        self.socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task] = []

    def _forget(self) -> None:
        self.said = b""
        self.buttons: dict[str, str] = {}
        self._components: dict[str, str] = {}
        self._timers: dict[str, asyncio.Task] = {}
        self._asked: dict[str, float] = {}
        self._page_hash = ""
        self._live: tuple[str, asyncio.Task] | None = None
        self._news: asyncio.Task | None = None
        self.drawn = asyncio.Event()

    async def open(self, page: str, query: str) -> None:
        """Load a page, and wait until it has been drawn for the first time."""
        await self.leave()
        self._forget()
        self.socket = await connect(
            f"ws{self.url.removeprefix('http')}/_stcore/stream", subprotocols=["streamlit"], max_size=_ENOUGH,
            additional_headers={"Cookie": f"tl_visitor={self.id}"}, origin=self.url, open_timeout=60,
        )  # fmt: skip
        self._place = page, query
        self._tasks = [asyncio.create_task(self._listen())]
        await self._ask()
        await asyncio.wait_for(self.drawn.wait(), 120)

    async def leave(self) -> None:
        for task in (*self._tasks, *self._timers.values(), *(self._live or ())[1:], self._news):
            if task is not None:
                task.cancel()
        self._live = self._news = None
        self._tasks = []
        if self.socket is not None:
            await self.socket.close()
            self.socket = None

    async def press(self, label: str) -> None:
        """Press the button with this label, once it can be pressed."""
        await self.until(lambda: label in self.buttons)
        await self._ask(trigger=self.buttons[label])

    async def until(self, condition, seconds: float = 300.0) -> None:
        end = time.perf_counter() + seconds
        while not condition():
            if time.perf_counter() > end:
                raise TimeoutError(self.said[-300:])
            await asyncio.sleep(0.02)

    async def _ask(self, trigger: str = "", fragment: str = "", heard_by: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        page, state.query_string = self._place
        if self._page_hash:
            state.page_script_hash = self._page_hash
        else:
            state.page_name = page
        state.context_info.url = f"{self.url}/{page}?{state.query_string}"
        state.context_info.locale = "en"
        if trigger:
            state.widget_states.widgets.add(id=trigger, trigger_value=True)
        if heard_by in self._components:
            trigger = f"$$STREAMLIT_INTERNAL_KEY_{self._components[heard_by]}__events"
            heard = json.dumps([{"event": _EVENTS[heard_by], "value": True}])
            state.widget_states.widgets.add(id=trigger, json_trigger_value=heard)
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
            self._asked[fragment] = time.perf_counter()
        await self.socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        now: list[str] = []
        async for raw in self.socket:
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                now = list(message.metadata.run.fragment_ids)
                if not now:
                    for timer in self._timers.values():
                        timer.cancel()
                    self._timers, self.buttons, self.said = {}, {}, b""
                    self._asked = {}  # a full run takes the place of what was asked for before it
            elif kind == "navigation":
                self._page_hash = message.navigation.page_script_hash
            elif kind == "delta":
                self.said += raw
                if (found := _LIVE.search(raw)) and (self._live is None or self._live[0] != found[1].decode()):
                    self._follow(found[1].decode())
                if found := _NEWS.search(raw):
                    self._await_news(found[1].decode(), float(found[2]))
                element = message.delta.new_element
                if element.HasField("button"):
                    self.buttons.pop(element.button.label, None)
                    if not element.button.disabled:
                        self.buttons[element.button.label] = element.button.id
                elif element.HasField("bidi_component"):
                    self._components[element.bidi_component.component_name] = element.bidi_component.id
                elif element.HasField("exception"):
                    self.errors.append(element.exception.message)
            elif kind == "auto_rerun":
                one, interval = message.auto_rerun.fragment_id, message.auto_rerun.interval
                if one in self._timers:
                    self._timers[one].cancel()
                self._timers[one] = asyncio.create_task(self._again(one, interval))
            elif kind == "stop_auto_rerun":
                if timer := self._timers.pop(message.stop_auto_rerun.fragment_id, None):
                    timer.cancel()
            elif kind == "script_finished":
                for one in now:
                    if one in self._asked:
                        self.answers.append(time.perf_counter() - self._asked.pop(one))
                if not now:
                    self.drawn.set()

    def _follow(self, address: str) -> None:
        if self._live is not None:
            self._live[1].cancel()
        self._live = address, asyncio.create_task(self._ask_for_the_run(address))

    async def _ask_for_the_run(self, address: str) -> None:
        """Until it is over; then the page is drawn again."""
        version, wait = "", _OFTEN
        async with self._line() as get:
            while True:
                start = time.perf_counter()
                status, fields, body = await get(f"{address}&known={version}")
                self.answers.append(time.perf_counter() - start)
                if status not in (200, 204):
                    self.errors.append(f"{status} {address}")
                    return
                if body.startswith(b'{"over": true'):
                    await self._ask(heard_by="tl_live_bar")
                    return
                version = fields["x-version"]
                wait = _SELDOM if fields["x-crowd"] == "1" else _OFTEN
                await asyncio.sleep(wait)

    def _await_news(self, address: str, seconds: float) -> None:
        if self._news is not None:
            self._news.cancel()
        self._news = asyncio.create_task(self._ask_for_news(address, seconds)) if seconds else None

    async def _ask_for_news(self, address: str, wait: float) -> None:
        """Until there are some; then the page is drawn again."""
        async with self._line() as get:
            while True:
                await asyncio.sleep(wait)
                wait = min(_SLOWEST, wait * _SLOWER)
                if (await get(address))[0] != 204:
                    await self._ask(heard_by="tl_wake")

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Callable[[str], Awaitable[tuple[int, dict[str, str], bytes]]]]:
        """A connection to the server, and what gets the status, the headers and the body of an address below it."""
        place = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)

        async def get(address: str, again: bool = True) -> tuple[int, dict[str, str], bytes]:
            nonlocal reader, writer
            head = f"GET /{address} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: tl_visitor={self.id}\r\n\r\n"
            try:
                writer.write(head.encode())
                await writer.drain()
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            except (OSError, asyncio.IncompleteReadError):  # the server closes what has been idle for some seconds
                if not again:
                    raise
                writer.close()
                reader, writer = await asyncio.open_connection(place.hostname, place.port)
                return await get(address, again=False)
            fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
            return int(lines[0].split()[1]), fields, await reader.readexactly(int(fields.get("content-length", 0)))

        try:
            yield get
        except (OSError, asyncio.IncompleteReadError) as error:
            self.errors.append(repr(error))
        finally:
            writer.close()

    async def _again(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            if time.perf_counter() - self._asked.get(fragment, 0.0) > _PATIENCE:  # until then it may still come
                await self._ask(fragment=fragment)
