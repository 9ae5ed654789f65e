import pytest

from tl_core.engine.pace import Pace
from tl_core.experiment import Experiment

FROZEN = Experiment(num_images=100, recipe="case-1")
WHOLE = Experiment(num_images=100, recipe="case-3")


def test_nothing_is_expected_of_a_network_that_has_not_run() -> None:
    pace = Pace()
    pace.note(FROZEN, 2.0)
    assert pace.expect(Experiment(network="resnet18")) is None


def test_the_same_again_takes_as_long_as_its_like_took_most_often() -> None:
    pace = Pace()
    for seconds in (2.0, 2.0, 50.0):
        pace.note(FROZEN, seconds)
    assert pace.expect(FROZEN) == pytest.approx(2.0)
    assert pace.expect(Experiment(num_images=10_000, recipe="case-1")) > 2.0
    assert pace.expect(WHOLE) is not None, "better a guess from the other kind than none"
    pace.note(WHOLE, 7.0)
    assert pace.expect(WHOLE) == pytest.approx(7.0)
    assert pace.expect(FROZEN) == pytest.approx(2.0)


def test_a_run_with_a_budget_of_time_is_expected_to_keep_it() -> None:
    pace = Pace()
    pace.note(WHOLE, 100.0)
    assert pace.expect(Experiment(num_images=100, recipe="case-3", seconds=3.0)) == 3.0
    pace.note(Experiment(num_images=100, recipe="case-3", seconds=3.0), 3.0)
    assert pace.expect(WHOLE) == pytest.approx(100.0), "one that was ended says nothing of those that are not"
