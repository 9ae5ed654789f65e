"""Maps before and after a run: of frozen stages equal byte for byte, of re-trained ones not."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tl_core.backbones import build_stages
from tl_core.errors import DataError, WeightsMissing
from tl_core.explain.feature_maps import feature_maps, relative_change
from tl_core.explain.pictures import load_picture, receive
from tl_core.explain.subject import channels, open_subject
from tl_core.networks import get_network
from tl_core.predict import weights_path
from tl_core.preprocess import Preprocess
from tl_core.trainer import as_tensor


def grey(png: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))


def test_maps_of_frozen_stages_are_the_same_byte_for_byte(finish: Callable[..., str], stripes: Path) -> None:
    run_id = finish(recipe="case-1")
    rows = feature_maps("", str(stripes), 0, run_id=run_id)["stages"]
    assert [row["name"] for row in rows] == ["conv1", "conv2", "conv3", "fc1", "fc2", "fc3"]
    *kept, last = rows
    for row in kept:
        assert row["same_weights"] is True
        assert row["same_outputs"] is True
        assert (row["weights_moved"], row["outputs_moved"]) == (0.0, 0.0)
        assert row["before"] == row["after"]
    assert last["after"] is None, "the last stage was sliced off"
    assert last["same_weights"] is None


def test_the_bytes_that_are_compared_are_those_of_the_network(finish: Callable[..., str], stripes: Path) -> None:
    """The same with nothing of the page between: stages loaded here against those of the run's file."""
    run = open_subject(run_id=finish(recipe="case-1"))
    stages = build_stages(run.network, pretrained=True).to(memory_format=torch.channels_last).eval()
    image, _ = load_picture(32, str(stripes), 0)
    batch = Preprocess(run.network, 0.0, False, torch.device("cpu"))(as_tensor(image[None]))
    outputs = run.outputs(batch)
    assert list(outputs) == ["conv1", "conv2", "conv3", "fc1", "fc2"]
    with torch.no_grad():
        for name, output in outputs.items():
            batch = getattr(stages, name)(batch)
            assert batch.numpy().tobytes() == output.numpy().tobytes()


def test_retrained_stages_differ_and_say_by_how_much(finish: Callable[..., str], stripes: Path) -> None:
    *kept, _ = feature_maps("", str(stripes), 0, run_id=finish(recipe="case-3"))["stages"]
    for row in kept:
        assert row["same_weights"] is False
        assert row["same_outputs"] is False
        assert 0 < row["weights_moved"] < 1
        assert row["outputs_moved"] > 0


def test_a_frozen_stage_above_a_tuned_one_has_the_same_weights_and_other_maps(
    finish: Callable[..., str], stripes: Path
) -> None:
    run_id = finish(recipe="one-block", freeze="except-conv2")
    rows = {row["name"]: row for row in feature_maps("", str(stripes), 0, run_id=run_id)["stages"]}
    same = {name: (row["same_weights"], row["same_outputs"]) for name, row in rows.items()}
    assert same == {
        "conv1": (True, True), "conv2": (False, False), "conv3": (True, False), "fc1": (True, False), "fc2": (True, False),
        "fc3": (None, None),
    }  # fmt: skip


def test_the_strongest_channels_come_first_with_their_maps(stripes: Path) -> None:
    answer = feature_maps("demo-drawn", str(stripes), 3)
    subject = open_subject("demo-drawn")
    image, label = load_picture(32, str(stripes), 3)
    assert answer["label"] == label
    assert (grey(answer["picture"]) == image).all()
    outputs = subject.outputs(Preprocess(subject.network, 0.0, False, subject.device)(as_tensor(image[None])))
    for row in answer["stages"]:
        maps = channels(outputs[row["name"]])[0].numpy()
        peaks = maps.max((1, 2))
        shown = row["channels"]
        assert len(shown) == 16
        assert row["before"]["values"] == pytest.approx(np.sort(peaks)[::-1][:16].tolist())
        assert row["shape"] == list(maps.shape)
        if row["kind"] == "maps":
            best = maps[shown[0]]
            assert np.abs(grey(row["before"]["tiles"][0]) / 255 - best / best.max()).max() < 1 / 255
        else:
            assert grey(row["before"]["strip"]).shape == (1, len(peaks))
    assert answer["stages"][0]["names"] is None
    classes = ["german shepherd", "dachshund"]
    names = dict(zip(answer["stages"][-1]["channels"], answer["stages"][-1]["names"], strict=True))
    assert {k: names[k] for k in (0, 1) if k in names}.items() <= dict(enumerate(classes)).items()


