"""A run's network tried on pictures: the same answers as in the run, one sentence for each picture that cannot be read."""

import base64
import io
import uuid
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tl_core import predict as module
from tl_core.data import apply_distance, load_dataset
from tl_core.errors import RunNotFound, WeightsMissing
from tl_core.events import Finished
from tl_core.experiment import Experiment
from tl_core.paths import runs_dir
from tl_core.predict import predict, predict_test_pictures, weights_path
from tl_core.training import run


def finish(experiment: Experiment) -> tuple[str, Finished]:
    """A run to its end, weights kept where the engine keeps them."""
    run_id = uuid.uuid4().hex
    *_, finished = run(experiment, run_id=run_id, device="cpu", save_to=weights_path(run_id))
    assert isinstance(finished, Finished)
    return run_id, finished


def pixels(png: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_DEVICE", "cpu")


@pytest.mark.parametrize(
    "values",
    [
        {"recipe": "case-1"},
        {"recipe": "case-2", "distance": 0.75},
        {"recipe": "case-3", "distance": 0.5},
        {"recipe": "lp-ft"},
        {"recipe": "all-stages"},
        {"recipe": "one-block", "freeze": "except-conv2"},
    ],
    ids=["head only", "cut early", "all of it", "head first", "all stages", "one block"],
)
def test_test_images_get_the_classes_they_got_in_the_run(tmp_path: Path, values: dict) -> None:
    experiment = Experiment(data="digits", num_images=120, epochs=3, **values)
    run_id, finished = finish(experiment)
    data = load_dataset("digits", 120, 0, 32)
    pictures = []
    for number, image in enumerate(data.test_images):
        path = tmp_path / f"{number}.png"
        Image.fromarray(image).save(path)
        pictures.append((path.name, str(path)))
    rows = predict(run_id, pictures)
    confusion = np.zeros((10, 10), int)
    for true, row in zip(data.test_labels, rows, strict=True):
        confusion[true, data.class_names.index(row["top"][0]["label"])] += 1
    assert confusion.tolist() == finished.confusion
    assert 0 < np.trace(confusion) < confusion.sum(), "both right and wrong answers were compared"
    seen = apply_distance(data.test_images[:1], experiment.distance)[0]
    assert (pixels(rows[0]["png"]) == seen).all()


def test_confidences_are_probabilities_best_first(make_stripes) -> None:
    folder = make_stripes("four", classes=("a", "b", "c", "d"))
    run_id, _ = finish(Experiment(data=str(folder), epochs=1))
    (row,) = predict(run_id, [("mine.png", str(folder / "c" / "000.png"))])
    assert row["name"] == "mine.png"
    assert row["error"] is None
    confidences = [answer["confidence"] for answer in row["top"]]
    assert len(confidences) == 3
    assert confidences == sorted(confidences, reverse=True)
    assert 0.25 <= confidences[0] <= sum(confidences) < 1


def test_two_classes_have_no_third_and_their_confidences_make_one(stripes: Path) -> None:
    run_id, _ = finish(Experiment(data=str(stripes), epochs=1))
    (row,) = predict(run_id, [("x", str(stripes / "down" / "000.png"))])
    assert sum(answer["confidence"] for answer in row["top"]) == pytest.approx(1, abs=1e-6)
    assert {answer["label"] for answer in row["top"]} == {"across", "down"}


def test_bad_pictures_have_a_sentence_and_the_good_ones_an_answer(stripes: Path, tmp_path: Path) -> None:
    run_id, _ = finish(Experiment(data=str(stripes), epochs=1))
    (tmp_path / "letter.png").write_text("not a picture")
    good = str(stripes / "down" / "000.png")
    (tmp_path / "half.png").write_bytes(Path(good).read_bytes()[:500])
    pictures = [
        ("letter.png", str(tmp_path / "letter.png")),
        ("good.png", good),
        ("half.png", str(tmp_path / "half.png")),
        ("gone.png", str(tmp_path / "gone.png")),
        ("good too.png", good),
    ]
    rows = predict(run_id, pictures)
    assert [row["name"] for row in rows] == [name for name, _ in pictures]
    for number in (0, 2, 3):
        assert rows[number]["error"].startswith(f"'{pictures[number][0]}'")
        assert rows[number]["top"] == []
    assert rows[1]["top"] == rows[4]["top"] != []
    assert predict(run_id, pictures[:1])[0]["error"]


def test_test_pictures_come_from_the_test_images_and_know_their_class(stripes: Path) -> None:
    run_id, finished = finish(Experiment(data=str(stripes), epochs=8))
    data = load_dataset(str(stripes), None, 0, 32)
    true_of = {ref: data.class_names[label] for ref, label in zip(data.test_refs, data.test_labels, strict=True)}
    rows = predict_test_pictures(run_id, count=100)  # more than there are: each once
    assert sorted((row["true"], row["name"]) for row in rows) == sorted(
        (true, Path(ref).name) for ref, true in true_of.items()
    )
    right = sum(row["top"][0]["label"] == row["true"] for row in rows)
    assert right / len(rows) == finished.test_accuracy
    first, second = (predict_test_pictures(run_id, count=2, seed=seed) for seed in (0, 0))
    assert first == second
    assert len(first) == 2
    assert len({predict_test_pictures(run_id, count=1, seed=seed)[0]["png"] for seed in range(8)}) > 1


@pytest.mark.parametrize("run_id", ["", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 32 + "\n"])
def test_what_is_no_run_id_never_becomes_a_path(run_id: str) -> None:
    with pytest.raises(RunNotFound, match="32 hexadecimal digits"):
        predict(run_id, [])


def test_weights_that_are_gone_or_damaged_are_said(stripes: Path) -> None:
    run_id, _ = finish(Experiment(data=str(stripes), epochs=1))
    predict(run_id, [])
    weights_path(run_id).unlink()
    with pytest.raises(WeightsMissing, match="no longer kept; run it again"):
        predict(run_id, [])
    weights_path(run_id).write_bytes(b"not weights")
    with pytest.raises(WeightsMissing, match="cannot be used"):
        predict(run_id, [])


def test_networks_stay_loaded_within_their_room(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = module._LoadedNetworks()
    first, second = (finish(Experiment(data=str(stripes), epochs=1, seed=seed))[0] for seed in range(2))
    loaded = kept.get(first)
    assert kept.get(first) is loaded
    kept.get(second)
    assert kept.get(first) is loaded, "there is room for both"
    size = (runs_dir() / f"{first}.safetensors").stat().st_size
    monkeypatch.setattr(module, "KEEP_LOADED_MB", 1.5 * size / 2**20)
    kept.get(second)
    assert kept.get(first) is not loaded, "the one used longest ago made room"


def test_another_network_is_rebuilt_without_its_pretrained_weights(stripes: Path, tmp_path: Path) -> None:
    """ResNet from random weights: 224 pixels, BatchNorm buffers; nothing was downloaded for it and nothing needs to be."""
    run_id, _ = finish(Experiment(data=str(stripes), num_images=6, network="resnet18", recipe="case-4", epochs=1))
    (row,) = predict(run_id, [("x.png", str(stripes / "down" / "000.png"))])
    assert pixels(row["png"]).shape == (112, 112, 3)
    assert len(row["top"]) == 2
