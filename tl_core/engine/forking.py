"""Workers that are forked from one process which has imported everything; see `tl_core.fork_server`."""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

from tl_core.engine.machine import has_accelerator
from tl_core.paths import ROOT

# settings of Python and of what it loads: a worker for which they are others than for this process is started for itself
_EARLY = ("PYTHON", "LD_")


class ForkedProcess:
    """What `tl_core.engine.process` needs of a `subprocess.Popen`, of a process that somebody else has forked."""

    def __init__(self, pipes: tuple[int, int, int]):
        self.pid: int | None = None  # until it is there
        self.returncode: int | None = None
        self.stdin = os.fdopen(pipes[0], "w", encoding="utf-8")
        self.stdout = os.fdopen(pipes[1], encoding="utf-8")
        self.stderr = os.fdopen(pipes[2], encoding="utf-8", errors="replace")
        self._lock = threading.Lock()
        self._over = threading.Event()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._over.wait(timeout):
            raise subprocess.TimeoutExpired("tl_core.worker", timeout)
        return self.returncode

    def kill(self) -> None:
        """One that is not there yet counts as ended, and is killed as soon as it is."""
        with self._lock:
            if self.returncode is not None:
                return
            if self.pid is not None:
                _kill(self.pid)
            else:
                self._end(-signal.SIGKILL)

    def told(self, pid: int | None = None, code: int | None = None) -> None:
        """That it has been forked, or has ended."""
        with self._lock:
            if pid is not None:
                self.pid = pid
                if self.returncode is not None:
                    _kill(pid)
            if code is not None and self.returncode is None:
                self._end(code)

    def _end(self, code: int) -> None:
        self.returncode = code
        self._over.set()


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class ForkServer:
    """One such process, which is started at once; `OSError` from `fork` when it has ended.

    `unfit`: it has ended by itself before it could fork anything, so that another one would, too.
    """

    def __init__(self) -> None:
        self.unfit = False
        self._has_forked = self._closed = False
        self._lock = threading.Lock()
        self._ids = itertools.count()
        self._open: dict[int, ForkedProcess] = {}
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tl_core.fork_server", str(theirs.fileno())], pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=ROOT, start_new_session=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, lane: str, nice: int, environment: dict[str, str]) -> ForkedProcess:
        """A worker that will be there, once everything has been imported; orders may be sent at once."""
        pipes = _pipes()
        (theirs_in, stdin), (stdout, theirs_out), (stderr, theirs_err) = pipes
        process = ForkedProcess((stdin, stdout, stderr))
        with self._lock:
            number = next(self._ids)
            self._open[number] = process
            order = {"id": number, "lane": lane, "nice": nice, "environment": environment}
            try:
                socket.send_fds(self._control, [json.dumps(order).encode()], [theirs_in, theirs_out, theirs_err])
            except OSError:
                self._open.pop(number, None)
                for stream in (process.stdin, process.stdout, process.stderr):
                    stream.close()
                raise
            finally:
                for pipe in (theirs_in, theirs_out, theirs_err):
                    os.close(pipe)
        return process

    def close(self) -> None:
        """End it, and with it all that was forked from it."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:  # it imports
            self._process.kill()
            self._process.wait()
        self._reader.join(1.0)
        self._control.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while message := self._control.recv(4096):
                self._hear(json.loads(message))
        code = 0 if self._closed else self._process.wait()
        self.unfit = code != 0 and not self._has_forked
        with self._lock:
            lost = list(self._open.values())
            self._open.clear()
        for process in lost:  # the kernel ends them with their parent; those that are not there yet share its fate
            process.told(code=code if process.pid is None and code else -signal.SIGKILL)

    def _hear(self, message: dict[str, Any]) -> None:
        with self._lock:
            over = "code" in message
            process = self._open.pop(message["id"]) if over else self._open[message["id"]]
            self._has_forked = True
        process.told(message.get("pid"), message.get("code"))


def _pipes() -> list[tuple[int, int]]:
    """Three; none is left open where there are not three."""
    made: list[tuple[int, int]] = []
    try:
        for _ in range(3):
            made.append(os.pipe())
    except OSError:
        for ends in made:
            for end in ends:
                os.close(end)
        raise
    return made


_server: ForkServer | None = None  # closed by nobody: it ends with this process, and what it has forked with it
_making = threading.Lock()


def fork(lane: str, nice: int, environment: dict[str, str]) -> ForkedProcess | None:
    """A worker of this machine, or None where it has to be started for itself: where it trains on an accelerator (what has
    been made ready in one process is of no use in another), beside other systems' than Linux's processes, with other
    settings than this process has been started with."""
    global _server
    if not possible() or _early(environment) != _AT_START:
        return None
    for _ in range(2):  # it may be about to end
        with _making:
            if _server is None or not _server.alive:
                if _server is not None:
                    _server.close()
                    if _server.unfit:
                        return None
                _server = ForkServer()
            server = _server
        try:
            return server.fork(lane, nice, environment)
        except OSError:
            continue
    return None


def possible() -> bool:
    return sys.platform == "linux" and not has_accelerator()


def _early(environment: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in environment.items() if key.startswith(_EARLY)}


_AT_START = _early(dict(os.environ))
