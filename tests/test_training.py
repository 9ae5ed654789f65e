"""Runs on real pictures: recorded order of events, same seed same numbers, Stop, NaN, out of memory."""

import gc
import weakref
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from tl_core.budget import make_budget
from tl_core.data import load_dataset
from tl_core.events import Epoch, Event, Failed, Finished, SoFar, Started, Stopped
from tl_core.experiment import Experiment
from tl_core.networks import get_network
from tl_core.surgery import AdaptedNetwork, adapt
from tl_core.trainer import Trainer
from tl_core.training import UNFROZEN, run


def make(stripes: Path, **values: object) -> Experiment:
    return Experiment(**{"data": str(stripes), "recipe": "case-1", "epochs": 3, **values})


def numbers(events: list[Event]) -> list[dict]:
    """Events without what differs from run to run: ids and times."""
    timing = ("run_id", "elapsed_seconds", "images_per_second", "eta_seconds", "seconds")
    return [{key: value for key, value in event.to_json().items() if key not in timing} for event in events]


@pytest.mark.parametrize("recipe", ["case-1", "case-2", "case-3", "case-4"])
def test_a_run_starts_learns_and_finishes(stripes: Path, recipe: str) -> None:
    events = list(run(make(stripes, recipe=recipe)))
    assert [type(event) for event in events] == [Started, Epoch, Epoch, Epoch, Finished]
    assert [event.seq for event in events] == list(range(5))
    assert len({event.run_id for event in events}) == 1
    assert all(a.elapsed_seconds <= b.elapsed_seconds for a, b in pairwise(events))
    started, finished = events[0], events[-1]
    assert started.case == int(recipe[-1])
    assert started.classes == ["across", "down"]
    assert [event.epoch for event in events[1:-1]] == [1, 2, 3]
    states = {layer["name"]: layer["state"] for layer in started.layers}
    for name, moved in finished.weights_moved.items():
        assert (moved == 0.0) == (states[name] == "frozen"), name
    assert set(finished.weights_moved) == {name for name, state in states.items() if state != "sliced"}
    assert sum(map(sum, finished.confusion)) == started.num_test
    assert finished.test_accuracy_low <= finished.test_accuracy <= finished.test_accuracy_high
    assert finished.verdict


@pytest.mark.parametrize("recipe", ["all-stages", "one-block"])
def test_bonus_recipes_run_as_the_cases_do(stripes: Path, recipe: str) -> None:
    events = list(run(make(stripes, recipe=recipe)))
    assert [type(event) for event in events] == [Started, Epoch, Epoch, Epoch, Finished]
    assert events[0].case is None
    states = {layer["name"]: layer["state"] for layer in events[0].layers}
    for name, moved in events[-1].weights_moved.items():
        assert (moved == 0.0) == (states[name] == "frozen"), name


