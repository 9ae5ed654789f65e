"""One worker process and the pipes to it."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from tl_core.engine import forking
from tl_core.paths import ROOT

log = logging.getLogger(__name__)

TRAINING_NICE = 5  # beyond what every worker takes for itself: answers go before training


class WorkerProcess:
    """A `tl_core.worker`, whose JSON lines are handed to `on_message` and its end to `on_exit(cause)`.

    Both are called from this object's own reading thread; `on_exit` comes once, whatever happens before. It is forked where
    that can be, else started as `python -m tl_core.worker`. (Not by `multiprocessing`, which would execute the Streamlit script
    again in the child.)
    """

    def __init__(
        self, lane: str, threads: int, on_message: Callable[[dict[str, Any]], None], on_exit: Callable[[str], None]
    ):
        self.lane = lane
        self.on_message = on_message
        self.on_exit = on_exit
        self.ready = False  # it has said so: what it needs could be imported
        self.last_words: deque[str] = deque(maxlen=20)
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        nice = TRAINING_NICE if lane == "training" else 0
        forked = forking.fork(lane, nice, environment) if lane != "ray" else None
        self.process = forked or _start(lane, nice, environment)
        self._errors = threading.Thread(target=self._read_errors, daemon=True)
        self._errors.start()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int | None:
        """None until it is there."""
        return self.process.pid

    def send(self, **order: Any) -> None:
        """An order to a worker that has just died is lost; its death is told by `on_exit`."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()

    def close(self, grace_seconds: float = 2.0) -> None:
        """Ask the worker to go by closing its input; kill it if it does not."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(grace_seconds)

    def _read(self) -> None:
        try:
            with self.process.stdout as lines:
                for line in lines:
                    self._handle(line)
        finally:
            self.process.wait()
            self._errors.join(1.0)
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
            self.on_exit(self._cause())

    def _handle(self, line: str) -> None:
        """One message. A worker that is killed in the middle of a line leaves half of one, which is passed over."""
        try:
            message = json.loads(line)
        except ValueError:
            log.warning("%s worker: half a line", self.lane)
            return
        # a quick answer may come before the worker has said that it is ready
        self.ready = self.ready or message["kind"] in ("ready", "begun", "answer")
        try:
            self.on_message(message)
        except Exception:
            log.exception("%s worker: a message could not be handled", self.lane)

    def _read_errors(self) -> None:
        with self.process.stderr as lines:
            for line in lines:
                self.last_words.append(line.rstrip())
                print(line, end="", file=sys.stderr)

    def _cause(self) -> str:
        code = self.process.returncode
        if code < 0:
            name = signal.Signals(-code).name
            why = " It may have run out of memory: try fewer images or a smaller network." if name == "SIGKILL" else ""
            return f"The worker process was ended from outside by signal {-code} ({name}).{why}"
        words = next((line for line in reversed(self.last_words) if line.strip()), "it said nothing")
        return f"The worker process ended with status {code}: {words}"


def _start(lane: str, nice: int, environment: dict[str, str]) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-m", "tl_core.worker", "--lane", lane],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, encoding="utf-8", cwd=ROOT, env=environment, start_new_session=True,
    )  # fmt: skip
    if nice:  # not in the child: code between fork and exec is not safe beside threads
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, process.pid) + nice)
    return process
