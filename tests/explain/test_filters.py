"""The filters of the first layer as pictures."""

import base64
import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from tl_core.backbones import build_stages
from tl_core.explain.filters import filters
from tl_core.explain.tiles import filter_png
from tl_core.networks import get_network


def pixels(png: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))


def test_grey_is_zero_and_the_largest_weight_is_full_colour() -> None:
    weights = np.zeros((3, 2, 2), np.float32)
    weights[0, 0, 0], weights[1, 1, 1] = 0.5, -0.25
    seen = pixels(filter_png(weights))
    assert seen[0, 0].tolist() == [255, 128, 128]
    assert seen[1, 1].tolist() == [128, 64, 128]
    assert seen[0, 1].tolist() == [128, 128, 128]
    assert (pixels(filter_png(np.zeros((3, 5, 5)))) == 128).all()


def test_all_filters_of_the_pretrained_network_are_there() -> None:
    answer = filters("demo")
    weights = build_stages(get_network("demo"), pretrained=True).conv1.conv.weight.detach().numpy()
    assert (answer["count"], answer["side"], answer["stage"], answer["is_channel"]) == (64, 5, "conv1", True)
    assert answer["before"] == [filter_png(one) for one in weights]
    assert answer["after"] is None
    assert answer["same"] is None


def test_filters_of_a_run_beside_those_it_began_with(finish: Callable[..., str]) -> None:
    frozen = filters("", run_id=finish(recipe="case-1", epochs=1))
    assert frozen["same"] is True
    assert frozen["before"] == frozen["after"]
    trained = filters("", run_id=finish(recipe="case-3"))
    assert trained["same"] is False
    assert trained["before"] == frozen["before"] != trained["after"]


def test_no_more_filters_than_can_be_looked_at(finish: Callable[..., str]) -> None:
    answer = filters("", run_id=finish(network="resnet18", recipe="case-4", num_images=6, epochs=1))
    assert answer["before"] is None
    assert len(answer["after"]) == 64
    assert pixels(answer["after"][0]).shape == (7, 7, 3)
