"""What is said of servers: figures from the store, memory from the kernel, and that a dead one is noticed."""

import json
import os
import re
import time
import uuid

import pytest
from sqlalchemy import update

from tl_core.__main__ import main
from tl_core.experiment import Experiment
from tl_core.servers import this_server
from tl_core.status import as_text, memory_of, read_status
from tl_core.store import RunRow, Store


def add(store: Store, status: str, server: str | None = None, ago: float = 0.0) -> None:
    run_id, experiment = uuid.uuid4().hex, Experiment(data="digits")
    store.add_run(run_id, experiment.to_json(), experiment.id, "ann")
    now = time.time()
    ended = None if status in ("queued", "running") else now - ago
    values = {"status": status, "created": now - ago, "ended": ended, "server": server or this_server()}
    with store._session() as session:
        session.execute(update(RunRow).where(RunRow.id == run_id).values(values))


@pytest.fixture
def store() -> Store:
    return Store()


def test_waiting_running_failed_and_memory_of_a_server(store: Store) -> None:
    for status, ago in (
        ("queued", 20),
        ("queued", 90),
        ("running", 5),
        ("finished", 60),
        ("failed", 60),
        ("failed", 7_200),
    ):
        add(store, status, ago=ago)
    status = read_status(store.engine)
    (one,) = status.servers
    assert (one.waiting, one.running, one.ended_last_hour, one.failed_last_hour) == (2, 1, 2, 1)
    assert one.oldest_wait_seconds == pytest.approx(90, abs=5)
    assert status.healthy
    assert one.memory_bytes == pytest.approx(memory_of(this_server()), rel=0.2)
    assert one.memory_bytes > 20e6
    assert status.disk_free_bytes > 0
    assert "2 waiting (the oldest for 9" in as_text(status)


def test_a_server_that_is_gone_with_runs_left_is_not_healthy(store: Store, capsys: pytest.CaptureFixture) -> None:
    gone = re.sub(r":\d+$", ":1", this_server())
    add(store, "running", server=gone)
    assert not read_status(store.engine).healthy
    assert main(["status", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["servers"][0]["alive"] is False
    assert "gone" in said.err
    assert store.list_runs("ann")[0].status == "running", "looking changes nothing"


def test_a_server_that_is_gone_and_left_nothing_is_not_spoken_of(store: Store) -> None:
    add(store, "finished", server=re.sub(r":\d+$", ":1", this_server()))
    assert read_status(store.engine).servers == ()
    assert "No server" in as_text(read_status(store.engine))


def test_metrics_are_in_prometheus_text_format(store: Store, capsys: pytest.CaptureFixture) -> None:
    add(store, "queued")
    assert main(["status", "--prometheus"]) == 0
    text = capsys.readouterr().out
    names = set()
    for line in text.splitlines():
        if line.startswith("# "):
            assert re.fullmatch(r"# (HELP|TYPE) tl_\w+ .+", line)
            continue
        found = re.fullmatch(r'(tl_\w+)(\{server="[^"]+"\})? [\d.]+', line)
        assert found, line
        names.add(found[1])
    known = (
        "waiting running failed_last_hour memory_bytes server_alive disk_free_bytes oldest_wait_seconds ended_last_hour"
    )
    assert names == {f"tl_{name}" for name in known.split()}


def test_the_memory_of_another_machine_is_not_known() -> None:
    assert memory_of("elsewhere:1:2") is None
    assert memory_of(f"{this_server().split(':')[0]}:{os.getpid()}:0") > 20e6