def test_the_head_learns_first_and_then_the_whole_network_from_there(stripes: Path) -> None:
    started, *epochs, finished = run(make(stripes, recipe="lp-ft", epochs=7))
    assert isinstance(finished, Finished)
    assert (started.case, started.num_epochs) == (None, 7)
    assert [event.epoch for event in epochs] == [1, 2, 3, 4, 5, 6, 7]
    assert {event.num_epochs for event in epochs} == {7}
    body = [{name: moved for name, moved in event.weights_moved.items() if name != "new"} for event in epochs]
    assert all(moved == 0.0 for event in body[:3] for moved in event.values())
    assert all(moved > 0.0 for event in body[3:] for moved in event.values())
    assert [event.notes for event in epochs] == [[], [], [], [UNFROZEN], [], [], []]
    assert epochs[3].weights_moved["new"] < 1.5 * max(event.weights_moved["new"] for event in epochs[:3])
    assert all(a.elapsed_seconds <= b.elapsed_seconds for a, b in pairwise(epochs))
    assert all(event.eta_seconds >= 0 for event in epochs)
    assert epochs[-1].eta_seconds == 0
    best = max(epochs, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
    assert finished.best_epoch == best.epoch


def test_each_of_two_steps_has_its_own_patience_and_the_epochs_are_numbered_through(stripes: Path) -> None:
    started, *epochs, finished = run(make(stripes, recipe="lp-ft", epochs=120, lr=0.05))
    assert isinstance(finished, Finished)
    switch = next(event.epoch for event in epochs if UNFROZEN in event.notes)
    assert switch - 1 < 60, "the first step gave up early"
    assert [event.epoch for event in epochs] == list(range(1, len(epochs) + 1))
    assert {event.num_epochs for event in epochs[: switch - 1]} == {started.num_epochs} == {120}
    assert {event.num_epochs for event in epochs[switch - 1 :]} == {switch - 1 + 60}
    assert len(epochs) - (switch - 1) > 20, "the second step counts its patience from its own start"


@pytest.mark.same_process
def test_a_best_epoch_in_the_first_step_brings_the_untouched_body_back(
    stripes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Trainer._evaluate_val
    monkeypatch.setattr(Trainer, "_evaluate_val", lambda self: (real(self)[0], 1.0 if self.only_head else 0.0))
    saved = tmp_path / "run.safetensors"
    *_, finished = run(make(stripes, recipe="lp-ft", epochs=6), save_to=saved)
    assert finished.best_epoch <= 3
    original, after = load_file(get_network("demo").weights_path), load_file(saved)
    kept = [key for key in after if key.startswith("trained.")]
    assert kept
    assert all(torch.equal(after[key], original[key.removeprefix("trained.")]) for key in kept)
    assert {moved for name, moved in finished.weights_moved.items() if name != "new"} == {0.0}


def test_a_time_limit_leaves_half_of_it_to_the_second_step(stripes: Path) -> None:
    events = list(run(make(stripes, recipe="lp-ft", epochs=500, seconds=1.0)))
    assert isinstance(events[-1], Finished)
    assert any(UNFROZEN in event.notes for event in events if isinstance(event, Epoch))


def test_a_single_epoch_is_the_new_layers_alone(stripes: Path) -> None:
    events = list(run(make(stripes, recipe="lp-ft", epochs=1)))
    assert [type(event) for event in events] == [Started, Epoch, Finished]
    assert events[1].weights_moved["conv1"] == 0.0 < events[1].weights_moved["new"]


def test_the_second_step_learns_at_the_rate_of_pre_trained_layers() -> None:
    experiment = Experiment(recipe="lp-ft", lr=0.01)
    budget = make_budget(experiment, experiment.make_recipe(), 100)
    assert (budget.lr, budget.then.lr, budget.then.body_lr_factor) == (0.01, pytest.approx(0.001), 1.0)
    assert budget.total_epochs == budget.num_epochs + budget.then.num_epochs
    plain = Experiment(recipe="case-1")
    head = make_budget(plain, plain.make_recipe(), 100)
    assert (head.num_epochs, head.patience, head.then) == (budget.num_epochs, budget.patience, None)


def test_it_learns_what_can_be_learnt(stripes: Path) -> None:
    finished = list(run(make(stripes, epochs=15)))[-1]
    assert finished.test_accuracy >= 0.9


@pytest.mark.parametrize("recipe", ["case-1", "case-3", "lp-ft", "all-stages", "one-block"])
def test_same_seed_same_numbers(stripes: Path, recipe: str) -> None:
    first, second, other = (list(run(make(stripes, recipe=recipe, seed=seed))) for seed in (1, 1, 2))
    assert numbers(first) == numbers(second)
    assert numbers(first)[1]["train_loss"] != numbers(other)[1]["train_loss"]


def test_the_dial_changes_what_is_learnt(stripes: Path) -> None:
    near, far = (list(run(make(stripes, distance=distance))) for distance in (0.0, 1.0))
    assert near[1].train_loss != far[1].train_loss


@pytest.mark.same_process
def test_stop_ends_within_one_batch(stripes: Path) -> None:
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 40

    events = list(run(make(stripes, recipe="case-3", epochs=400), should_stop=should_stop))
    assert isinstance(events[-1], Stopped)
    assert asked == 41
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert events[-1].num_epochs_done == len(epochs) > 0
    assert events[-1].val_accuracy == max(epoch.val_accuracy for epoch in epochs)


def test_stop_before_the_first_epoch(stripes: Path) -> None:
    events = list(run(make(stripes), should_stop=lambda: True))
    assert [type(event) for event in events] == [Stopped]
    assert events[0].best_epoch is None


def test_early_stopping_keeps_the_best_epoch(stripes: Path, tmp_path: Path) -> None:
    saved = tmp_path / "weights" / "run.safetensors"
    events = list(run(make(stripes, epochs=200), save_to=saved))
    epochs = [event for event in events if isinstance(event, Epoch)]
    best = max(epochs, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
    assert events[-1].best_epoch == best.epoch
    with safe_open(saved, "pt") as file:
        keys = set(file.keys())
    assert {"new.linear.weight", "frozen.conv1.conv.weight"} <= keys
    assert not any("fc3" in key for key in keys)


def test_a_time_budget_ends_the_run(stripes: Path) -> None:
    events = list(run(make(stripes, recipe="case-4", epochs=500, seconds=0.1)))
    assert isinstance(events[-1], Finished)
    assert len(events) < 100


@pytest.mark.same_process
def test_divergence_is_said_with_the_learning_rate(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trainer, "_evaluate_val", lambda self: (float("nan"), 0.5))
    failed = list(run(make(stripes, lr=9.0)))[-1]
    assert isinstance(failed, Failed)
    assert failed.user_error
    assert "learning rate 9" in failed.error


@pytest.mark.same_process
def test_out_of_memory_halves_the_batch_and_says_so(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Trainer._training_logits

    def limited(self: Trainer, batch: torch.Tensor, here: torch.Tensor) -> torch.Tensor:
        if len(batch) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, batch, here)

    monkeypatch.setattr(Trainer, "_training_logits", limited)
    events = list(run(make(stripes, batch_size=12)))
    assert isinstance(events[-1], Finished)
    assert "halved to 6" in events[1].notes[0]
    assert "halved to 3" in events[1].notes[1]


def test_passes_that_do_not_fit_into_memory_go_through_in_halves(
    stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = list(run(make(stripes)))
    real = AdaptedNetwork.features

    def limited(self: AdaptedNetwork, images: torch.Tensor) -> torch.Tensor:
        if len(images) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, images)

    monkeypatch.setattr(AdaptedNetwork, "features", limited)
    halved = list(run(make(stripes)))
    assert halved[1].train_loss == pytest.approx(plain[1].train_loss, rel=0.02)
    assert isinstance(halved[-1], Finished)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"data": "nowhere"}, "nowhere"),
        ({"network": "resnet1"}, "resnet18"),
        ({"recipe": "case-1", "cut": "fc3"}, "last layer"),
        ({"recipe": "case-2", "cut": "conv7"}, "conv7"),
    ],
)
def test_bad_input_is_one_failed_event(stripes: Path, values: dict, words: str) -> None:
    events = list(run(make(stripes, **values)))
    assert [type(event) for event in events] == [Failed]
    assert events[0].user_error
    assert words in events[0].error


