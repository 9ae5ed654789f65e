"""Weights read from files whose headers have other lengths are the same, and give the same bytes."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tl_core.saved_weights import read_weights


@pytest.mark.parametrize("longer", range(0, 64, 8))
def test_equal_weights_give_equal_bytes_however_long_the_header_is(tmp_path: Path, longer: int) -> None:
    generator = torch.Generator().manual_seed(0)
    weights = {"a": torch.randn(3, 3), "linear": torch.randn(256, 3072, generator=generator)}
    picture = torch.rand(1, 3072, generator=generator)
    save_file(weights, tmp_path / "run.safetensors", {"tl": "x" * longer})

    tensors, beside = read_weights(tmp_path / "run.safetensors")

    assert beside == {"tl": "x" * longer}
    assert torch.equal(tensors["a"], weights["a"])
    assert all(tensor.data_ptr() % 64 == 0 for tensor in tensors.values())
    found, expected = (torch.nn.functional.linear(picture, each["linear"]) for each in (tensors, weights))
    assert found.numpy().tobytes() == expected.numpy().tobytes()


def test_a_file_without_words_beside_its_tensors(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "run.safetensors")
    assert read_weights(tmp_path / "run.safetensors")[1] == {}
