"""The interactive lane: questions to one worker, answered in turn."""

import itertools
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from tl_core.engine.process import WorkerProcess
from tl_core.errors import UserError, WorkerDied

LONGEST_WAIT = 600.0  # seconds a question may wait for those before it


@dataclass
class _Question:
    name: str
    args: dict[str, Any]
    future: Future = field(default_factory=Future)
    begun: threading.Event = field(default_factory=threading.Event)


class InteractiveLane:
    """Hands questions to a worker that is started when first needed and replaced when it dies.

    Only the question that was being worked on fails with its worker; those that waited are asked again.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._ids = itertools.count()
        self._open: dict[int, _Question] = {}  # in the order in which they were asked
        self._worker: WorkerProcess | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        with self._lock:
            return self._worker.pid if self._worker is not None else None

    def start(self) -> None:
        with self._lock:
            if self._worker is None and not self._closed:
                self._worker = WorkerProcess("interactive", 1, self._on_message, self._on_exit)

    def ask(self, name: str, timeout: float, **args: Any) -> Any:
        """The worker's answer; `timeout` counts from when it begins to work on it.

        Raises `UserError` where the user can mend it, `WorkerDied` if the worker ended or took too long.
        """
        question = _Question(name, args)
        with self._lock:
            self.start()
            number = next(self._ids)
            self._open[number] = question
            self._send(number, question)
        self._wait_for_turn(question, timeout)
        try:
            return question.future.result(timeout if question.begun.is_set() else 0)
        except TimeoutError:
            with self._lock:
                mine = self._open.pop(number, None)
                busy_with_another = any(other.begun.is_set() for other in self._open.values())
                if mine is not None and not busy_with_another and self._worker is not None:
                    self._worker.kill()
            raise WorkerDied(
                f"No answer within {timeout:.0f} seconds. Try again, with fewer or smaller pictures."
            ) from None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            worker = self._worker
        if worker is not None:
            worker.close()

    def _wait_for_turn(self, question: _Question, timeout: float) -> None:
        """Until the worker begins on the question, or has been ready and idle for `timeout` seconds: then it hangs."""
        end, idle_since = time.monotonic() + LONGEST_WAIT, None
        while not question.begun.wait(0.1) and time.monotonic() < end:
            with self._lock:
                ready = self._worker is not None and self._worker.ready
                idle = ready and not any(other.begun.is_set() for other in self._open.values())
            idle_since = (idle_since or time.monotonic()) if idle else None
            if idle_since is not None and time.monotonic() - idle_since > timeout:
                return

    def _send(self, number: int, question: _Question) -> None:
        self._worker.send(op="ask", id=number, name=question.name, args=question.args)

    def _on_message(self, message: dict[str, Any]) -> None:
        with self._lock:
            if message["kind"] == "begun" and message["id"] in self._open:
                self._open[message["id"]].begun.set()
            question = self._open.pop(message["id"], None) if message["kind"] == "answer" else None
        if question is None:
            return
        if "error" in message:
            question.future.set_exception((UserError if message["user_error"] else WorkerDied)(message["error"]))
        else:
            question.future.set_result(message["result"])

    def _on_exit(self, cause: str) -> None:
        with self._lock:
            never_worked = self._worker is not None and not self._worker.ready
            self._worker = None
            failed = [n for n, q in self._open.items() if q.begun.is_set() or never_worked or self._closed]
            questions = [self._open.pop(number) for number in failed]
            if self._open:
                self.start()
                for number, question in self._open.items():
                    self._send(number, question)
        for question in questions:
            question.begun.set()
            question.future.set_exception(WorkerDied(cause))