@pytest.mark.same_process
def test_a_mistake_of_ours_is_not_blamed_on_the_user(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Trainer) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(Trainer, "restore_best", broken)
    failed = list(run(make(stripes)))[-1]
    assert isinstance(failed, Failed)
    assert not failed.user_error
    assert failed.error == "ZeroDivisionError: oops"
    assert failed.num_epochs_done == 3


@pytest.mark.same_process
def test_progress_is_told_before_the_first_epoch(stripes: Path) -> None:
    told: list[tuple[str, int, int]] = []
    list(run(make(stripes), on_progress=lambda *step: told.append(step)))
    frozen = [step for step in told if "frozen" in step[0]]
    data = load_dataset(str(stripes), None, 0, 32)
    views = 2 * len(data.train_labels) + len(data.val_labels) + len(data.test_labels)
    assert frozen[-1][1:] == (views, views)


@pytest.mark.same_process
def test_what_an_epoch_has_shown_so_far_becomes_what_it_has_shown(
    stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tl_core.trainer.SO_FAR_EVERY", 0.0)
    told: list[SoFar] = []
    events = list(run(make(stripes, recipe="case-3", batch_size=4), on_so_far=told.append))
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert len(told) > 2 * len(epochs)
    for epoch in epochs:
        last = [each for each in told if each.epoch == epoch.epoch][-1]
        assert (last.train_loss, last.train_accuracy) == (epoch.train_loss, epoch.train_accuracy)


def test_so_far_comes_from_wherever_the_run_is_computed(stripes: Path) -> None:
    told: list[SoFar] = []
    list(run(make(stripes, recipe="case-4", batch_size=2, epochs=4), on_so_far=told.append))
    assert told
    assert told[0].train_loss > 0


@pytest.mark.same_process
def test_nothing_of_a_run_stays_in_memory(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref] = []
    real = Trainer.__init__

    def note(self: Trainer, *args: object) -> None:
        made.append(weakref.ref(self))
        real(self, *args)

    monkeypatch.setattr(Trainer, "__init__", note)
    gc.disable()
    try:
        list(run(make(stripes, recipe="case-3")))
        assert [each() for each in made] == [None], "a worker that goes on must not wait for a collection"
    finally:
        gc.enable()


@pytest.mark.same_process
@pytest.mark.parametrize("on_the_way", ["up", "back"])
def test_stop_does_not_wait_for_the_batch(stripes: Path, monkeypatch: pytest.MonkeyPatch, on_the_way: str) -> None:
    real, step = Trainer._training_logits, torch.optim.AdamW.step
    pressed, steps = [], []

    def logits(self: Trainer, batch: torch.Tensor, here: torch.Tensor) -> torch.Tensor:
        if on_the_way == "up":
            pressed.append(True)
        found = real(self, batch, here)
        pressed.append(True)
        return found

    monkeypatch.setattr(Trainer, "_training_logits", logits)
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self: (steps.append(True), step(self)))
    events = list(run(make(stripes, recipe="case-3"), should_stop=lambda: bool(pressed)))
    assert isinstance(events[-1], Stopped)
    assert (len(pressed), steps) == (1, []), "neither the layers above nor the weights had their turn"


