"""Over- and underfitting: named where it is, not where it is noise, and live as at the end."""

import numpy as np
import pytest

from tl_core.experiment import Experiment
from tl_core.fitting import contradiction, judge, switch_epoch
from tl_core.fitting_words import fitting_verdict, mark_words, say_contradiction, say_fitting
from tl_core.training import run


def epochs(
    train_loss: list[float], val_loss: list[float], train: list[float] | float, val: list[float] | float
) -> list[dict]:
    count = len(train_loss)
    train, val = (values if isinstance(values, list) else [values] * count for values in (train, val))
    rows = zip(train_loss, val_loss, train, val, strict=True)
    return [
        {"epoch": n, "train_loss": a, "val_loss": b, "train_accuracy": c, "val_accuracy": d}
        for n, (a, b, c, d) in enumerate(rows, start=1)
    ]


FALLING = [1.0, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08]
RISING = [1.0, 0.8, 0.7, 0.75, 0.9, 1.0, 1.1, 1.2]


def test_a_rising_held_out_loss_is_named_with_its_numbers() -> None:
    rows = epochs(FALLING, RISING, 0.8, 0.75)
    found = judge(rows, 40, 200, 1_300_000)
    assert (found.kind, found.since, found.num_epochs) == ("rising", 3, 5)
    assert found.val_loss == (0.7, 1.1)
    assert found.train_loss == (0.4, 0.1)
    assert say_fitting(found).startswith(
        "Overfitting: after epoch 3 the loss on the held-out images rose from 0.700 to 1.100"
    )
    assert "1,300,000 weights were learnt from 40 images" in fitting_verdict(rows, 40, 200, 1_300_000)
    assert say_fitting(found, over=False) == (
        "Overfitting: the held-out loss has risen for 5 epochs, from 0.700 to 1.100, while the training loss fell from 0.400 "
        "to 0.100: 40 images for 1,300,000 trained weights."
    )
    assert mark_words(found) == ("held-out rises from here", "loss")


def test_it_is_named_at_the_epoch_at_which_it_has_lasted() -> None:
    rows = epochs(FALLING, RISING, 0.8, 0.75)
    kinds = [judge(rows[:count], 40, 200, 10, over=False).kind for count in range(1, 9)]
    assert kinds == ["early", "early", "open", "open", "open", "open", "rising", "rising"]


def test_a_held_out_loss_that_comes_back_is_not_named_any_more() -> None:
    rows = epochs([*FALLING, 0.07, 0.06, 0.05], [*RISING, 0.7, 0.65, 0.6], 0.8, 0.75)
    assert judge(rows[:8], 40, 200, 10, over=False).kind == "rising"
    assert judge(rows, 40, 200, 10, over=False).kind == "open"


@pytest.mark.parametrize(
    ("train_loss", "val_loss", "num_val"),
    [
        (FALLING, [1.0, 0.8, 0.8, 0.1, 0.8, 0.8, 0.8, 0.8], 200),  # one lucky epoch
        (FALLING, [1.0, 0.8, 0.7, 0.72, 0.73, 0.73, 0.73, 0.73], 200),  # too small
        (FALLING, [1.0, 0.8, 0.7, 0.75, 0.8, 0.8, 0.8, 0.8], 30),  # within the noise of 30 images
        ([1.0, 0.6, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], RISING, 200),  # diverging, not overfitting
        (FALLING, [1.0, 0.6, 1.4, 0.8, 1.6, 0.9, 1.3, 1.0], 200),  # it only jumps up and down
    ],
    ids=["lucky", "small", "few images", "diverging", "jumping"],
)
def test_noise_is_not_named(train_loss: list[float], val_loss: list[float], num_val: int) -> None:
    assert judge(epochs(train_loss, val_loss, 0.8, 0.79), 40, num_val, 10).kind == "fine"


@pytest.mark.parametrize("num_val", [20, 100, 500])
def test_a_run_that_has_settled_is_hardly_ever_called_overfitting(num_val: int) -> None:
    """The same images in each epoch, a network that does not change but for noise: 300 runs of 30 epochs each."""
    rng, alarms = np.random.default_rng(0), 0
    for _run in range(300):
        level = 0.7 + 0.05 * rng.standard_normal(30) + 1.5 * np.exp(-np.arange(30) / 3)
        train = 0.5 + 1.5 * np.exp(-np.arange(30) / 3) - 0.005 * np.arange(30)
        alarms += judge(epochs(train.tolist(), level.tolist(), 0.8, 0.79), 80, num_val, 10).kind == "rising"
    assert alarms <= 3


