"""The exam once more: the same images and the same answers as in the run, and the pictures that belong to them."""

import base64
import io
import json
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tl_core.data import apply_distance, load_dataset, open_source
from tl_core.errors import DataError, RunNotFound, WeightsMissing
from tl_core.events import Finished
from tl_core.exam import MOST_PICTURES, exam, exam_pictures
from tl_core.experiment import Experiment
from tl_core.mistakes import ExamAnswers
from tl_core.predict import weights_path
from tl_core.training import run


def finish(experiment: Experiment) -> tuple[str, Finished]:
    """A run to its end, weights kept where the engine keeps them."""
    run_id = uuid.uuid4().hex
    *_, finished = run(experiment, run_id=run_id, device="cpu", save_to=weights_path(run_id))
    assert isinstance(finished, Finished)
    return run_id, finished


def pixels(picture: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"))


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_DEVICE", "cpu")


@pytest.mark.parametrize(
    "values",
    [{"recipe": "case-1"}, {"recipe": "case-3", "distance": 0.5, "seed": 3}, {"recipe": "lp-ft"}],
    ids=["head only", "all of it, dial turned", "head first"],
)
def test_the_answers_are_those_of_the_run(values: dict) -> None:
    run_id, finished = finish(Experiment(data="digits", num_images=120, epochs=3, **values))
    answers = ExamAnswers.from_json(json.loads(json.dumps(exam(run_id))))
    assert answers.num_changed(finished.confusion) == 0
    cells = [[len(answers.cell(true, predicted)) for predicted in range(10)] for true in range(10)]
    assert cells == finished.confusion
    assert 0 < len(answers.worst()) == round((1 - finished.test_accuracy) * len(answers.true))
    assert ((0.1 < answers.confidence) & (answers.confidence <= 1)).all()


def test_the_pictures_are_those_the_network_saw_in_the_order_asked_for() -> None:
    run_id, _ = finish(Experiment(data="digits", num_images=60, recipe="case-1", distance=0.5, epochs=1))
    answers = exam(run_id)
    rows = [7, 0, 358]
    pictures = exam_pictures("digits", 32, 0.5, rows, answers["fingerprint"])
    data = load_dataset("digits", 60, 0, 32)
    assert data.test_labels.tolist() == answers["true"]
    for picture, row in zip(pictures, rows, strict=True):
        assert (pixels(picture) == apply_distance(data.test_images[[row]], 0.5)[0]).all()
    assert len(exam_pictures("digits", 32, 0.0, range(200), answers["fingerprint"])) == MOST_PICTURES
    for row in (359, -1):
        with pytest.raises(DataError, match="359 test images"):
            exam_pictures("digits", 32, 0.0, [row], answers["fingerprint"])


def test_damaged_test_pictures_are_left_out_as_in_the_run(stripes: Path) -> None:
    for path in sorted(stripes.glob("*/*.png"))[::3]:
        path.write_bytes(path.read_bytes()[:300])
    run_id, finished = finish(Experiment(data=str(stripes), epochs=1))
    answers = ExamAnswers.from_json(exam(run_id))
    assert answers.num_changed(finished.confusion) == 0
    assert len(exam_pictures(str(stripes), 32, 0.0, range(len(answers.true)), answers.fingerprint)) == len(answers.true)


def test_large_pictures_come_as_small_files() -> None:
    fingerprint = open_source("digits").fingerprint
    (picture,) = exam_pictures("digits", 224, 0.0, [0], fingerprint)
    assert pixels(picture).shape == (112, 112, 3)
    assert len(picture) < 8_000


def test_pictures_that_have_changed_are_not_shown(stripes: Path) -> None:
    run_id, finished = finish(Experiment(data=str(stripes), epochs=1))
    before = exam(run_id)
    for index in range(12, 30):
        shutil.copy(stripes / "down" / "000.png", stripes / "down" / f"{index:03d}.png")
    with pytest.raises(DataError, match="have changed"):
        exam_pictures(str(stripes), 32, 0.0, [0], before["fingerprint"])
    assert ExamAnswers.from_json(exam(run_id)).num_changed(finished.confusion) is None, "another exam"
    shutil.copytree(stripes / "down", stripes / "third")
    with pytest.raises(DataError, match="it learnt 2, now there are 3"):
        exam(run_id)


def test_progress_is_told_and_missing_weights_are_said(stripes: Path) -> None:
    run_id, _ = finish(Experiment(data=str(stripes), epochs=1))
    told: list[tuple[str, int, int]] = []
    answers = exam(run_id, lambda *step: told.append(step))
    assert told[-1] == ("Asking the network about the test images", 0, len(answers["true"]))
    weights_path(run_id).unlink()
    with pytest.raises(WeightsMissing, match="no longer kept"):
        exam(run_id)
    with pytest.raises(RunNotFound):
        exam("../weights")


def test_pictures_and_pages_need_no_torch() -> None:
    code = (
        "import sys, tl_core.exam, tl_core.mistakes, tl_core.fitting_words, tl_core.questions; "
        "print([m for m in ('torch', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
