"""The process that workers of one machine are forked from: `python -m tl_core.fork_server SOCKET`.

Importing torch takes seconds and hundreds of megabytes. It is done once, here; a worker that is forked from this process has it
at once, and shares the memory. Nothing is computed here, so that there is one thread and no device when a process is forked
(with others, forking would not be safe).

On SOCKET, JSON: `{id, lane, nice, environment}` with three pipes for its standard input, output and errors; back come `{id, pid}`
and, when it has ended, `{id, code}` (as `subprocess.Popen.returncode`). When the socket closes, the server has gone, and this
process goes with all that was forked from it.
"""

import contextlib
import ctypes
import gc
import json
import logging
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from tl_core import worker

LONGEST = 2**20  # bytes of a request: an environment
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def main() -> NoReturn:
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, and its end is heard of
    os.nice(worker.NICE)
    with contextlib.suppress(Exception):  # workers that cannot import it say so themselves
        worker.import_all()
    gc.freeze()  # so that no collection in a worker copies what it shares
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, int] = {}  # requests by pid
    me = os.getpid()
    while True:
        ready, _, _ = select.select([control, ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            _tell_ends(control, children)
        if control in ready:
            request, pipes, _, _ = socket.recv_fds(control, LONGEST, 3)
            if not request:
                os._exit(0)
            order = json.loads(request)
            try:
                pid = _fork(pipes)
            except OSError as error:
                if len(pipes) == 3:
                    os.write(pipes[2], f"A worker could not be started: {error}\n".encode())
                _say(control, id=order["id"], code=1)
            else:
                if pid == 0:
                    _become_worker(order, pipes, (control.fileno(), ended, wake), me)
                children[pid] = order["id"]
                _say(control, id=order["id"], pid=pid)
            for pipe in pipes:
                os.close(pipe)


def _fork(pipes: list[int]) -> int:
    if len(pipes) < 3:
        raise OSError("its pipes have not arrived; too many files may be open")
    return os.fork()


def _tell_ends(control: socket.socket, children: dict[int, int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        _say(control, id=children.pop(pid), code=os.waitstatus_to_exitcode(status))


def _say(control: socket.socket, **fields: Any) -> None:
    with contextlib.suppress(BrokenPipeError):
        control.send(json.dumps(fields).encode())


def _become_worker(order: dict[str, Any], pipes: list[int], not_mine: tuple[int, ...], parent: int) -> NoReturn:
    code = 1
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            raise SystemExit  # it has died before that
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for place, pipe in enumerate(pipes):
            os.dup2(pipe, place)
        for number in (*pipes, *not_mine):
            os.close(number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(place, mode, encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
            for place, mode in enumerate("rww")
        )
        os.setsid()
        os.nice(order["nice"])
        os.environ.clear()
        os.environ.update(order["environment"])
        with contextlib.suppress(OSError):
            Path("/proc/self/comm").write_text(f"tl-{order['lane']}")
        worker.serve(order["lane"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