def test_a_gap_is_named_only_beyond_the_noise_of_the_images() -> None:
    rows = epochs([0.5] * 4, [0.5] * 4, 0.9, 0.8)
    assert "Some overfitting" in fitting_verdict(rows, 1000, 2000, 10)
    assert "No overfitting" in fitting_verdict(rows, 1000, 30, 10)
    assert "too few" in fitting_verdict(rows, 1000, 10, 10)
    assert "Too few epochs" in fitting_verdict(rows[:2], 1000, 2000, 10)
    assert "small gap" in fitting_verdict(epochs([0.5] * 4, [0.5] * 4, 0.94, 0.9), 1000, 5000, 10)


def test_a_gap_has_the_epoch_from_which_on_it_has_lasted() -> None:
    rows = epochs([0.5] * 6, [0.5] * 6, [0.5, 0.9, 0.6, 0.9, 0.9, 0.9], 0.6)
    found = judge(rows, 1000, 2000, 10, over=False)
    assert (found.kind, found.since, found.num_epochs) == ("gap", 4, 2)
    assert mark_words(found) == ("gap from here on", "accuracy")
    assert "90 % of the training images are right, but only 60 %" in say_fitting(found, over=False)
    assert judge(rows[:5], 1000, 2000, 10, over=False).kind == "open", "two epochs are not enough"


def test_underfitting_says_whether_more_epochs_would_help() -> None:
    still = epochs([2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5], [2.0] * 9, 0.3, 0.3)
    assert judge(still, 1000, 500, 10, over=False).kind == "open"
    assert "more epochs would help" in fitting_verdict(still, 1000, 500, 10)
    stands = epochs([2.3, 2.0, 1.81, 1.80, 1.80, 1.80, 1.80, 1.79, 1.79], [2.0] * 9, 0.3, 0.3)
    found = judge(stands, 1000, 500, 10, over=False)
    assert (found.kind, found.since) == ("underfitting", 3)
    assert "hardly fallen for 6 epochs" in say_fitting(found, over=False)
    assert "hardly fallen since epoch 3: more trained layers" in fitting_verdict(stands, 1000, 500, 10)
    assert mark_words(found)[1] == "loss"


def test_the_switch_to_more_layers_is_found_and_starts_the_count_anew() -> None:
    rows = epochs(FALLING, RISING, 0.8, 0.75)
    for row in rows:
        row["weights_moved"] = {"conv1": 0.0, "conv2": 0.1 if row["epoch"] >= 7 else 0.0, "new": 0.5}
    assert switch_epoch(rows) == 7
    assert switch_epoch(rows[:6]) is None
    assert judge(rows, 40, 200, 10).kind == "fine", "two epochs of the second step tell nothing yet"


def test_real_runs_switch_where_they_say_so(make_stripes) -> None:
    folder = str(make_stripes("s", count=12))
    notes, switches = {}, {}
    for recipe in ("lp-ft", "case-1", "case-3"):
        events = [e.to_json() for e in run(Experiment(data=folder, recipe=recipe, epochs=4), device="cpu")]
        recorded = [e for e in events if e["event"] == "epoch"]
        notes[recipe] = next((e["epoch"] for e in recorded if e["notes"]), None)
        switches[recipe] = switch_epoch(recorded)
    assert switches == notes == {"lp-ft": 3, "case-1": None, "case-3": None}


def test_accuracies_that_contradict_each_other_are_said() -> None:
    rows = epochs([0.5] * 3, [0.5] * 3, 0.9, [0.5, 0.9, 0.6])
    found = contradiction(rows, 100, 0.6, (0.55, 0.65))
    assert found.val_accuracy == 0.9
    assert found.val_interval == pytest.approx((0.826, 0.945), abs=1e-3)
    assert "Believe the test" in say_contradiction(found)
    assert "(95 % interval 82.6 to 94.5 %), but only 60.0 %" in say_contradiction(found)
    assert contradiction(rows, 10, 0.6, (0.55, 0.65)) is None, "ten images say too little to contradict"
    assert "easier" in say_contradiction(contradiction(rows, 1000, 0.97, (0.95, 0.98)))
    assert contradiction([], 100, 0.6, (0.5, 0.7)) is None


def test_held_out_above_training_is_explained_while_the_run_goes_on() -> None:
    train, val = [0.4, 0.5, 0.6, 0.7], [0.5, 0.65, 0.72, 0.82]
    losses = [1.0, 0.9, 0.8, 0.7], [0.8, 0.7, 0.6, 0.5]
    rows = epochs(*losses, train, val)
    assert say_fitting(judge(rows, 1000, 2000, 10, over=False), over=False).startswith(
        "Held-out above training is no error"
    )
    assert judge(rows, 1000, 20, 10, over=False).kind == "open", "within the noise of 20 images"
    assert judge(epochs(*losses, [0.7] * 4, [0.82] * 4), 1000, 2000, 10, over=False).kind == "open", "it learns no more"
    assert judge(rows, 1000, 2000, 10).kind == "fine", "of a run that is over"
