"""Surgery on every network: what is frozen stays, what is sliced is gone, what is left learns."""

import copy
from functools import lru_cache
from itertools import product

import pytest
import torch
from torch import nn

from tl_core.backbones import build_stages
from tl_core.cases import BONUS, CASES, Bonus, Case, make_recipe
from tl_core.networks import get_network, networks
from tl_core.plan import layer_plan
from tl_core.surgery import AdaptedNetwork, NewLayer, adapt, keeps_bn_statistics, snapshot, weights_moved

NUM_CLASSES = 3


@lru_cache(maxsize=1)
def random_stages(name: str) -> nn.Sequential:
    """In place of the official weights, which need a download. Drawing 133 million of them takes seconds."""
    return build_stages(get_network(name), pretrained=False, seed=0)


def make(name: str, case: Case | Bonus) -> AdaptedNetwork:
    torch.manual_seed(0)
    return adapt(get_network(name), case.recipe, NUM_CLASSES, copy.deepcopy(random_stages(name)))


def frozen_bytes(model: AdaptedNetwork) -> list[dict[str, bytes]]:
    """Of the frozen stages below and above those that are trained; BatchNorm statistics too."""
    return [
        {key: value.numpy().tobytes() for key, value in part.state_dict().items()}
        for part in (model.frozen, model.above)
    ]


def train_two_steps(model: AdaptedNetwork, size: int) -> None:
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, fused=True)
    for _ in range(2):
        loss = nn.functional.cross_entropy(model(torch.randn(2, 3, size, size)), torch.tensor([0, 2]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


SOME = ["demo", "resnet18", "mobilenet_v3_small", "vit_b_16"]  # maps, tokens, BatchNorm, dropout
PAIRS = [*product(sorted(networks()), CASES), *product(SOME, BONUS)]


@pytest.mark.parametrize(("name", "case"), PAIRS, ids=lambda value: value if isinstance(value, str) else value.name)
def test_two_steps_of_every_recipe_on_every_network(name: str, case: Case | Bonus) -> None:
    network = get_network(name)
    plan = {layer.name: layer for layer in layer_plan(network, case.recipe, NUM_CLASSES)}
    model = make(name, case)
    before = snapshot(model)
    bytes_before = frozen_bytes(model)
    train_two_steps(model, network.input_size)
    moved = weights_moved(before, model)

    assert frozen_bytes(model) == bytes_before
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


@pytest.mark.parametrize("block", ["conv1", "conv2", "fc2"])
def test_one_block_learns_through_frozen_ones_above_it_and_none_of_their_bytes_change(block: str) -> None:
    network = get_network("demo")
    recipe = make_recipe("one-block", freeze=f"except-{block}")
    torch.manual_seed(0)
    model = adapt(network, recipe, NUM_CLASSES, build_stages(network, pretrained=False))
    before, frozen = snapshot(model), frozen_bytes(model)
    images = torch.randn(4, 3, 32, 32)
    model.train()
    nn.functional.cross_entropy(model(images), torch.tensor([0, 1, 2, 0])).backward()
    with_gradient = {name for name, p in model.named_parameters() if p.grad is not None}
    assert {name.split(".")[1] for name in with_gradient if not name.startswith("new.")} == {block}
    train_two_steps(model, 32)
    assert frozen_bytes(model) == frozen
    moved = weights_moved(before, model)
    assert {name for name, change in moved.items() if change > 0} == {block, "new"}
    assert list(model.layers) == ["conv1", "conv2", "conv3", "fc1", "fc2", "new"]


def test_the_new_layer_on_all_stages_sees_each_of_them_standardised_on_its_own() -> None:
    network = get_network("demo")
    torch.manual_seed(0)
    model = adapt(network, make_recipe("all-stages"), NUM_CLASSES, build_stages(network, pretrained=False)).eval()
    images = torch.randn(8, 3, 32, 32)
    pooled = model.features(images)
    shares = model.new.shares
    assert pooled.shape == (8, sum(shares))
    assert max(shares) <= 1024
    last = model.frozen(images)
    assert torch.equal(pooled[:, -shares[-1] :], last)
    first = nn.functional.adaptive_avg_pool2d(model.frozen.conv1(images), 4).flatten(1)
    assert torch.equal(pooled[:, : shares[0]], first)
    scaled = pooled.clone()
    scaled[:, : shares[0]] *= 1e-4  # a stage whose numbers are tiny must not be flattened by the others' floor
    model.new.fit_standardisation(scaled)
    standard = ((scaled - model.new.mean) / model.new.std).split(shares, 1)
    assert all(part.std(0, correction=0).median().item() == pytest.approx(1, abs=1e-3) for part in standard)


@pytest.mark.parametrize(
    ("recipe", "num_train", "kept"),
    [("case-3", 100, True), ("case-3", 10_000, False), ("lp-ft", 10_000, True), ("case-4", 100, False)],
)
def test_batchnorm_keeps_the_statistics_that_few_images_or_a_fitted_layer_need(recipe, num_train, kept):
    assert keeps_bn_statistics(make_recipe(recipe), num_train) is kept


@pytest.mark.parametrize("reread", [True, False])
def test_a_write_to_a_frozen_layer_is_seen(reread: bool) -> None:
    model = make("demo", CASES[0])
    before = snapshot(model)
    assert set(weights_moved(before, model, reread=reread).values()) == {0.0}
    with torch.no_grad():
        model.frozen.conv1.bn.running_mean[3] += 0.5
        model.new.linear.bias[0] += 0.5
    moved = weights_moved(before, model, reread=reread)
    assert {name for name, value in moved.items() if value > 0} == {"conv1", "new"}
