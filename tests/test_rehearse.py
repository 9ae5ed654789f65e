import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import write_stripes
from tl_core.cases import Thresholds
from tl_core.engine import LocalEngine
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.paths import ROOT
from tl_core.rehearse import Lesson, from_link, read_lessons, rehearse, resolve
from tl_core.store import REHEARSAL, Store

HOST = "http://localhost:8501/train"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TL_DATA_DIR", str(tmp_path / "data"))
    return write_stripes(tmp_path / "data" / "stripes")


@pytest.fixture
def engine(tmp_path: Path, shelf: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(Store(), device="cpu", warm=False)
    yield engine
    engine.close()


def test_links_json_and_files_are_read_each_lesson_once(tmp_path: Path) -> None:
    file = tmp_path / "monday.txt"
    link = f"{HOST}?data=digits&images=100&recipe=case-1&run={'a' * 32}&text=Hello&show=none"
    file.write_text(f"# Monday\n\n{link}\n" + '{"data": "digits", "num_images": 200, "recipe": "case-3"}\n')
    wanted = [
        Lesson(Experiment(data="digits", num_images=100, recipe="case-1")),
        Lesson(Experiment(data="digits", num_images=200, recipe="case-3")),
    ]
    assert read_lessons([str(file)]) == wanted
    assert read_lessons([link, str(file)]) == wanted
    assert read_lessons([json.dumps([one.experiment.to_json() for one in wanted])]) == wanted


def test_a_link_without_a_recipe_asks_the_map() -> None:
    lesson = from_link(f"{HOST}?data=digits&small=500&cut=conv2")
    assert lesson == Lesson(Experiment(data="digits"), True, Thresholds(500, Thresholds().similarity))


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("no-such-file", "neither a link"),
        (f"{HOST}?images=100", "no data set"),
        (f"{HOST}?data=imagine&images=100", "no data set"),
        (f"{HOST}?data=digits&images=many", "'images' must be a number"),
        (f"{HOST}?data=digits&small=few", "must be numbers"),
        (f"{HOST}?data=upload-{'0' * 32}&recipe=case-1", "belong to one visitor"),
        ('{"data": "digits", "colour": 3}', "field of an experiment"),
        ("[1, 2]", "is an object"),
        ("{", "not JSON"),
    ],
)
def test_what_cannot_be_rehearsed_is_a_sentence(word: str, what: str) -> None:
    with pytest.raises(UserError, match=what):
        read_lessons([word])


def test_a_file_of_something_else_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear colleague")
    with pytest.raises(UserError, match="Dear colleague"):
        read_lessons([str(file)])


def test_in_class_the_rehearsed_run_is_there_at_once(engine: LocalEngine) -> None:
    lesson = Experiment(data="stripes", recipe="case-4", epochs=2)
    doings: set[str] = set()
    done = rehearse(lesson, engine, on_progress=lambda doing, count, total: doings.add(doing))
    assert (done.run.status, done.run.owner, done.known) == ("finished", REHEARSAL, False)
    assert doings
    assert rehearse(lesson, engine).known, "the second evening there is nothing to do"
    assert not rehearse(lesson, engine, fresh=True).known
    run = engine.store.get_run(engine.submit(lesson, "a student"))
    assert (run.status, run.recorded) == ("finished", True)
    failed = rehearse(Experiment(data="stripes", recipe="custom", cut="no_such_stage"), engine)
    assert failed.run.status == "failed"


def test_the_prescribed_recipe_is_that_of_the_measured_case(engine: LocalEngine) -> None:
    small = resolve(Lesson(Experiment(data="stripes"), True), engine)
    assert small.recipe in ("case-1", "case-2")
    large = resolve(Lesson(Experiment(data="stripes"), True, Thresholds(10, 0.0)), engine)
    assert large.recipe == "case-3"
    assert resolve(Lesson(Experiment(data="stripes", recipe="case-4")), engine).recipe == "case-4"


def test_the_command_says_what_it_did(shelf: Path) -> None:
    words = [sys.executable, "-m", "tl_core", "rehearse", f"{HOST}?data=stripes&recipe=case-4&epochs=2"]
    first = subprocess.run([*words, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert first.returncode == 0, first.stderr
    row = json.loads(first.stdout)
    assert (row["status"], row["known"], row["experiment"]["epochs"]) == ("finished", False, 2)
    again = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "1 of 1: stripes, all images, demo, case-4:" in again.stdout
    assert "was there already" in again.stdout
    bad = subprocess.run([*words[:4], f"{HOST}?data=nowhere&recipe=case-1"], cwd=ROOT, capture_output=True, text=True)
    assert bad.returncode == 2
    assert "nowhere" in bad.stderr
