"""Recipes on the page: what each is called, and what one's own choices of cut, freeze and start come to."""

import pytest

from frame.experiment_bar import _freeze_words, _own
from frame.words import recipe_name
from tl_core.cases import ALL, NONE, RECIPE_NAMES, find_recipe, make_recipe
from tl_core.experiment import Experiment
from tl_core.networks import get_network
from tl_core.plan import layer_plan


def test_every_recipe_has_a_name_that_fits_into_a_sentence() -> None:
    names = [recipe_name(find_recipe(name)) for name in RECIPE_NAMES]
    assert names[0] == "case 1, train only a new last layer"
    assert names[4:] == ["head first, then fine-tune", "a new layer on all stages", "tune one block"]
    assert recipe_name(None) == "your own"


def test_freezing_goes_from_nothing_to_all_and_then_all_but_one() -> None:
    titles = {name: name.upper() for name in ("conv1", "conv2", "conv3")}
    words = _freeze_words(list(titles), titles)
    assert list(words) == [NONE, "conv1", "conv2", ALL, "except-conv1", "except-conv2", "except-conv3"]
    assert words["conv2"] == "up to CONV2"
    assert words["except-conv2"] == "all but CONV2"
    assert list(_freeze_words(["conv1"], titles)) == [NONE, ALL]


@pytest.mark.parametrize(
    ("before", "choice", "freeze"),
    [
        ({"cut": "conv3", "freeze": "except-conv3"}, {"cut": "conv1"}, ALL),
        ({"cut": "conv3", "freeze": "except-conv2"}, {"cut": "conv2"}, "except-conv2"),
        ({"cut": "conv3", "freeze": "except-first"}, {"cut": "conv1"}, "except-first"),
        ({"cut": "conv3", "freeze": "except-conv2"}, {"init": "random"}, NONE),
        ({"cut": "conv3", "freeze": ALL}, {"freeze": "except-conv1"}, "except-conv1"),
    ],
)
def test_a_recipe_of_ones_own_stays_one_that_can_be_run(before: dict, choice: dict, freeze: str) -> None:
    network = get_network("demo")
    values = _own(network, make_recipe("custom", **before), **choice)
    assert values.pop("auto") is False
    assert values["freeze"] == freeze
    assert layer_plan(network, Experiment(**values).make_recipe(), 2)[-1].state == "new"
