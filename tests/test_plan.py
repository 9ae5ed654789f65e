import subprocess
import sys

import pytest

from tl_core.cases import CASES, make_recipe
from tl_core.errors import ExperimentError, NetworkError
from tl_core.networks import get_network, networks
from tl_core.plan import Layer, layer_plan, pool_grid

DEMO = ("conv1", "conv2", "conv3", "fc1", "fc2", "fc3")


def states(recipe: str, **choices: str) -> str:
    """One letter a layer: Sliced, Frozen, New, Pretrained, Random."""
    return "".join(layer.state[0] for layer in layer_plan(get_network("demo"), make_recipe(recipe, **choices), 5))


def test_each_case_does_to_the_demonstration_network_what_the_lesson_says() -> None:
    assert [layer.name for layer in layer_plan(get_network("demo"), CASES[0].recipe, 5)] == [*DEMO, "new"]
    assert states("case-1") == "fffffsn"
    assert states("case-2") == "ffssssn"
    assert states("case-3") == "pppppsn"
    assert states("case-4") == "rrrrrsn"


def test_recipes_of_ones_own() -> None:
    assert states("case-2", cut="conv1") == "fsssssn"
    assert states("custom", cut="fc1", freeze="conv2") == "ffppssn"
    assert states("custom", cut="conv3", init="random") == "rrrsssn"


def test_what_the_bonus_recipes_do_to_the_demonstration_network() -> None:
    assert states("lp-ft") == "pppppsn"
    assert states("all-stages") == "fffffsn"
    assert states("one-block") == "pffffsn"
    assert states("one-block", freeze="except-fc1") == "fffpfsn"
    assert states("custom", cut="conv2", freeze="except-conv2") == "fpssssn"
    assert states("one-block", cut="conv1") == "psssssn"


def test_the_plan_says_what_feeds_the_new_layer_and_in_which_step_a_layer_learns() -> None:
    demo = get_network("demo")
    all_stages, head_first, case_3 = (
        layer_plan(demo, make_recipe(name), 5) for name in ("all-stages", "lp-ft", "case-3")
    )
    assert [layer.name for layer in all_stages if layer.to_new] == ["conv1", "conv2", "conv3", "fc1"]
    assert [layer.step for layer in head_first] == [2, 2, 2, 2, 2, 0, 1]
    assert not any(layer.to_new or layer.step for layer in case_3)
    assert [Layer.from_json(layer.to_json()) for layer in all_stages] == list(all_stages)
    old = {key: value for key, value in case_3[0].to_json().items() if key not in ("to_new", "step")}
    assert Layer.from_json(old) == case_3[0]


@pytest.mark.parametrize("name", sorted(networks()))
def test_maps_of_many_channels_are_pooled_more_where_the_new_layer_sees_all_stages(name: str) -> None:
    network = get_network(name)
    kept = network.stages[:-1]
    new = layer_plan(network, make_recipe("all-stages"), 5)[-1]
    inputs = new.num_weights / 5 - 1
    assert inputs <= sum(max(1024, stage.output_shape[0], stage.output_shape[-1]) for stage in kept)
    assert inputs >= sum(stage.output_shape[-1 if len(stage.output_shape) == 2 else 0] for stage in kept)


@pytest.mark.parametrize("name", sorted(networks()))
def test_case_2_slices_off_most_layers_of_every_network(name: str) -> None:
    layers = layer_plan(get_network(name), CASES[1].recipe, 5)
    sliced = [layer for layer in layers if layer.state == "sliced"]
    assert len(sliced) > (len(layers) - 1) / 2


def test_the_new_layer_has_one_output_for_each_class() -> None:
    for case in CASES:
        new = layer_plan(get_network("demo"), case.recipe, 7)[-1]
        assert new.output_shape == (7,)
        assert new.num_trainable == new.num_weights > 0
        assert (new.num_weights - 7) % 7 == 0


def test_recipes_that_make_no_sense_say_why() -> None:
    demo = get_network("demo")
    with pytest.raises(ExperimentError, match="last layer"):
        layer_plan(demo, make_recipe("case-1", cut="fc3"), 5)
    with pytest.raises(NetworkError, match=r"'conv9'.*conv1, conv2"):
        layer_plan(demo, make_recipe("case-1", cut="conv9"), 5)
    with pytest.raises(ExperimentError, match="random"):
        layer_plan(demo, make_recipe("case-1", init="random"), 5)
    with pytest.raises(ExperimentError, match="random"):
        layer_plan(demo, make_recipe("lp-ft", init="random"), 5)
    with pytest.raises(NetworkError, match=r"'conv9'.*conv1, conv2"):
        layer_plan(demo, make_recipe("one-block", freeze="except-conv9"), 5)
    with pytest.raises(ExperimentError, match=r"'fc1' is sliced off.*Received: freeze 'except-fc1'.*conv1, conv2\."):
        layer_plan(demo, make_recipe("one-block", cut="conv2", freeze="except-fc1"), 5)


@pytest.mark.parametrize(("shape", "grid"), [((64, 16, 16), 4), ((256, 4, 4), 4), ((512, 7, 7), 2), ((2048, 7, 7), 1)])
def test_pooling_keeps_the_new_layer_small(shape: tuple[int, int, int], grid: int) -> None:
    assert pool_grid(shape) == grid


def test_what_the_pages_import_does_not_import_torch_or_streamlit() -> None:
    modules = "cases, experiment, events, errors, networks, plan, store, engine, data, evaluation, diagram, quadrants, figures"
    code = f"import sys; from tl_core import {modules}; print([m for m in ('torch', 'streamlit', 'sklearn') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_nothing_in_tl_core_imports_streamlit() -> None:
    code = (
        "import sys, pkgutil, importlib, tl_core\n"
        "for m in pkgutil.walk_packages(tl_core.__path__, 'tl_core.'):\n"
        "    if not m.name.startswith('tl_core.migrations.'): importlib.import_module(m.name)\n"  # Alembic executes those
        "print('streamlit' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
