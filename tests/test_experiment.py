import json

import pytest

from tl_core.errors import ExperimentError
from tl_core.experiment import Experiment

FULL = Experiment(
    data="flowers", num_images=350, distance=0.25, network="resnet18", recipe="case-2", cut="layer1", freeze="all",
    init="pretrained", seed=7, epochs=12, seconds=30.0, lr=0.001, weight_decay=0.02, batch_size=16, mirror=False,
)  # fmt: skip


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment(),
        FULL,
        Experiment(lr=0.00123456789, mirror=True),
        Experiment(recipe="lp-ft"),
        Experiment(recipe="one-block", freeze="except-conv2"),
    ],
)
def test_round_trip_through_json_and_url(experiment: Experiment) -> None:
    assert Experiment.from_json(json.loads(json.dumps(experiment.to_json()))) == experiment
    assert Experiment.from_query(experiment.to_query()) == (experiment, [])


def test_only_what_differs_goes_into_the_url() -> None:
    assert Experiment(data="digits").to_query() == {"data": "digits"}
    assert Experiment(num_images=100, distance=0.5).to_query() == {"data": "digits", "images": "100", "distance": "0.5"}


def test_equal_experiments_have_equal_ids() -> None:
    assert Experiment(distance=1, seed=3).id == Experiment(distance=1.0, seed=3).id
    assert Experiment(seed=1).id != Experiment(seed=2).id
    assert len(FULL.id) == 16


def test_ids_stay_as_they_were_or_recorded_studies_would_be_run_again() -> None:
    assert Experiment().id == "29b73a0c9d22e78a"
    assert FULL.id == "45b0fda3fbcd0b14"


@pytest.mark.parametrize(
    "values",
    [
        {"num_images": 1}, {"num_images": 2_000_000}, {"num_images": 2.5}, {"distance": 1.2}, {"distance": float("nan")},
        {"distance": None}, {"recipe": "case-5"}, {"init": "warm"}, {"seed": -1}, {"seed": None}, {"epochs": 0}, {"lr": 0},
        {"batch_size": 1}, {"data": ""}, {"data": 3}, {"epochs": True}, {"network": ""},
    ],
)  # fmt: skip
def test_bad_settings_are_refused_with_what_was_received(values: dict) -> None:
    with pytest.raises(ExperimentError, match="Received"):
        Experiment(**values)


def test_a_link_with_bad_parts_keeps_the_good_ones() -> None:
    experiment, notes = Experiment.from_query(
        {"data": "digits", "images": "many", "seed": "4", "epochs": "-2", "other": "x"}
    )
    assert (experiment.num_images, experiment.seed, experiment.epochs) == (None, 4, None)
    assert len(notes) == 2
    assert "'images'" in notes[0]
    assert "many" in notes[0]
    assert "-2" in notes[1]


def test_unknown_fields_are_named() -> None:
    with pytest.raises(ExperimentError, match=r"'netwrok'.*Did you mean 'network'"):
        Experiment.from_json({"netwrok": "demo"})
