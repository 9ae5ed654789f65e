from tl_core.engine import places
from tl_core.engine.batch import run_batch
from tl_core.experiment import Experiment
from tl_core.study import run_here


def experiments_of(stripes, count, **fields):
    return [Experiment(data=str(stripes), recipe="case-1", seed=seed, **fields) for seed in range(count)]


def spy_on_workers(monkeypatch):
    """The worker processes that are started from now on."""
    started = []

    class Watched(places.WorkerProcess):
        def __init__(self, *args):
            super().__init__(*args)
            started.append(self)

    monkeypatch.setattr(places, "WorkerProcess", Watched)
    return started


def test_two_workers_give_what_one_process_gives(stripes):
    experiments = experiments_of(stripes, 3, epochs=2)

    found = {experiment.id: events[-1] for experiment, events in run_batch(experiments, workers=2)}

    for experiment, events in run_here(experiments):
        assert found[experiment.id]["test_accuracy"] == events[-1]["test_accuracy"]
    assert len(found) == 3


def test_a_run_that_fails_stops_no_other(stripes):
    experiments = [Experiment(data="no_such_set"), *experiments_of(stripes, 1, epochs=1)]

    endings = [events[-1]["event"] for _, events in run_batch(experiments)]

    assert endings == ["failed", "finished"]


def test_a_lost_worker_costs_one_try_and_a_second_one_the_run(stripes, monkeypatch):
    started = []

    class KilledTwice(places.WorkerProcess):
        """The first two end in the first epoch of the run they have; a sleep would wait until a quick machine is done."""

        def __init__(self, number, threads, on_message, on_exit):
            def hear(message):
                if message.get("event", {}).get("event") == "epoch" and self in started[:2]:
                    self.kill()
                on_message(message)

            started.append(self)
            super().__init__(number, threads, hear, on_exit)

    monkeypatch.setattr(places, "WorkerProcess", KilledTwice)
    long = Experiment(data=str(stripes), recipe="case-4", epochs=500, batch_size=2)
    (short,) = experiments_of(stripes, 1, epochs=1)

    endings = {experiment.epochs: events[-1] for experiment, events in run_batch([long, short])}

    assert endings[500]["event"] == "failed"
    assert "SIGKILL" in endings[500]["error"]
    assert endings[1]["event"] == "finished"
    assert len(started) == 3


def test_whoever_stops_listening_ends_the_workers(stripes, monkeypatch):
    started = spy_on_workers(monkeypatch)
    runs = run_batch(experiments_of(stripes, 1, epochs=1) + experiments_of(stripes, 1, epochs=500), workers=2)

    next(runs)
    runs.close()

    assert len(started) == 2
    assert all(worker.process.poll() is not None for worker in started)