def test_a_chosen_channel_is_shown_however_weak(stripes: Path) -> None:
    shown = feature_maps("demo-drawn", str(stripes), 0)["stages"][0]["channels"]
    weak = next(k for k in range(64) if k not in shown)
    again = feature_maps("demo-drawn", str(stripes), 0, chosen=(("conv1", weak), ("conv2", 10**6)))["stages"]
    assert again[0]["channels"] == [*shown[:-1], weak]
    assert len(again[1]["channels"]) == 16


def test_a_received_picture_is_looked_at_like_one_of_the_set(stripes: Path, tmp_path: Path) -> None:
    image, _ = load_picture(32, str(stripes), 5)
    Image.fromarray(image).save(tmp_path / "mine.png")
    mine = feature_maps("demo-drawn", png=receive(str(tmp_path / "mine.png"), "mine.png"))
    theirs = feature_maps("demo-drawn", str(stripes), 5)
    assert mine["stages"] == theirs["stages"]
    assert (mine["label"], theirs["label"]) == (None, "across")
    Image.new("RGB", (900, 500)).save(tmp_path / "large.png")
    assert grey(receive(str(tmp_path / "large.png"), "large.png")).shape == (224, 224, 3)


def test_what_is_no_picture_has_a_sentence(stripes: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("not a picture")
    with pytest.raises(DataError, match="'letter.png' is not an image"):
        receive(str(tmp_path / "letter.png"), "letter.png")
    with pytest.raises(DataError, match="no picture number 9,999"):
        feature_maps("demo-drawn", str(stripes), 9_999)


def test_weights_that_are_gone_are_said_though_they_were_looked_at(finish: Callable[..., str], stripes: Path) -> None:
    run_id = finish(recipe="case-2", epochs=1)
    rows = feature_maps("", str(stripes), 0, run_id=run_id)["stages"]
    assert [row["after"] is not None for row in rows] == [True, True, False, False, False, False]
    weights_path(run_id).unlink()
    with pytest.raises(WeightsMissing, match="no longer kept"):
        feature_maps("", str(stripes), 0, run_id=run_id)


def test_without_the_pretrained_weights_the_run_is_shown_alone(finish: Callable[..., str], stripes: Path) -> None:
    """ResNet trained from scratch: 224 pixels, and nothing was ever downloaded for it."""
    run_id = finish(network="resnet18", recipe="case-4", num_images=6, epochs=1)
    answer = feature_maps("", str(stripes), 0, run_id=run_id)
    assert answer["before"] is False
    assert not get_network("resnet18").present
    assert [row["shape"] for row in answer["stages"]] == [
        [64, 56, 56],
        [64, 56, 56],
        [128, 28, 28],
        [256, 14, 14],
        [512, 1, 1],
    ]
    assert grey(answer["stages"][0]["after"]["tiles"][0]).shape == (56, 56)
    assert all(row["before"] is None and row["same_weights"] is None for row in answer["stages"])


def test_tokens_lie_where_their_patches_are() -> None:
    tokens = torch.arange(2 * 5 * 3).reshape(2, 5, 3)
    maps = channels(tokens)
    assert maps.shape == (2, 3, 2, 2)
    assert (maps[1, :, 1, 0] == tokens[1, 1 + 2]).all(), "the class token is not one of them"


def test_relative_change() -> None:
    before, after = [torch.tensor([3.0, 0.0]), torch.tensor([4.0])], [torch.tensor([3.0, 3.0]), torch.tensor([8.0])]
    assert relative_change(before, after) == pytest.approx(1.0)
    assert relative_change(before, before) == 0.0
