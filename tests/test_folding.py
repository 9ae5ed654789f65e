"""Folding BatchNorm changes no answer, and only passes in which nothing is learnt."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from tl_core.backbones import build_stages
from tl_core.cases import make_recipe
from tl_core.folding import folded
from tl_core.networks import get_network, networks
from tl_core.surgery import AdaptedNetwork, adapt


def random_statistics(stages: nn.Module) -> None:
    """As after training: those of a new network would leave BatchNorm nothing to do."""
    torch.manual_seed(1)
    for module in stages.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)


def batchnorms(stages: nn.Module) -> int:
    return sum(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in stages.modules())


def adapted(recipe: str, **own: str) -> AdaptedNetwork:
    network = get_network("demo")
    stages = build_stages(network, pretrained=False, seed=0)
    random_statistics(stages)
    return adapt(network, make_recipe(recipe, **own), 3, stages)


@pytest.fixture(autouse=True)
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine likes."""
    monkeypatch.setattr("tl_core.surgery.likes_bfloat16", lambda device: False)


IMAGES = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", sorted(networks()))
@torch.no_grad()
def test_every_stage_of_every_network_gives_the_same_without_batchnorm(name: str) -> None:
    network = get_network(name)
    stages = build_stages(network, pretrained=False, seed=0).eval()
    random_statistics(stages)
    images = torch.randn(2, 3, network.input_size, network.input_size)
    for stage in stages:
        quick = folded(stage)
        assert batchnorms(quick) == 0
        assert (quick is stage) == (batchnorms(stage) == 0)
        expected = stage(images)
        torch.testing.assert_close(quick(images), expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))
        images = expected


def test_folding_leaves_the_network_as_it_is() -> None:
    model = adapted("case-1")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    plain = model.features(IMAGES)
    model.fold()
    torch.testing.assert_close(model.features(IMAGES), plain, rtol=1e-4, atol=1e-5)
    assert not torch.equal(model.features(IMAGES), plain), "it did pass in the other form"
    assert {key: value.tolist() for key, value in model.state_dict().items()} == {
        key: value.tolist() for key, value in before.items()
    }


def test_stages_learn_again_after_it() -> None:
    model = adapted("custom", cut="conv3", freeze="conv2")
    plain = model.features(IMAGES)
    model.eval()
    model.fold()
    assert not model.features(IMAGES).requires_grad
    model.train()
    model.fold(False)
    again = model.features(IMAGES)
    assert torch.equal(again, plain)
    again.sum().backward()
    assert model.trained.conv3.bn.weight.grad is not None
    assert all(parameter.grad is None for parameter in model.frozen.parameters())


def test_a_whole_network_is_folded_as_it_is_then() -> None:
    model = adapted("case-3").eval()
    model.fold()
    model.features(IMAGES)
    with torch.no_grad():
        model.trained.conv1.bn.bias += 1.0
    model.fold()
    now = model.features(IMAGES)
    assert not now.requires_grad
    torch.testing.assert_close(now, adapted_again(model).features(IMAGES), rtol=1e-4, atol=1e-5)


def adapted_again(model: AdaptedNetwork) -> AdaptedNetwork:
    other = adapted("case-3").eval()
    other.load_state_dict(model.state_dict())
    return other


def test_its_bytes_count_what_is_there_twice() -> None:
    model = adapted("case-1")
    once = model.num_bytes
    model.fold()
    assert 1.9 * once < model.num_bytes <= 2 * once
    model.fold(False)
    assert model.num_bytes == once


def test_many_may_fold_and_pass_at_the_same_time() -> None:
    model = adapted("case-1")
    expected = model.features(IMAGES)

    def work(fold: bool) -> list[torch.Tensor]:
        found = []
        for _ in range(30):
            if fold:
                adapted("case-1").fold()
            else:
                found.append(model.features(IMAGES))
        return found

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(work, [True, False, True]))
    assert all(torch.equal(each, expected) for each in results[1])


def test_bfloat16_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tl_core.surgery.likes_bfloat16", lambda device: True)
    model = adapted("case-1")
    plain = model.features(IMAGES)
    model.fold()
    assert torch.equal(model.features(IMAGES), plain)