def test_frozen_bytes_of_the_pre_trained_network_stay_through_a_real_run(stripes: Path, tmp_path: Path) -> None:
    saved = tmp_path / "run.safetensors"
    list(run(make(stripes, recipe="custom", cut="conv3", freeze="conv2"), save_to=saved))
    original, after = load_file(get_network("demo").weights_path), load_file(saved)
    frozen = [key for key in after if key.startswith("frozen.")]
    assert any("running_mean" in key for key in frozen)
    for key in frozen:
        assert after[key].numpy().tobytes() == original[key.removeprefix("frozen.")].numpy().tobytes(), key
    assert not torch.equal(after["trained.conv3.conv.weight"], original["conv3.conv.weight"])


def test_layers_above_the_tuned_block_keep_every_byte_through_a_real_run(stripes: Path, tmp_path: Path) -> None:
    saved = tmp_path / "run.safetensors"
    list(run(make(stripes, recipe="one-block", freeze="except-conv2"), save_to=saved))
    original, after = load_file(get_network("demo").weights_path), load_file(saved)
    frozen = [key for key in after if key.startswith(("frozen.", "above."))]
    assert {key.split(".")[1] for key in frozen} == {"conv1", "conv3", "fc1", "fc2"}
    assert any("running_mean" in key for key in frozen)
    for key in frozen:
        assert after[key].numpy().tobytes() == original[key.partition(".")[2]].numpy().tobytes(), key
    assert not torch.equal(after["trained.conv2.conv.weight"], original["conv2.conv.weight"])


def test_the_best_weights_come_back_with_their_batchnorm_statistics(stripes: Path) -> None:
    data = load_dataset(str(stripes), None, 0, 32)
    experiment = make(stripes, recipe="case-4")
    network, recipe = get_network("demo"), experiment.make_recipe()
    model = adapt(network, recipe, 2)
    budget = make_budget(experiment, recipe, len(data.train_labels))
    trainer = Trainer(model, data, network, budget, experiment, torch.device("cpu"))
    trainer.prepare(lambda *step: None)
    trainer.train_epoch(1)
    kept = {key: value.clone() for key, value in model.state_dict().items()}
    trainer.best_score = (2.0, 0.0)  # nothing can be better
    trainer.train_epoch(2)
    assert not torch.equal(model.state_dict()["trained.conv1.bn.running_mean"], kept["trained.conv1.bn.running_mean"])
    trainer.restore_best()
    assert all(torch.equal(value, kept[key]) for key, value in model.state_dict().items())


@pytest.mark.same_process
def test_mirroring_can_be_switched_off(stripes: Path) -> None:
    told: list[tuple[str, int, int]] = []
    list(run(make(stripes, mirror=False), on_progress=lambda *step: told.append(step)))
    data = load_dataset(str(stripes), None, 0, 32)
    views = len(data.train_labels) + len(data.val_labels) + len(data.test_labels)
    assert next(step for step in reversed(told) if "frozen" in step[0])[1:] == (views, views)
