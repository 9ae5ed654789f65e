"""A database that restarts and a disk that is full, in the middle of a run: the cause is said, the next run works, and nothing
that was shown is missing. (Workers, servers and Ray nodes that are killed: test_local.py, test_ray.py, test_two_servers.py.)"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import Postgres, serve_postgres
from tests.waiting import wait_until as _wait_until
from tl_core.engine import LocalEngine
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.store import Store

wait_until = partial(_wait_until, seconds=60.0)


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    pytest.importorskip("psycopg")
    with serve_postgres() as server:
        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def num_epochs(store: Store, run_id: str) -> int:
    return sum(event["event"] == "epoch" for event in store.events(run_id))


@contextlib.contextmanager
def serving(store: Store) -> Iterator[LocalEngine]:
    engine = LocalEngine(store, device="cpu", warm=False, trainers=1)
    try:
        yield engine
    finally:
        engine.close()
        store.engine.dispose()


def assert_nothing_is_missing_and_the_next_one_runs(
    engine: LocalEngine, run_id: str, shown: list[dict[str, Any]], next_one: Experiment
) -> None:
    store = engine.store
    events = store.events(run_id)
    assert events[: len(shown)] == shown
    assert [event["seq"] for event in events] == list(range(len(events)))
    after = engine.submit(next_one, "ann")
    wait_until(lambda: not store.get_run(after).active)
    assert store.get_run(after).status == "finished"


def test_the_database_restarts_in_the_middle_of_a_run(
    postgres: Postgres, endless: Callable[..., Experiment], short: Callable[..., Experiment]
) -> None:
    with serving(Store(postgres.new_database())) as engine:
        store = engine.store
        run_id = engine.submit(endless(batch_size=2), "ann")
        wait_until(lambda: num_epochs(store, run_id) > 2)
        shown = store.events(run_id)
        postgres.control("-m", "immediate", "stop")
        start = time.monotonic()
        wait_until(lambda: engine.trouble(run_id))
        assert time.monotonic() - start < 2, "the cause is said soon, without the database"
        assert "database could not be written" in engine.trouble(run_id)
        with pytest.raises(UserError, match="database could not be written"):
            engine.submit(short(), "bob")
        postgres.control("start")
        wait_until(lambda: not store.get_run(run_id).active)
        assert store.get_run(run_id).status == "failed"
        assert "database could not be written" in store.get_run(run_id).error
        assert not engine.trouble(run_id)
        assert_nothing_is_missing_and_the_next_one_runs(engine, run_id, shown, short())


def test_the_disk_is_full_in_the_middle_of_a_run(
    small_disk: Path, endless: Callable[..., Experiment], short: Callable[..., Experiment]
) -> None:
    ballast = small_disk / "ballast"
    with serving(Store(f"sqlite:///{small_disk / 'store.sqlite'}")) as engine:
        store = engine.store
        run_id = engine.submit(endless(batch_size=2), "ann")
        wait_until(lambda: num_epochs(store, run_id) > 2)
        fill(ballast)
        wait_until(lambda: engine.trouble(run_id))
        shown = store.events(run_id)
        assert "full" in engine.trouble(run_id)
        wait_until(lambda: engine.position(run_id) is None)
        assert engine.trouble(run_id), "it has ended, and its ending waits for room"
        ballast.unlink()
        wait_until(lambda: not store.get_run(run_id).active)
        assert "full" in store.get_run(run_id).error
        assert_nothing_is_missing_and_the_next_one_runs(engine, run_id, shown, short())
