"""The command line as a process: JSON lines, exit status, one clear line for bad input."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import small_kmnist
from tests.serving import serving


def tl(*args: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tl_core", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def events_of(result: subprocess.CompletedProcess) -> list[dict]:
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_run_obeys_the_contract(stripes: Path) -> None:
    result = tl(
        "run", "--data", stripes, "--num-images", 12, "--recipe", "case-1", "--epochs", 2, "--threads", 1, "--json"
    )
    events = events_of(result)
    assert [event["event"] for event in events] == ["started", "epoch", "epoch", "finished"]
    assert all({"event", "run_id", "seq", "elapsed_seconds"} <= set(event) for event in events)
    started, epoch, _, finished = events
    assert {"experiment", "case", "device", "classes", "num_train", "num_val", "num_test", "layers"} <= set(started)
    assert started["num_train"] + started["num_val"] == 12
    fields = {"name", "state", "num_weights", "num_trainable", "output_shape"}
    assert all(fields <= set(layer) for layer in started["layers"])
    assert {
        "epoch", "num_epochs", "train_loss", "val_loss", "train_accuracy", "val_accuracy", "images_per_second", "eta_seconds",
    } <= set(epoch)  # fmt: skip
    assert {
        "test_accuracy", "test_accuracy_low", "test_accuracy_high", "best_epoch", "seconds", "confusion", "weights_moved",
    } <= set(finished)  # fmt: skip
    frozen = [layer["name"] for layer in started["layers"] if layer["state"] == "frozen"]
    assert frozen == ["conv1", "conv2", "conv3", "fc1", "fc2"]
    assert all(finished["weights_moved"][name] == 0.0 for name in frozen)


def test_a_bonus_recipe_with_a_block_of_ones_choice(stripes: Path) -> None:
    result = tl(
        "run", "--data", stripes, "--recipe", "one-block", "--freeze", "except-conv2", "--epochs", 1, "--threads", 1, "--json"
    )  # fmt: skip
    started, _, finished = events_of(result)
    assert started["case"] is None
    assert [name for name, moved in finished["weights_moved"].items() if moved] == ["conv2", "new"]


def test_run_with_text_output_and_automatic_recipe(stripes: Path) -> None:
    result = tl("run", "--data", stripes, "--epochs", 1, "--threads", 1)
    assert result.returncode == 0, result.stderr
    assert "test accuracy" in result.stdout
    assert "frozen" in result.stdout


def test_measure(stripes: Path) -> None:
    (measured,) = events_of(tl("measure", "--data", stripes, "--json"))
    assert 0 <= measured["similarity_low"] <= measured["similarity"] <= measured["similarity_high"] <= 1
    assert set(measured["cut_scores"]) == {"conv1", "conv2", "conv3", "fc1", "fc2"}
    assert measured["recipe"] == f"case-{measured['case']}"
    assert measured["cut"] in measured["cut_scores"]
    assert measured["num_images"] == 20
    assert measured["why"].endswith(".")


def test_networks_and_datasets_list_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stripes: Path
) -> None:
    networks = {row["name"]: row for row in events_of(tl("networks", "--json"))}
    assert networks["demo"]["present"] is True
    assert networks["resnet18"]["present"] is False
    assert networks["resnet18"]["download_mb"] > 40
    assert [stage["name"] for stage in networks["demo"]["stages"]][-1] == "fc3"
    monkeypatch.setenv("TL_DATA_DIR", str(stripes.parent))
    datasets = {row["name"]: row for row in events_of(tl("datasets", "--json"))}
    assert {"digits", "stripes"} <= set(datasets)
    fields = {"name", "title", "num_classes", "num_images", "present", "download_mb", "licence", "source"}
    assert set(datasets["digits"]) == fields


def one_image_class(make: Callable[..., Path]) -> Path:
    folder = make("lonely")
    for path in sorted((folder / "down").iterdir())[1:]:
        path.unlink()
    return folder


def text_named_png(make: Callable[..., Path]) -> Path:
    folder = make("texts")
    for path in (folder / "down").iterdir():
        path.write_text("this is no picture")
    return folder


def empty_zip(make: Callable[..., Path]) -> Path:
    path = make("unused").parent / "empty.zip"
    zipfile.ZipFile(path, "w").close()
    return path


@pytest.mark.parametrize(
    ("make_data", "words"),
    [
        (one_image_class, "down"),
        (text_named_png, "down"),
        (empty_zip, "empty"),
        (lambda make: make("single", classes=("only",)), "one class"),
        (lambda make: "nowhere", "nowhere"),
    ],
)
def test_bad_data_is_one_clear_line(make_stripes: Callable[..., Path], make_data: Callable, words: str) -> None:
    result = tl("run", "--data", make_data(make_stripes), "--recipe", "case-4", "--epochs", 1)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--network", "resnet17"), "Did you mean 'resnet1"),
        (("--recipe", "case-7"), "case-1, case-2"),
        (("--recipe", "lp-tf"), "Did you mean 'lp-ft'"),
        (("--recipe", "one-block", "--freeze", "except-conv8"), "conv1, conv2"),
        (("--cut", "conv8", "--recipe", "case-2"), "conv1"),
        (("--distance", "3"), "Received: 3"),
        (("--num-images", "0"), "Received: 0"),
        (("--num-images", "lots"), "lots"),
        (("--device", "tpu"), "tpu"),
        (("--no-such-thing",), "--no-such-thing"),
    ],
)
def test_bad_arguments_are_one_clear_line(args: tuple[str, ...], words: str) -> None:
    result = tl("run", "--data", "digits", *args)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert words in result.stderr


def test_ctrl_c_ends_with_130_and_a_stopped_event(stripes: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tl_core",
        "run",
        "--data",
        str(stripes),
        "--recipe",
        "case-4",
        "--epochs",
        "500",
        "--json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    lines = [process.stdout.readline() for _ in range(3)]
    assert json.loads(lines[-1])["event"] == "epoch"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert json.loads(rest.splitlines()[-1])["event"] == "stopped"


def test_fetch_checks_all_names_first_and_lists_what_there_is() -> None:
    result = tl("fetch", "digits", "kmnits")
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1, "nothing was begun"
    for words in ("'kmnits'", "Did you mean 'kmnist'", "Data sets: digits", "Networks: demo, demo-drawn, resnet18"):
        assert words in result.stderr


def test_fetch_of_what_is_here_says_so(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_DATA_DIR", str(stripes.parent))
    result = tl("fetch", "digits", "demo", "stripes")
    assert result.returncode == 0
    assert result.stderr.splitlines() == [f"{name}: already here" for name in ("digits", "demo", "stripes")]
    rows = events_of(tl("fetch", "demo", "digits", "--json"))
    assert [(row["name"], row["kind"], row["was_here"]) for row in rows] == [
        ("demo", "network", True), ("digits", "data set", True),
    ]  # fmt: skip


def test_fetch_of_a_data_set_is_interrupted_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    with serving() as server:
        small_kmnist.offer(server, tmp_path / "site", monkeypatch)
        server.hold_after = 40_000
        command = [sys.executable, "-m", "tl_core", "fetch", small_kmnist.NAME]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while not any(path.stat().st_size for path in (tmp_path / "home").rglob("*.part")):
            assert time.monotonic() < end, "nothing arrives"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 130
        assert "Traceback" not in errors
        server.hold_after = None
        server.release.set()
        result = tl("fetch", small_kmnist.NAME)
        assert (result.returncode, result.stderr) == (0, "kmnist: downloaded\n")
        assert any(asked and asked.startswith("bytes=") for asked in server.ranges), "it went on where it stopped"
    assert tl("fetch", small_kmnist.NAME).stderr == "kmnist: already here\n"


def test_a_download_that_fails_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    with serving() as server:
        small_kmnist.offer(server, tmp_path / "site", monkeypatch)
        server.status = 503
        result = tl("fetch", small_kmnist.NAME)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "503" in result.stderr
