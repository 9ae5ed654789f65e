"""Grad-CAM against a reference written down here from the paper, for every kind of recipe."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tl_core.errors import ExperimentError
from tl_core.explain.grad_cam import Classifier, grad_cam, last_maps, overlay, where
from tl_core.explain.pictures import load_picture
from tl_core.explain.subject import Subject, open_subject
from tl_core.export.kept_run import read_kept
from tl_core.predict import predict
from tl_core.preprocess import Preprocess
from tl_core.surgery import AdaptedNetwork
from tl_core.trainer import as_tensor


def reference(stages: list[nn.Module], rest: Callable[[Tensor], Tensor], batch: Tensor, target: int) -> np.ndarray:
    """Equations 1 and 2 of Selvaraju et al. 2017: run up to the maps A, then from A on, and differentiate by hand of autograd."""
    with torch.no_grad():
        for stage in stages:
            batch = stage(batch)
    maps = batch.clone().requires_grad_()
    logit = rest(maps)[0, target]
    (gradient,) = torch.autograd.grad(logit, maps)
    _, _, height, width = maps.shape
    alpha = gradient.sum((2, 3)) / (height * width)
    combined = torch.einsum("nk,nkhw->nhw", alpha, maps)
    return combined.clamp_min(0)[0].detach().numpy()


def halves(model: AdaptedNetwork, last: str, before_pool: int) -> tuple[list[nn.Module], Callable[[Tensor], Tensor]]:
    """The demonstration network cut in front of the pooling of its last convolution."""
    layers, new = dict(Classifier(model).stages.named_children()), model.new
    names = list(layers)
    lower = [layers[name] for name in names[: names.index(last)]] + [layers[last][:before_pool]]
    upper = [layers[last][before_pool:]] + [layers[name] for name in names[names.index(last) + 1 :]]

    def rest(maps: Tensor) -> Tensor:
        for stage in upper:
            maps = stage(maps)
        return new.classify(new.pool(maps))

    return lower, rest


def prepared(subject: Subject, folder: Path, index: int) -> Tensor:
    size = subject.network.input_size
    preprocess = Preprocess(subject.network, subject.run.experiment.distance, False, subject.device)
    return preprocess(as_tensor(load_picture(size, str(folder), index)[0][None]))


@pytest.mark.parametrize(
    ("values", "last", "layer"),
    [
        ({"recipe": "case-1"}, "conv3", "stages.conv3.relu"),
        ({"recipe": "case-2"}, "conv2", "stages.conv2.relu"),
        ({"recipe": "case-3", "distance": 0.5}, "conv3", "stages.conv3.relu"),
        ({"recipe": "one-block", "freeze": "except-conv2"}, "conv3", "stages.conv3.relu"),
    ],
    ids=["frozen", "cut early", "fine-tuned", "one block"],
)
def test_it_equals_the_reference(
    finish: Callable[..., str], stripes: Path, values: dict, last: str, layer: str
) -> None:
    subject = open_subject(run_id=finish(**values))
    classifier = Classifier(subject.model)
    lower, rest = halves(subject.model, last, before_pool=3)
    somewhere = 0.0
    for index in (0, 13):
        batch = prepared(subject, stripes, index)
        assert last_maps(classifier, batch) == layer
        both = grad_cam(classifier, layer, batch.expand(2, -1, -1, -1), [0, 1])
        for target in (0, 1):
            wanted = reference(lower, rest, batch, target)
            assert np.abs(both[target] - wanted).max() < 1e-5
            somewhere = max(somewhere, float(wanted.max()))
    assert somewhere > 1e-3, "not all of them were empty"


def test_logits_are_those_of_the_run_and_gradients_pass_frozen_stages(
    finish: Callable[..., str], stripes: Path
) -> None:
    for values in ({"recipe": "case-1"}, {"recipe": "all-stages"}):
        run_id = finish(**values)
        subject = open_subject(run_id=run_id)
        batch = prepared(subject, stripes, 0)
        plain = read_kept(run_id).rebuild().to(memory_format=torch.channels_last).eval()
        with torch.no_grad():
            assert torch.equal(Classifier(subject.model)(batch), plain(batch))
            torch.testing.assert_close(subject.model(batch), plain(batch), rtol=1e-4, atol=1e-5)
        leaf = batch.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(Classifier(subject.model)(leaf)[0, 0], leaf)
        assert gradient.abs().max() > 0
        assert not any(weight.requires_grad for weight in subject.model.parameters())


def test_resnet_s_last_maps_are_those_of_its_last_block(finish: Callable[..., str], stripes: Path) -> None:
    """Seven by seven, after the addition, which no module of its own ends with."""
    subject = open_subject(run_id=finish(network="resnet18", recipe="case-4", num_images=6, epochs=1))
    classifier = Classifier(subject.model)
    batch = prepared(subject, stripes, 0)
    layer = last_maps(classifier, batch)
    assert layer == "stages.layer4.blocks"
    blocks = subject.stages["layer4"]
    lower = [stage for name, stage in subject.stages.items() if name != "layer4"] + [blocks.blocks]
    wanted = reference(lower, lambda maps: subject.model.new(blocks.flatten(blocks.avgpool(maps))), batch, 1)
    (cam,) = grad_cam(classifier, layer, batch, [1])
    assert cam.shape == (7, 7)
    assert np.abs(cam - wanted).max() < 1e-5


def test_where_tells_the_guess_the_true_class_and_what_is_seen(finish: Callable[..., str], stripes: Path) -> None:
    run_id = finish(recipe="case-1", epochs=8)
    answer = where(run_id, str(stripes), 0)
    path = str(sorted((stripes / "across").iterdir())[0])
    (said,) = predict(run_id, [("x", path)])
    assert [one["label"] for one in answer["top"]] == [one["label"] for one in said["top"]]
    assert answer["top"][0]["confidence"] == pytest.approx(said["top"][0]["confidence"], abs=1e-5)
    assert answer["true"] == "across"
    assert [one["label"] for one in answer["maps"]] == [one["label"] for one in answer["top"]]
    assert (answer["stage"], answer["grid"]) == ("conv3", [8, 8])
    for one in answer["maps"]:
        assert Image.open(io.BytesIO(base64.b64decode(one["png"]))).size == (224, 224)
        assert all(0 < share < 1 for share in one["peak"])
    (chosen,) = where(run_id, str(stripes), 0, classes=("down",))["maps"]
    assert chosen == next(one for one in answer["maps"] if one["label"] == "down")
    with pytest.raises(ExperimentError, match="Received: 'zebra'"):
        where(run_id, str(stripes), 0, classes=("zebra",))


def test_a_wrong_guess_is_set_beside_the_true_class(
    finish: Callable[..., str], make_stripes: Callable[..., Path]
) -> None:
    folder = make_stripes("four", classes=("a", "b", "c", "d"))
    run_id = finish(data=str(folder), epochs=1, recipe="case-1", num_images=8)
    answers = [where(run_id, str(folder), index) for index in range(0, 48, 3)]
    wrong = [answer for answer in answers if answer["top"][0]["label"] != answer["true"]]
    assert wrong, "eight pictures are too few to learn four classes from"
    for answer in wrong:
        assert [one["label"] for one in answer["maps"]] == [answer["top"][0]["label"], answer["true"]]


def test_the_overlay_glows_where_the_map_is_large_and_is_dark_elsewhere() -> None:
    cam = np.zeros((4, 4), np.float32)
    cam[1, 2] = 3.0
    mixed = overlay(np.full((32, 32, 3), 128, np.uint8), cam)
    assert mixed.shape == (224, 224, 3)
    brightness = mixed.sum(2)
    row, column = np.unravel_index(brightness.argmax(), brightness.shape)
    assert 56 <= row < 112
    assert 112 <= column < 168
    assert mixed[200, 10].tolist() == [58, 58, 60]
    assert (overlay(np.full((32, 32, 3), 128, np.uint8), np.zeros((4, 4))) == mixed[200, 10]).all()


def test_a_transformer_has_no_maps(stripes: Path) -> None:
    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stages = nn.Sequential(
                nn.Sequential(nn.Conv2d(3, 4, 8, 8)), nn.Sequential(nn.MultiheadAttention(4, 1))
            )

        def forward(self, images: Tensor) -> Tensor:
            return self.stages[0](images).flatten(1)

    with pytest.raises(ExperimentError, match="needs the maps of a convolution"):
        last_maps(Attends(), torch.zeros(1, 3, 32, 32))
