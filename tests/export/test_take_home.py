"""Weights that say what they are, files that do not stay, and a sentence for what cannot be had."""

import json
import os
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tests.export.running import finish, take
from tl_core.errors import ExperimentError, RunNotFound, WeightsMissing
from tl_core.experiment import Experiment
from tl_core.export.kept_run import read_kept
from tl_core.export.take_home import KEEP_SECONDS, exports_dir, sweep
from tl_core.predict import weights_path
from tl_core.questions import LONG, QUESTIONS


def test_weights_come_with_classes_and_preprocessing(stripes: Path) -> None:
    run_id, record = finish(Experiment(data=str(stripes), recipe="case-2", epochs=1, distance=0.25))
    path, _ = take(run_id, record, "weights")
    kept = read_kept(run_id)
    with safe_open(path, "pt") as file:
        about = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    assert json.loads(about["classes"]) == ["across", "down"]
    preprocessing = json.loads(about["preprocessing"])
    assert preprocessing["size"] == [32, 32]
    assert sorted(preprocessing["distance_dial"]["tile_order"]) == [0, 1, 2, 3]
    assert json.loads(about["recipe"])["cut"] == "early"
    assert str(stripes) not in json.dumps(about), "where the pictures lie is nobody's business"
    assert {key.split(".")[0] for key in tensors} == {"body", "new"}
    assert torch.equal(tensors["new.linear.weight"], kept.tensors["new.linear.weight"])
    assert len(tensors) == len(kept.tensors)


def test_weights_that_are_gone_or_damaged_are_said_and_the_report_is_still_there(stripes: Path) -> None:
    run_id, record = finish(Experiment(data=str(stripes), epochs=1))
    weights_path(run_id).write_bytes(b"not weights")
    with pytest.raises(WeightsMissing, match="damaged"):
        take(run_id, record, "weights")
    weights_path(run_id).unlink()
    for form in ("weights", "onnx"):
        with pytest.raises(WeightsMissing, match="no longer kept.*Start the run again"):
            take(run_id, record, form)
    assert take(run_id, record, "report")[0].is_file()
    assert [path.suffix for path in exports_dir().iterdir()] == [".html"], "nothing half made stays"


def test_what_makes_no_sense_is_refused(stripes: Path) -> None:
    run_id, record = finish(Experiment(data=str(stripes), epochs=1))
    with pytest.raises(ExperimentError, match="'pdf'"):
        take(run_id, record, "pdf")
    with pytest.raises(RunNotFound, match="32 hexadecimal digits"):
        take("../../etc/passwd", record, "report")
    with pytest.raises(RunNotFound, match="finished"):
        take(run_id, type(record)("", "", record.events[:-1]), "report")


def test_files_are_deleted_after_an_hour(stripes: Path) -> None:
    run_id, record = finish(Experiment(data=str(stripes), epochs=1))
    old, new = take(run_id, record, "report")[0], take(run_id, record, "weights")[0]
    long_ago = time.time() - KEEP_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    sweep(time.time())
    assert not old.exists()
    assert new.exists()


def test_the_interactive_worker_knows_it_as_a_long_question() -> None:
    assert "take_home" in LONG
    assert "take_home" in QUESTIONS
