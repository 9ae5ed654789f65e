"""ONNX says what PyTorch says, for any number of pictures, and knows its classes."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tests.export.running import finish, take
from tl_core.data import load_dataset
from tl_core.errors import NetworkError
from tl_core.experiment import Experiment
from tl_core.export import onnx_file
from tl_core.export.kept_run import KeptRun, read_kept
from tl_core.export.onnx_file import write_onnx
from tl_core.networks import get_network
from tl_core.preprocess import Preprocess
from tl_core.surgery import adapt


@pytest.mark.parametrize(
    "values", [{"recipe": "case-3", "distance": 0.5}, {"recipe": "all-stages"}], ids=["top", "all"]
)
def test_it_agrees_with_pytorch_on_100_pictures(values: dict) -> None:
    run_id, record = finish(Experiment(data="digits", num_images=120, epochs=3, **values))
    steps = []
    path, note = take(run_id, record, "onnx", lambda doing, done, total: steps.append(doing))
    assert note.startswith(
        "Checked against PyTorch on 100 of the test pictures: the largest difference of an output is "
    )
    assert list(dict.fromkeys(steps)) == [
        "Reading the weights", "Writing the network as ONNX", "Checking it against PyTorch",
    ]  # fmt: skip
    images = load_dataset("digits", 120, 0, 32).test_images
    network = get_network("demo")
    batch = Preprocess(network, values.get("distance", 0.0), False, torch.device("cpu"))(torch.tensor(images))[:100]
    with torch.no_grad():
        expected = read_kept(run_id).rebuild()(batch).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for count in (100, 1):
        (found,) = session.run(None, {"images": batch[:count].contiguous().numpy()})
        assert found.shape == (count, 10)
        assert np.abs(found - expected[:count]).max() <= 1e-4
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == [str(digit) for digit in range(10)]
    preprocessing = json.loads(about["preprocessing"])
    assert preprocessing["mean"] == list(network.mean)
    assert ("distance_dial" in preprocessing) == ("distance" in values)
    assert session.get_inputs()[0].shape[1:] == [3, 32, 32]


def kept_at_random(network: str, cut: str) -> KeptRun:
    experiment = Experiment(data="nowhere", network=network, recipe="case-4", cut=cut)
    torch.manual_seed(0)
    model = adapt(get_network(network), experiment.make_recipe(), 3)
    tensors = {key: value.detach() for key, value in model.state_dict().items()}
    return KeptRun(experiment, experiment.make_recipe(), ["a", "b", "c"], tensors)


def test_a_transformer_takes_any_number_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And without its data set, random pictures are what it is checked on."""
    monkeypatch.setattr(onnx_file, "CHECK_PICTURES", 5)
    note = write_onnx(kept_at_random("vit_b_16", "patches"), tmp_path / "x.onnx", lambda doing, done, total: None)
    assert note.startswith("Checked against PyTorch on 5 random pictures")


def test_what_does_not_agree_is_not_given_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "TOLERANCE", -1.0)
    with pytest.raises(NetworkError, match="cannot be had as ONNX: Checked against PyTorch"):
        write_onnx(kept_at_random("demo", "conv1"), tmp_path / "x.onnx", lambda doing, done, total: None)
    assert not list(tmp_path.glob("*.onnx"))
