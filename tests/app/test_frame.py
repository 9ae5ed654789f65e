"""Rules of the frame that a browser test would not show."""

import ast
import re
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
