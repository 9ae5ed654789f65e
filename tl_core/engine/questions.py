"""The interactive lane: questions to one worker. Quick ones are answered in turn, long ones beside them."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tl_core.engine.process import WorkerProcess
from tl_core.errors import Cancelled, UserError, WorkerDied
from tl_core.language import _
from tl_core.questions import LONG

LONGEST_WAIT = 600.0  # seconds a quick question may wait for those before it
SILENCE = 120.0  # seconds without progress and without an answer after which a long question has failed


class Question:
    """A question that was asked.

    - `future`: its answer. Raises `UserError` where the user can mend it (`Cancelled` if it was called off), `WorkerDied` if
      the worker ended or took too long.
    - `progress`: (doing, done, total) as last heard, None before that.
    """

    def __init__(self, name: str, args: dict[str, Any], cancel: Callable[["Question"], None]):
        self.name = name
        self.args = args
        self.future: Future = Future()
        self.future.set_running_or_notify_cancel()  # it is called off by `cancel` below, not by the future's own
        self.progress: tuple[str, int, int] | None = None
        self.begun = threading.Event()
        self.long = name in LONG
        self.queue = name if self.long else "quick"  # those of one queue wait for each other
        self.silence = SILENCE
        self.heard = time.monotonic()  # when it was asked, begun, or last reported its progress
        self.cancelled = False
        self._cancel = cancel

    def cancel(self) -> None:
        """Call it off: soon while it waits, else when it next reports its progress. Over already: nothing to do.

        The worker decides: `future` stays open until it has said whether the question was called off or done before that.
        """
        self._cancel(self)


class InteractiveLane:
    """Hands questions to a worker that is started when first needed and replaced when it dies.

    Only the questions that were being worked on fail with their worker; those that waited are asked again.

    Quick questions are answered one after the other, each within its time-out. Long ones (`tl_core.questions.LONG`) run in
    threads of their own, two of each name at a time, and fail only when nothing is heard of them for `SILENCE` seconds. So
    neither quick questions nor long ones of one name wait for those of another.

    When a question takes too long and others are at work, they go on: the worker leaves the thread with the slow one to
    itself and is replaced as soon as nothing is at work in it. When nothing else is at work, it is killed at once.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._ids = itertools.count()
        self._open: dict[int, Question] = {}  # in the order in which they were asked
        self._worker: WorkerProcess | None = None
        self._worn = False  # a thread of the worker is stuck: replace it when nothing else is at work
        self._retiring = False  # killed by us while, as far as we know, nothing was at work in it
        self._watched = False
        self._closed = False

    @property
    def pid(self) -> int | None:
        with self._lock:
            return self._worker.pid if self._worker is not None else None

    def start(self) -> None:
        with self._lock:
            if self._worker is None and not self._closed:
                self._worn = self._retiring = False
                self._worker = WorkerProcess("interactive", 1, self._on_message, self._on_exit)

    def begin(self, name: str, /, **args: Any) -> Question:
        """Ask without waiting for the answer. A quick question begun so has no time-out of its own."""
        question = Question(name, args, self._cancel)
        with self._lock:
            if self._closed:
                raise WorkerDied(_("The server is shutting down."))
            self.start()
            number = next(self._ids)
            self._open[number] = question
            self._send(number, question)
            if question.long and not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, daemon=True).start()
        return question

    def ask(self, name: str, /, timeout: float, **args: Any) -> Any:
        """The worker's answer; `timeout` counts from when it begins to work on it, or, for a long question that may be
        silent for more than `SILENCE` seconds, from when it was last heard of.

        Raises `UserError` where the user can mend it, `WorkerDied` if the worker ended or took too long.
        """
        question = self.begin(name, **args)
        if question.long:
            question.silence = max(question.silence, timeout)
            return question.future.result()
        self._wait_for_turn(question, timeout)
        try:
            return question.future.result(timeout if question.begun.is_set() else 0)
        except TimeoutError:
            if not self._give_up(question):
                return question.future.result()  # it was answered at this very moment
            raise WorkerDied(
                _("No answer within {timeout:.0f} seconds. Try again, with fewer or smaller pictures.", timeout=timeout)
            ) from None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            worker = self._worker
        if worker is not None:
            worker.close()

    def _wait_for_turn(self, question: Question, timeout: float) -> None:
        """Until the worker begins on the question, or has been ready and idle for `timeout` seconds: then it hangs."""
        end, idle_since = time.monotonic() + LONGEST_WAIT, None
        while not question.begun.wait(0.1) and time.monotonic() < end:
            with self._lock:
                ready = self._worker is not None and self._worker.ready
                idle = ready and not self._at_work(question.queue)
            idle_since = (idle_since or time.monotonic()) if idle else None
            if idle_since is not None and time.monotonic() - idle_since > timeout:
                return

    def _give_up(self, question: Question) -> bool:
        """Forget a question that took too long, and free the worker of it; False if it is over already."""
        with self._lock:
            number = self._forget(question)
            if number is None:
                return False
            if self._worker is None or (not question.long and self._at_work(question.queue)):
                pass  # it only waited, and the one before it has a clock of its own
            elif self._at_work():
                self._worn = True
                self._worker.send(op="abandon", id=number)
            else:
                self._retire()
        return True

    def _watch(self) -> None:
        """Give up long questions of which nothing is heard; ends when there is none left."""
        while True:
            time.sleep(min(1.0, SILENCE / 10))
            with self._lock:
                mine = [question for question in self._open.values() if question.long]
                if not mine or self._closed:
                    self._watched = False
                    return
                now = time.monotonic()
                ready = self._worker is not None and self._worker.ready
                for question in mine:
                    turn_may_come = ready and not self._at_work(question.queue)
                    if not question.begun.is_set() and not turn_may_come:
                        question.heard = now
                silent = [question for question in mine if now - question.heard > question.silence]
                for question in silent:
                    self._give_up(question)
            for question in silent:
                question.begun.set()
                question.future.set_exception(
                    WorkerDied(
                        _("Nothing was heard of it for {silence:.0f} seconds. Try again.", silence=question.silence)
                    )
                )

    def _cancel(self, question: Question) -> None:
        with self._lock:
            number = next((number for number, other in self._open.items() if other is question), None)
            if number is None:
                return
            question.cancelled = True
            if self._worker is not None:
                self._worker.send(op="cancel", id=number)
                return  # it alone knows whether it has begun, and answers in any case
            self._forget(question)
        question.begun.set()
        question.future.set_exception(Cancelled())

    # inside; all of it under the lock

    def _at_work(self, queue: str | None = None) -> bool:
        """Whether a question of this queue, or of any, is known to be worked on."""
        return any(other.begun.is_set() and queue in (None, other.queue) for other in self._open.values())

    def _retire(self) -> None:
        """Kill the worker. It may have begun on one more by now: that is not heard any more, and it is asked again."""
        self._retiring = True
        self._worker.kill()

    def _forget(self, question: Question) -> int | None:
        """Its number if it was still open. Whoever takes a question out of `_open` also ends its future."""
        number = next((number for number, other in self._open.items() if other is question), None)
        if number is not None:
            del self._open[number]
        return number

    def _send(self, number: int, question: Question) -> None:
        self._worker.send(op="ask", id=number, name=question.name, args=question.args)

    def _on_message(self, message: dict[str, Any]) -> None:
        with self._lock:
            question = self._open.get(message.get("id", -1))
            if question is None or (self._retiring and message["kind"] != "answer"):
                return
            question.heard = time.monotonic()
            if message["kind"] == "begun":
                question.begun.set()
            elif message["kind"] == "progress":
                question.progress = (message["doing"], message["done"], message["total"])
            if message["kind"] != "answer":
                return
            del self._open[message["id"]]
            if self._worn and not self._at_work():
                self._retire()
        question.begun.set()
        if message.get("cancelled"):
            question.future.set_exception(Cancelled())
        elif "error" in message:
            question.future.set_exception((UserError if message["user_error"] else WorkerDied)(message["error"]))
        else:
            question.future.set_result(message["result"])

    def _on_exit(self, cause: str) -> None:
        with self._lock:
            never_worked = self._worker is not None and not self._worker.ready
            self._worker = None
            over = never_worked or self._closed
            failed = [n for n, q in self._open.items() if over or q.begun.is_set() or q.cancelled]
            questions = [self._open.pop(number) for number in failed]
            if self._open:
                self.start()
                for number, question in self._open.items():
                    self._send(number, question)
        for question in questions:
            question.begun.set()
            question.future.set_exception(Cancelled() if question.cancelled else WorkerDied(cause))
