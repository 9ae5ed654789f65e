import numpy as np
import pytest
import torch

from tl_core.data.dial import POSITIONS, apply_distance
from tl_core.networks import get_network
from tl_core.preprocess import Preprocess


@pytest.mark.parametrize("distance", POSITIONS)
def test_the_network_sees_what_the_page_shows(distance):
    network = get_network("demo")
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    preprocess = Preprocess(network, distance, mirror_safe=True, device=torch.device("cpu"))

    seen = preprocess(torch.from_numpy(images)) * preprocess.std + preprocess.mean

    shown = apply_distance(images, distance)
    assert np.array_equal(seen.permute(0, 2, 3, 1).round().numpy().astype(np.uint8), shown)
