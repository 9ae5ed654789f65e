"""The notebook repeats its run: the same accuracy within the interval, and on one machine the very same numbers."""

import json
import zipfile
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
import torch

from tests.export.running import finish, take
from tl_core.errors import DataError
from tl_core.experiment import Experiment
from tl_core.export import notebook_zip
from tl_core.export.network_code import imports, network_code
from tl_core.networks import get_network, networks
from tl_core.surgery import adapt


def unpack(path: Path, folder: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return json.loads((folder / "notebook.ipynb").read_text())


def code_of(cells: dict[str, Any]) -> list[str]:
    return ["".join(cell["source"]) for cell in cells["cells"] if cell["cell_type"] == "code"]


def within(record, accuracy: float) -> bool:
    finished = record.find("finished")
    return finished["test_accuracy_low"] <= accuracy <= finished["test_accuracy_high"]


@pytest.mark.parametrize("recipe", ["case-1", "case-3"])
def test_a_kernel_runs_the_notebook_to_the_accuracy_of_the_run(make_stripes, tmp_path: Path, recipe: str) -> None:
    if recipe == "case-1":
        experiment = Experiment(data="digits", num_images=120)
    else:
        experiment = Experiment(
            data=str(make_stripes("four", classes=("a", "b", "c", "d"), count=30)), recipe=recipe, epochs=4, seed=2
        )
    run_id, record = finish(experiment)
    path, note = take(run_id, record, "notebook")
    assert "pictures at 32 × 32" in note
    unpack(path, tmp_path / "there")
    book = nbformat.read(tmp_path / "there" / "notebook.ipynb", as_version=4)
    nbformat.validate(book)
    book.cells.append(nbformat.v4.new_code_cell("print('RESULT', accuracy)"))
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path / "there")}}).execute()
    accuracy = float(book.cells[-1].outputs[0].text.split()[1])
    assert within(record, accuracy)
    said = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", []))
    assert "Within that interval: True" in said


@pytest.mark.parametrize(
    "values",
    [
        {"recipe": "case-1", "mirror": True},
        {"recipe": "case-2", "distance": 1.0},
        {"recipe": "case-3", "batch_size": 17, "distance": 0.5},
        {"recipe": "case-4"},
        {"recipe": "lp-ft"},
        {"recipe": "all-stages"},
        {"recipe": "one-block", "freeze": "except-conv2"},
        {"recipe": "custom", "cut": "conv3", "freeze": "conv1", "lr": 0.001, "weight_decay": 0.1},
    ],
    ids=lambda values: values["recipe"],
)
def test_every_recipe_comes_out_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict) -> None:
    run_id, record = finish(Experiment(data="digits", **{"num_images": 120, "epochs": 4, "seed": 1, **values}))
    cells = unpack(take(run_id, record, "notebook")[0], tmp_path / "there")
    monkeypatch.chdir(tmp_path / "there")
    names: dict[str, Any] = {}
    for source in code_of(cells):
        exec(source, names)
    assert names["accuracy"] == record.find("finished")["test_accuracy"]
    assert names["best"]["epoch"] == record.find("finished")["best_epoch"]
    # the weights taken home fit the notebook's network, and are those it has found by itself
    from safetensors.torch import load_file

    taken = load_file(take(run_id, record, "weights")[0])
    own = names["model"].state_dict()
    assert taken.keys() == own.keys()
    assert all(torch.allclose(taken[key].float(), own[key].float(), atol=1e-4) for key in taken)


@pytest.mark.parametrize("name", [name for name, network in networks().items() if not network.builtin])
def test_torchvisions_networks_are_taken_apart_as_in_the_run(name: str) -> None:
    network = get_network(name)
    names: dict[str, Any] = {"nn": torch.nn, "torch": torch}
    exec(imports(network), names)
    with torch.device("meta"):
        exec(network_code(network, pretrained=False), names)
        model = adapt(network, Experiment(network=name, recipe="case-4").make_recipe(), 5)
    assert list(names["stages"]._modules) == [stage.name for stage in network.stages]
    kept = {
        key.split(".", 1)[1]: value.shape for key, value in model.state_dict().items() if not key.startswith("new.")
    }
    last = network.stages[-1].name
    spelt = {key: value.shape for key, value in names["stages"].state_dict().items() if not key.startswith(f"{last}.")}
    assert spelt == kept


def test_pictures_too_many_or_changed_are_refused(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, record = finish(Experiment(data=str(stripes), epochs=1))
    (stripes / "down" / "000.png").unlink()
    with pytest.raises(DataError, match="changed since this run"):
        take(run_id, record, "notebook")
    monkeypatch.setattr(notebook_zip, "MOST_MB", 0.02)
    with pytest.raises(DataError, match=r"Received: 24 pictures, 0 MB"):
        take(run_id, record, "notebook")


def test_names_cannot_break_out_of_the_text(make_stripes, tmp_path: Path) -> None:
    folder = make_stripes("odd", classes=("a'\"]\n", "![x](http:y)"[:5] + "{z}"), count=10)
    run_id, record = finish(Experiment(data=str(folder), epochs=1))
    record = type(record)("Run 1: [x](javascript:y) <b>", record.data_title, record.events)
    cells = unpack(take(run_id, record, "notebook")[0], tmp_path / "there")
    heading = "".join(cells["cells"][0]["source"]).splitlines()[0]
    assert heading == r"# Run 1\: \[x\]\(javascript\:y\) \<b\>"
    names: dict[str, Any] = {}
    for line in "\n".join(code_of(cells)).splitlines():
        if line.startswith("CLASSES = "):
            exec(line, names)
    assert names["CLASSES"] == record.find("started")["classes"]
