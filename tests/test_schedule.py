"""The learning rates of runs, over their epochs and over their time."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from tests.test_training import make
from tl_core.budget import make_budget
from tl_core.data import load_dataset
from tl_core.events import Epoch, Finished
from tl_core.networks import get_network
from tl_core.schedule import Schedule
from tl_core.surgery import adapt
from tl_core.trainer import Trainer
from tl_core.training import run


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Of every batch, as shares of the highest one."""
    noted = []
    real = Schedule.set_rates

    def note(self: Schedule, done: float) -> None:
        real(self, done)
        noted.append(self.optimizer.param_groups[0]["lr"] / self.base_rates[0])

    monkeypatch.setattr(Schedule, "set_rates", note)
    return noted


@pytest.mark.same_process
def test_the_rates_come_down_with_the_time_where_that_is_short(
    stripes: Path, rates: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Schedule, "time_share", lambda self: len(rates) / 10)  # it is over with the eleventh batch
    list(run(make(stripes, recipe="case-3", epochs=30)))
    assert rates[1] == 1.0
    assert all(before > after for before, after in pairwise(rates[1:11]))
    assert rates[5] == pytest.approx(0.5868, abs=1e-4)
    assert set(rates[10:]) == {0.0}


@pytest.mark.same_process
def test_an_epoch_is_left_when_the_time_is_over(stripes: Path, rates: list[float]) -> None:
    events = list(run(make(stripes, recipe="lp-ft", epochs=30, batch_size=2, seconds=0.1)))
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert isinstance(events[-1], Finished)
    assert epochs[-1].epoch < 30
    assert rates.count(0.0) <= 2, "each step learns at least from one batch, and from none after its time"


@pytest.mark.same_process
def test_a_time_limit_that_is_far_away_changes_nothing(stripes: Path, rates: list[float]) -> None:
    list(run(make(stripes, recipe="lp-ft", epochs=4)))
    without = rates.copy()
    rates.clear()
    list(run(make(stripes, recipe="lp-ft", epochs=4, seconds=3600.0)))
    assert rates == without


@pytest.mark.same_process
def test_the_first_of_two_steps_has_half_of_the_time(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []
    real = Schedule.limit
    monkeypatch.setattr(
        Schedule, "limit", lambda self, start, end: (limits.append(end - start), real(self, start, end))
    )
    list(run(make(stripes, recipe="lp-ft", epochs=2, seconds=100.0)))
    none, first, none_again, second = limits
    assert none == none_again == float("inf")
    assert first == pytest.approx(50.0, abs=0.1)
    assert 50.0 < second <= 100.0


def test_learning_rates_follow_the_share_of_the_epochs_whatever_the_batch(stripes: Path) -> None:
    data = load_dataset(str(stripes), None, 0, 32)
    experiment = make(stripes, recipe="case-3", epochs=10)
    network, recipe = get_network("demo"), experiment.make_recipe()
    budget = make_budget(experiment, recipe, len(data.train_labels))
    trainer = Trainer(adapt(network, recipe, 2), data, network, budget, experiment, torch.device("cpu"))
    trainer.batch_size = 2  # as after running out of memory
    rates = []
    for epoch in range(1, 11):
        trainer.train_epoch(epoch)
        rates.append([group["lr"] for group in trainer.optimizer.param_groups])
    heads = [head for head, _ in rates]
    assert max(heads) == pytest.approx(budget.lr, rel=0.2)
    assert heads[-1] > 0
    assert heads[1:] == sorted(heads[1:], reverse=True)
    assert all(body == pytest.approx(head * budget.body_lr_factor) for head, body in rates)
