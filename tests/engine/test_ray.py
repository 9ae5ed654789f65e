"""Runs on a Ray cluster of three nodes, each with real processes of its own."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.engine.cluster import NUM_NODES, cluster, kill_node
from tests.waiting import wait_until as _wait_until
from tl_core import training  # not `run`: with `--ray` that would be the one that goes to the cluster
from tl_core.engine import LocalEngine, make_engine, make_places
from tl_core.engine.batch import run_batch
from tl_core.engine.ray_places import RayPlaces
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.paths import run_weights
from tl_core.store import Store

pytest.importorskip("ray")
wait_until = partial(_wait_until, seconds=60.0)
TIMES = ("run_id", "elapsed_seconds", "images_per_second", "eta_seconds", "seconds")


def numbers(events: list[dict]) -> list[dict]:
    """What must be equal wherever a run is computed."""
    return [{key: value for key, value in event.items() if key not in TIMES} for event in events]


def num_epochs(store: Store, run_id: str) -> int:
    return sum(event["event"] == "epoch" for event in store.events(run_id))


@pytest.fixture
def only_with_ray(request: pytest.FixtureRequest) -> None:
    """For what takes long: `pytest --ray`."""
    if not request.config.getoption("--ray"):
        pytest.skip("takes half a minute: pytest --ray")


@pytest.fixture
def long(stripes: Path) -> Callable[[int], Experiment]:
    """A run that takes minutes."""
    return lambda seed: Experiment(data=str(stripes), recipe="case-4", epochs=500, batch_size=2, seed=seed)


def test_the_numbers_and_the_weights_are_those_of_a_run_at_home(
    ray_engine: LocalEngine, short: Callable[..., Experiment], tmp_path: Path
) -> None:
    run_id = ray_engine.submit(short(recipe="case-3"), "ann")
    wait_until(lambda: not ray_engine.store.get_run(run_id).active and run_weights(run_id).is_file())
    at_home = [
        event.to_json()
        for event in training.run(short(recipe="case-3"), device="cpu", save_to=tmp_path / "own.safetensors")
    ]
    assert numbers(ray_engine.store.events(run_id)) == numbers(at_home)
    assert ray_engine.trainers == NUM_NODES
    ours, theirs = load_file(tmp_path / "own.safetensors"), load_file(run_weights(run_id))
    assert all((theirs[name] == tensor).all() for name, tensor in ours.items())


def test_stop_is_quick_and_a_second_person_does_not_wait_for_all_of_the_first(
    ray_engine: LocalEngine, long: Callable[[int], Experiment], short: Callable[..., Experiment]
) -> None:
    store = ray_engine.store
    runs = [ray_engine.submit(long(seed), "ann") for seed in range(NUM_NODES + 1)]
    wait_until(lambda: all(num_epochs(store, run_id) for run_id in runs[:NUM_NODES]))
    bobs = ray_engine.submit(short(), "bob")
    assert (ray_engine.position(bobs), ray_engine.position(runs[-1])) == (1, 2)
    start = time.monotonic()
    ray_engine.cancel(runs[0])
    wait_until(lambda: not store.get_run(runs[0]).active)
    assert time.monotonic() - start < 2
    assert store.get_run(runs[0]).status == "stopped"
    assert store.events(runs[0])[-1]["num_epochs_done"] == num_epochs(store, runs[0]) > 0
    wait_until(lambda: not store.get_run(bobs).active)
    assert store.get_run(bobs).status == "finished"
    for run_id in runs:
        ray_engine.cancel(run_id)
    wait_until(lambda: not any(store.get_run(run_id).active for run_id in runs))
    assert {store.get_run(run_id).status for run_id in runs} == {"stopped"}


@pytest.mark.usefixtures("only_with_ray")
def test_a_lost_node_fails_its_own_run_and_a_lost_cluster_leaves_the_engine_up(
    long: Callable[[int], Experiment], short: Callable[..., Experiment], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster() as nodes:
        monkeypatch.setenv("TL_RAY_ADDRESS", nodes.address)
        monkeypatch.setenv("TL_ENGINE", "ray")
        engine = make_engine(store, device="cpu", warm=False)
        try:
            runs = [engine.submit(long(seed), "ann") for seed in range(NUM_NODES)]
            wait_until(lambda: all(num_epochs(store, run_id) for run_id in runs))
            shown = {run_id: store.events(run_id) for run_id in runs}
            kill_node(next(iter(nodes.worker_nodes)))
            start = time.monotonic()
            wait_until(lambda: not all(store.get_run(run_id).active for run_id in runs))
            assert time.monotonic() - start < 2, "the cause is said soon"
            (lost,) = (run_id for run_id in runs if not store.get_run(run_id).active)
            assert "node" in store.get_run(lost).error
            others = {run_id: num_epochs(store, run_id) for run_id in runs if run_id != lost}
            wait_until(lambda: all(num_epochs(store, run_id) > count for run_id, count in others.items()))
            wait_until(lambda: engine.trainers == NUM_NODES - 1)

            nodes.shutdown()
            wait_until(lambda: not any(store.get_run(run_id).active for run_id in runs))
            assert all(store.events(run_id)[: len(events)] == events for run_id, events in shown.items())
            after = engine.submit(short(), "ann")
            wait_until(lambda: not store.get_run(after).active)
            assert "Ray cluster" in store.get_run(after).error
            assert "cannot be reached" in store.get_run(after).error
        finally:
            engine.close()


@pytest.mark.usefixtures("only_with_ray")
def test_a_study_is_spread_over_all_places(
    ray_engine: LocalEngine, short: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = RayPlaces()
    number = places.connect()
    experiments = [short(seed=seed) for seed in range(4)]
    found = dict(run_batch(experiments, workers=number, device="cpu", places=places))
    assert number == NUM_NODES
    assert set(found) == set(experiments)
    for experiment in experiments[:2]:
        assert numbers(found[experiment]) == numbers(
            [event.to_json() for event in training.run(experiment, device="cpu")]
        )


@pytest.mark.parametrize(
    ("address", "why"),
    [("127.0.0.1:1", "cannot be reached"), ("somewhere", "'host:port'"), ("127.0.0.1", "'host:port'")],
)
def test_a_cluster_that_is_not_there_is_one_sentence(address: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_RAY_ADDRESS", address)
    with pytest.raises(UserError, match=why):
        RayPlaces().connect()


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("TL_ENGINE", "rey", "did you mean|Unknown engine"),
        ("TL_RAY_CPUS", "0", "TL_RAY_CPUS must be a number from 0.01"),
        ("TL_RAY_GPUS", "half", "TL_RAY_GPUS must be a number from 0"),
        ("TL_TRAINERS", "none", "TL_TRAINERS must be a whole number"),
    ],
)
def test_bad_settings(setting: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_ENGINE", "ray")
    monkeypatch.setenv(setting, value)
    with pytest.raises(UserError, match=why):
        make_places()
