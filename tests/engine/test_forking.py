"""Workers that are forked from a process which has imported everything."""

import json
import os
import queue
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tl_core.engine import forking
from tl_core.engine.forking import ForkedProcess, ForkServer
from tl_core.engine.process import WorkerProcess

Wait = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """Of these tests alone."""
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def here(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServer]:
    """What this process forks workers from is a server that may be killed."""
    monkeypatch.setattr(forking, "_server", server if server.alive else ForkServer())
    yield forking._server
    if forking._server is not server:
        forking._server.close()


class Heard:
    """A worker process, and what it has said and died of."""

    def __init__(self, lane: str = "training", threads: int = 1):
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.causes: queue.Queue[str] = queue.Queue()
        self.worker = WorkerProcess(lane, threads, self.messages.put, self.causes.put)
        assert isinstance(self.worker.process, ForkedProcess)

    def ready(self) -> "Heard":
        assert self.messages.get(timeout=60)["kind"] == "ready"
        return self


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_workers_are_children_of_one_process(here: ForkServer) -> None:
    first, second = Heard().ready(), Heard("interactive").ready()
    assert {parent(one.worker.pid) for one in (first, second)} == {here._process.pid}
    assert Path(f"/proc/{second.worker.pid}/comm").read_text() == "tl-interactive\n"
    assert os.getsid(first.worker.pid) == first.worker.pid, "Ctrl-C does not reach it"
    for one in (first, second):
        one.worker.close()
        assert one.worker.process.returncode == 0
        with pytest.raises(ProcessLookupError):
            os.kill(one.worker.pid, 0)


def test_nothing_has_begun_in_the_process_that_is_forked(here: ForkServer) -> None:
    worker = Heard().ready().worker
    assert len(os.listdir(f"/proc/{here._process.pid}/task")) == 1, "a fork would lose the other threads"
    assert os.getpriority(os.PRIO_PROCESS, here._process.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    worker.close()


def test_a_worker_shares_what_was_imported(here: ForkServer) -> None:
    worker = Heard().ready().worker
    lines = Path(f"/proc/{worker.pid}/smaps_rollup").read_text().splitlines()
    kilobytes = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
    assert kilobytes["Shared_Dirty:"] > 2 * kilobytes["Private_Dirty:"]
    worker.close()


def test_it_has_the_settings_of_now(here: ForkServer, stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_DATA_DIR", str(stripes.parent))
    for name in ("TORCHINDUCTOR_CACHE_DIR", "KMP_INIT_AT_FORK"):  # as torch and others set it where they are imported
        monkeypatch.setenv(name, "FALSE")
    one = Heard("interactive").ready()
    one.worker.send(op="ask", id=7, name="describe", args={"spec": "stripes"})
    answer = next(message for message in iter(one.messages.get, None) if message["kind"] == "answer")
    assert answer["result"]["num_images"] == 24
    one.worker.close()


@pytest.mark.parametrize("lane", ["training", "interactive"])
def test_the_cause_of_its_end_is_told(here: ForkServer, lane: str) -> None:
    one = Heard(lane).ready()
    one.worker.kill()
    assert "signal 9 (SIGKILL)" in one.causes.get(timeout=10)
    assert one.worker.process.returncode == -signal.SIGKILL
    one.worker.kill()  # over already: nothing happens, whoever has its number now

    broken = Heard(lane).ready()
    broken.worker.process.stdin.write("no order\n")
    broken.worker.process.stdin.flush()
    assert "ended with status 0" in broken.causes.get(timeout=10)
    broken.worker.close()


def test_one_that_is_killed_before_it_is_there_is_over_at_once_and_killed_when_it_is(wait: Wait) -> None:
    server = ForkServer()
    process = server.fork("training", 0, dict(os.environ))
    assert process.pid is None
    process.kill()
    assert process.wait(0) == -signal.SIGKILL
    wait(lambda: process.pid is not None and not Path(f"/proc/{process.pid}").exists())
    assert process.stdout.read() == "", "it never came to say that it is ready"
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    server.close()
    assert not server.alive


def test_a_worker_that_cannot_be_forked_costs_no_other(here: ForkServer) -> None:
    one = Heard().ready()
    number = next(here._ids)
    read, write = os.pipe()
    lost = here._open[number] = ForkedProcess(tuple(map(os.dup, (write, read, read))))
    socket.send_fds(here._control, [json.dumps({"id": number}).encode()], [write])  # as when files have run out
    assert lost.wait(10) == 1
    for stream in (lost.stdin, lost.stdout, lost.stderr):
        stream.close()
    os.close(read)
    os.close(write)
    Heard("interactive").ready().worker.close()
    assert one.worker.process.poll() is None
    one.worker.close()


def test_where_the_process_itself_cannot_start_workers_are_started_for_themselves(
    here: ForkServer, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    broken = ForkServer()
    broken._process.send_signal(signal.SIGSEGV)  # as a library may, while it is imported
    monkeypatch.setattr(forking, "_server", broken)
    wait(lambda: not broken._reader.is_alive())
    assert broken.unfit
    assert forking.fork("interactive", 0, dict(os.environ)) is None
    monkeypatch.setattr(forking, "_server", here)


def test_when_the_process_is_killed_its_workers_end_and_the_next_one_has_another(here: ForkServer, wait: Wait) -> None:
    one = Heard().ready()
    here._process.kill()
    assert "signal 9 (SIGKILL)" in one.causes.get(timeout=10)
    wait(lambda: not Path(f"/proc/{one.worker.pid}").exists() or parent(one.worker.pid) == 1)
    here._process.wait()
    other = Heard().ready()
    assert parent(other.worker.pid) == forking._server._process.pid != here._process.pid
    other.worker.close()


def test_other_settings_of_python_or_an_accelerator_get_a_process_of_their_own(
    here: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert forking.fork("interactive", 0, {**os.environ, "PYTHONPATH": "/elsewhere"}) is None
    monkeypatch.setattr(forking, "has_accelerator", lambda: True)
    assert forking.fork("interactive", 0, dict(os.environ)) is None
    worker = WorkerProcess("interactive", 1, lambda _: None, lambda _: None)
    assert parent(worker.pid) == os.getpid()
    worker.close()
