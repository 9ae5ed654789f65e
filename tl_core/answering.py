"""How the interactive worker answers: quick questions one after the other, each kind of long ones in threads beside them."""

import inspect
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from tl_core.errors import Cancelled, UserError

log = logging.getLogger(__name__)

LONG_AT_ONCE = 2  # of each name: uploads do not wait for downloads
PROGRESS_EVERY = 0.2  # seconds between two progress lines

Say = Callable[..., None]  # (kind, **fields): one JSON line to the server


def throttled(say: Callable[[str, int, int], None]) -> Callable[[str, int, int], None]:
    """`say` at most every `PROGRESS_EVERY` seconds, and whenever something new begins."""
    last, last_doing = 0.0, None

    def report(doing: str, done: int, total: int) -> None:
        nonlocal last, last_doing
        now = time.monotonic()
        if done == 0 or doing != last_doing or now - last >= PROGRESS_EVERY:
            last, last_doing = now, doing
            say(doing, done, total)

    return report


class Answering:
    """Takes `ask` orders and answers them through `say`; `cancel` and `abandon` may come at any time.

    Every question is answered, unless it is abandoned. One that is cancelled while it waits is answered so at once and never
    begun; whether it was still waiting is decided here, where it is known.

    A function of `QUESTIONS` with a parameter `report` gets a callable (doing, done, total), which raises `Cancelled` once
    the question was called off.
    """

    def __init__(self, say: Say):
        self._say = say
        self._lock = threading.Lock()
        self._functions: dict[str, Callable[..., Any]] = {}
        self._started = threading.Event()
        self._quick: queue.Queue[dict[str, Any]] = queue.Queue()
        self._long: dict[str, queue.Queue[dict[str, Any]]] = {}  # by the question's name
        self._called_off: queue.Queue[int] = queue.Queue()  # cancelled while they waited, to be answered so
        self._running: dict[int, queue.Queue] = {}  # by the question's id
        self._waiting: set[int] = set()
        self._cancelled: set[int] = set()  # only ids that run
        self._abandoned: set[int] = set()

    def start(self) -> None:
        """Make ready to answer: what the questions need is imported now, so that none waits for that."""
        from tl_core.questions import LONG, QUESTIONS

        self._functions = QUESTIONS
        self._long = {name: queue.Queue() for name in LONG}
        self._started.set()
        for jobs in (self._quick, *list(self._long.values()) * LONG_AT_ONCE):
            self._add_thread(jobs)
        threading.Thread(target=self._refuse, daemon=True).start()

    def ask(self, job: dict[str, Any]) -> None:
        with self._lock:
            self._waiting.add(job["id"])
        self._started.wait()
        self._long.get(job["name"], self._quick).put(job)

    def cancel(self, number: int) -> None:
        with self._lock:
            if number in self._running:
                self._cancelled.add(number)
            elif number in self._waiting:
                self._waiting.remove(number)
                self._called_off.put(number)

    def abandon(self, number: int) -> None:
        """Nobody waits for this answer any more: let its thread end with it, and give its place to another."""
        self.cancel(number)
        with self._lock:
            jobs = self._running.get(number)
            if jobs is None:
                return
            self._abandoned.add(number)
        self._add_thread(jobs)

    def _add_thread(self, jobs: queue.Queue) -> None:
        threading.Thread(target=self._serve, args=(jobs,), daemon=True).start()

    def _serve(self, jobs: queue.Queue) -> None:
        while True:
            job = jobs.get()
            number = job["id"]
            with self._lock:
                if number not in self._waiting:
                    continue  # called off
                self._waiting.remove(number)
                self._running[number] = jobs
            answer = self._answer(job)
            with self._lock:
                del self._running[number]
                self._cancelled.discard(number)
                abandoned = number in self._abandoned
                self._abandoned.discard(number)
            if abandoned:
                return
            self._say("answer", id=number, **answer)

    def _refuse(self) -> None:
        """In a thread of its own: whoever reads the orders must never wait for the server to read the answers."""
        while True:
            self._say("answer", id=self._called_off.get(), **_refusal(Cancelled()))

    def _answer(self, job: dict[str, Any]) -> dict[str, Any]:
        """The fields of its answer: `result`, or `error`, `user_error` and `cancelled`."""
        number, args = job["id"], dict(job["args"])
        if number in self._cancelled:
            return _refusal(Cancelled())
        self._say("begun", id=number)
        try:
            function = self._functions[job["name"]]
            if "report" in inspect.signature(function).parameters:
                args["report"] = self._make_report(number)
            return {"result": function(**args)}
        except UserError as error:
            return _refusal(error)
        except Exception as error:
            log.exception("question %s failed", job["name"])
            return {"error": f"{type(error).__name__}: {error}", "user_error": False}

    def _make_report(self, number: int) -> Callable[[str, int, int], None]:
        say = throttled(
            lambda doing, done, total: self._say("progress", id=number, doing=doing, done=int(done), total=int(total))
        )

        def report(doing: str, done: int, total: int) -> None:
            if number in self._cancelled:
                raise Cancelled
            say(doing, done, total)

        return report


def _refusal(error: UserError) -> dict[str, Any]:
    return {"error": str(error), "user_error": True, "cancelled": isinstance(error, Cancelled)}
