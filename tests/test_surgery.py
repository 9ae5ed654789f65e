"""Surgery on every network: what is frozen stays, what is sliced is gone, what is left learns."""

import pytest
import torch
from torch import nn

from tl_core.backbones import build_stages
from tl_core.cases import CASES, Case, make_recipe
from tl_core.networks import get_network, networks
from tl_core.plan import layer_plan
from tl_core.surgery import AdaptedNetwork, NewLayer, adapt, snapshot, weights_moved

NUM_CLASSES = 3


def make(name: str, case: Case) -> AdaptedNetwork:
    """Adapted with random weights in place of the official ones, which need a download."""
    torch.manual_seed(0)
    network = get_network(name)
    return adapt(network, case.recipe, NUM_CLASSES, build_stages(network, pretrained=False))


def train_two_steps(model: AdaptedNetwork, size: int) -> None:
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(2):
        loss = nn.functional.cross_entropy(model(torch.randn(2, 3, size, size)), torch.tensor([0, 2]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("name", sorted(networks()))
def test_two_steps_of_every_case_on_every_network(name: str, case: Case) -> None:
    network = get_network(name)
    plan = {layer.name: layer for layer in layer_plan(network, case.recipe, NUM_CLASSES)}
    model = make(name, case)
    before = snapshot(model)
    bytes_before = {key: value.numpy().tobytes() for key, value in model.frozen.state_dict().items()}
    train_two_steps(model, network.input_size)
    moved = weights_moved(before, model)

    assert {key: value.numpy().tobytes() for key, value in model.frozen.state_dict().items()} == bytes_before
    assert set(model.layers) == {layer.name for layer in plan.values() if layer.state != "sliced"}
    for layer_name, module in model.layers.items():
        layer = plan[layer_name]
        trainable = sum(p.numel() for p in module.parameters() if p.requires_grad)
        assert sum(p.numel() for p in module.parameters()) == layer.num_weights, layer_name
        assert trainable == layer.num_trainable, layer_name
        if layer.state == "frozen":
            assert moved[layer_name] == 0.0
            assert not any(m.training for m in module.modules())
        else:
            assert moved[layer_name] > 0.0
    saved = {key.split(".")[1] for key in model.state_dict() if not key.startswith("new.")}
    assert saved == {layer.name for layer in plan.values() if layer.state in ("frozen", "pretrained", "random")}


def test_frozen_batchnorm_and_dropout_stay_in_eval_mode() -> None:
    model = make("demo", CASES[0])
    assert model.training
    norms = [m for m in model.frozen.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    assert norms
    assert not any(m.training for m in norms)
    assert all(m.training for m in make("demo", CASES[2]).trained.modules())


def test_batchnorm_can_keep_its_statistics_while_its_weights_learn() -> None:
    model = make("demo", CASES[2])
    model.keep_bn_statistics = True
    means = model.trained.conv1.bn.running_mean.clone()
    weights = model.trained.conv1.bn.weight.detach().clone()
    train_two_steps(model, 32)
    assert torch.equal(model.trained.conv1.bn.running_mean, means)
    assert not torch.equal(model.trained.conv1.bn.weight, weights)


def test_freezing_part_of_the_network() -> None:
    recipe = make_recipe("custom", cut="conv3", freeze="conv1")
    model = adapt(get_network("demo"), recipe, NUM_CLASSES, build_stages(get_network("demo"), pretrained=False))
    before = snapshot(model)
    train_two_steps(model, 32)
    moved = weights_moved(before, model)
    assert moved["conv1"] == 0.0
    assert min(moved["conv2"], moved["conv3"], moved["new"]) > 0


def test_standardisation_has_a_floor_for_dead_features() -> None:
    layer = NewLayer((4,), 4, 2)
    features = torch.tensor([[1.0, 0.0, 10.0, 5.0], [2.0, 0.0, 20.0, 5.0], [3.0, 1e-6, 30.0, 5.0]])
    layer.fit_standardisation(features)
    scaled = (features - layer.mean) / layer.std
    assert scaled[:, 0].std(correction=0).item() == pytest.approx(1.0)
    assert scaled.abs().max() < 2  # a plain deviation would blow the second feature up to 1.4 on new images of 1.0: 1e6
    assert ((torch.tensor([[2.0, 1.0, 20.0, 5.0]]) - layer.mean) / layer.std).abs().max() < 50


def test_weights_moved_is_the_relative_l2_change() -> None:
    model = make("demo", CASES[2])
    before = snapshot(model)
    with torch.no_grad():
        for parameter in model.trained.conv2.parameters():
            parameter.mul_(1.1)
    moved = weights_moved(before, model)
    assert moved["conv2"] == pytest.approx(0.1, rel=1e-3)
    assert moved["conv1"] == 0.0
