"""Each of torchvision's sets from a server to pixels: small archives of the real formats, everything else for real."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import tiny_archives as tiny
from tiny_archives import CLASSES, PER_CLASS

from scripts.make_dataset_tables import WORDS, dataset_table
from tests.serving import serving
from tl_core.data import torchvision_sets
from tl_core.data.arrays import load_arrays
from tl_core.data.catalogue import catalogue
from tl_core.data.fetching import download_folder, fetch_dataset
from tl_core.data.preview import describe
from tl_core.data.source import open_source
from tl_core.errors import DataError
from tl_core.paths import ROOT, datasets_dir

NAMES = tuple(CLASSES)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch):
    monkeypatch.delenv("TL_DATASETS_DIR", raising=False)
    monkeypatch.delenv("TL_DATASETS_URL", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def bring(tmp_path, monkeypatch):
    """Fetch a small copy of a set as a user would the large one."""

    made = {}

    def bring(name):
        if name not in made:
            made[name] = tiny.write_archives(name, tmp_path / f"{name}-archives")
        archives = made[name]
        monkeypatch.setattr(torchvision_sets, "TABLE", tiny.write_table(tmp_path, {name: archives}))
        tiny.patch_sums(monkeypatch, archives)
        with serving() as server:
            server.files = {f"mirror/{name}/{file}": data for file, data in archives.items()}
            monkeypatch.setenv("TL_DATASETS_URL", f"{server.url}/mirror/")
            fetch_dataset(name)
        assert sorted(server.asked) == sorted(f"/{path}" for path in server.files)

    return bring


def test_every_set_is_offered_before_it_is_here():
    entries = torchvision_sets.entries()
    assert tuple(entries) == NAMES == tuple(WORDS)
    assert not any(entry.present for entry in entries.values())
    for entry in entries.values():
        assert re.fullmatch(r"[a-z0-9_]+", entry.name)
        assert "https://" in entry.source or "http://" in entry.source
        assert entry.licence
        assert entry.description.endswith(".")
    assert {e.name for e in entries.values() if not e.mirror_safe} == {"kmnist", "svhn", "gtsrb"}
    assert entries["cifar_10"].download_mb == 170.5
    assert set(NAMES) < set(catalogue())


@pytest.mark.parametrize("name", NAMES)
def test_table_is_what_the_script_writes(name):
    rows = {row["name"]: row for row in json.loads(torchvision_sets.TABLE.read_text("utf-8"))}
    assert rows[name] == json.loads(json.dumps(dataset_table(name)))
    assert rows[name]["archives"]
    assert all(re.fullmatch(r"[0-9a-f]{32}", archive["md5"]) for archive in rows[name]["archives"])


def test_signs_have_their_numbers():
    names = torchvision_sets.table()["gtsrb"].class_names
    assert len(set(names.values())) == 43
    assert (names["14"], names["17"], names["40"]) == ("Stop", "No entry", "Roundabout")


@pytest.mark.parametrize("name", NAMES)
def test_from_the_server_to_pixels(name, bring):
    with pytest.raises(DataError, match=f"not on this machine yet.*fetch {name}"):
        open_source(name)
    bring(name)
    assert catalogue()[name].present
    source = open_source(name)
    assert source.class_names == tuple(sorted(CLASSES[name]))
    per_split = 2 * PER_CLASS if name == "eurosat" else PER_CLASS
    counts = Counter((source.class_names[item.label], item.split) for item in source.items)
    assert counts == {(title, split): per_split for title in CLASSES[name] for split in tiny.SPLITS[name]}
    assert max(len(item.ref) for item in source.items) < 70

    size = 16
    images = load_arrays(source, range(len(source.items)), size).astype(int)
    colours = [(grey,) * 3 for grey in tiny.GREYS] if name in tiny.GREY else tiny.COLOURS
    for item, image in zip(source.items, images, strict=True):
        colour = np.array(colours[CLASSES[name].index(source.class_names[item.label])])
        assert np.abs(image[:6].mean((0, 1)) - colour - tiny.LIGHTER).max() < 8
        assert np.abs(image[10:].mean((0, 1)) - colour).max() < 8

    again = list(source.read_many([len(source.items) - 1, 0]))
    assert [index for index, _ in again] == [len(source.items) - 1, 0]
    assert sorted(p.name for p in datasets_dir().iterdir()) == [name, f"{name}.lock"]


def test_arrays_are_kept_once(bring):
    """For STL-10 this is 0.4 GB instead of 3.5."""
    bring("stl_10")
    kept = sorted(path.name for path in torchvision_sets.folder_of("stl_10").iterdir())
    assert kept == ["complete.json", "index.json", "test.npy", "train.npy"]


def test_reading_needs_neither_torch_nor_torchvision(bring):
    bring("cifar_10")
    code = (
        "import sys\n"
        "from tl_core.data.source import open_source\n"
        "source = open_source('cifar_10')\n"
        "print(len(source.items), next(source.read_many([0]))[1].shape)\n"
        "print([m for m in ('torch', 'torchvision', 'scipy') if m in sys.modules])\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == ["24 (32, 32, 3)", "[]"]


def test_same_archives_have_the_same_fingerprint(bring):
    """What was decoded once is used again after the set was deleted and downloaded anew."""
    bring("dtd")
    first = open_source("dtd")
    shutil.rmtree(datasets_dir())
    with pytest.raises(DataError, match="not on this machine yet"):
        open_source("dtd")
    bring("dtd")
    again = open_source("dtd")
    assert (again.fingerprint, again.items) == (first.fingerprint, first.items)


@pytest.mark.parametrize("name", ["dtd", "svhn"])
def test_files_that_have_gone(name, bring):
    bring(name)
    source = open_source(name)
    folder = torchvision_sets.folder_of(name)
    shutil.rmtree(folder / "dtd") if name == "dtd" else (folder / "train.npy").unlink()
    with pytest.raises(DataError, match=f"have gone from .*python -m tl_core fetch {name}"):
        describe(name)
    assert not catalogue()[name].present
    with pytest.raises(DataError, match="not on this machine yet"):
        open_source(name)
    assert not download_folder(name).exists()
    assert len(source.items) > 0


def command(*args: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "tl_core", *args], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )


def test_a_fetched_set_trains(bring):
    bring("eurosat")
    lines = command(
        "run", "--data", "eurosat", "--recipe", "case-1", "--epochs", "1", "--threads", "1", "--json"
    ).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == ["started", "epoch", "finished"]
    assert events[0]["classes"] == sorted(CLASSES["eurosat"])
    assert events[0]["num_train"] + events[0]["num_val"] + events[0]["num_test"] == 6 * PER_CLASS


def test_list_without_network():
    rows = [json.loads(line) for line in command("datasets", "--json").stdout.splitlines()]
    offered = {row["name"]: row for row in rows if row["name"] in NAMES}
    assert tuple(offered) == NAMES
    assert not any(row["present"] for row in offered.values())
    assert offered["food_101"]["download_mb"] == 4996.3
