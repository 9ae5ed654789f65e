"""Rules of the frame that a browser test would not show."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tl_core.paths import ROOT


def page_calls() -> list[tuple[str, str]]:
    """(file, url_path) of every `st.Page(...)` around the pages."""
    tree = ast.parse((ROOT / "frame" / "around.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.Page"]
    paths = [{word.arg: word.value for word in call.keywords}["url_path"] for call in calls]
    return [(ast.literal_eval(call.args[0]), ast.literal_eval(path)) for call, path in zip(calls, paths, strict=True)]


def test_addresses_equal_file_names_and_every_page_enters_through_the_frame() -> None:
    """Else a page that is opened first by its address would run without the frame: see frame.entry."""
    calls = page_calls()
    assert {Path(file).name for file, _ in calls} == {path.name for path in ROOT.glob("pages/*.py")}
    for file, url_path in calls:
        assert url_path == re.sub(r"^\d+_", "", Path(file).stem)
        statements = [node for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.Expr)]
        assert ast.unparse(statements[1]) == "enter()", "the first statement after the docstring"


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("pages/*.py"), *ROOT.glob("frame/*.py"), ROOT / "app.py"]), ids=lambda p: p.name
)
def test_pages_and_frame_do_not_import_torch(path: Path) -> None:
    imported = re.findall(r"^\s*(?:import|from) (\w+)", path.read_text(), re.MULTILINE)
    assert "torch" not in imported
    assert "torchvision" not in imported


def test_the_server_loads_no_data_frames_to_show_runs_and_drawings(tmp_path: Path) -> None:
    """pandas and pyarrow: half a second in which every visitor waits, and 77 MB; see frame.browser."""
    visits = """
import sys, uuid
from streamlit.testing.v1 import AppTest
from frame.services import get_engine, get_store
from tl_core.experiment import Experiment
from tl_core.training import run

owner, experiment = "0" * 32, Experiment(data="digits", num_images=20, epochs=1)
run_id = uuid.uuid4().hex
get_store().add_run(run_id, experiment.to_json(), experiment.id, owner)
for event in run(experiment, run_id=run_id):
    get_store().add_event(run_id, event.to_json())
app = AppTest.from_file("app.py", default_timeout=60)
app.session_state["owner"], app.session_state["run_id"] = owner, run_id
for page in ("1_cases", "2_train", "5_evidence"):
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception, app.exception
    print(page, sorted({name.partition(".")[0] for name in sys.modules} & {"pandas", "pyarrow"}))
get_engine().close()
"""
    environment = {**os.environ, "TL_HOME": str(tmp_path), "TL_STORE_URL": "", "TL_DEVICE": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", visits], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split("\n")[:-1] == ["1_cases []", "2_train []", "5_evidence []"], done.stderr[-2000:]
