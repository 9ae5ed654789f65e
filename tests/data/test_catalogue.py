import json
import re

from pictures import make_folder, make_tar, make_zip, pets

from tl_core import paths
from tl_core.data import zips
from tl_core.data.catalogue import catalogue
from tl_core.data.source import open_source


def test_digits_are_always_there():
    entry = catalogue()["digits"]
    assert (entry.num_classes, entry.num_images, entry.present, entry.download_mb) == (10, 1797, True, 0.0)
    assert not entry.mirror_safe
    assert set(json.loads(json.dumps(entry.to_json()))) == {
        "name", "title", "num_classes", "num_images", "present", "download_mb", "licence", "source",
    }  # fmt: skip


def test_shelf(tmp_path, monkeypatch):
    shelf = paths.data_dir()
    shelf.mkdir(parents=True)
    make_zip(shelf / "Road Signs.zip", pets(3))
    make_tar(shelf / "road-signs.tar.xz", pets(4))
    make_folder(shelf / "Pilze & Blätter", pets(5))
    make_folder(shelf / "digits", pets(3))
    (shelf / "README.md").write_text("read me")
    (shelf / ".hidden.zip").write_bytes(b"")
    entries = {name: entry for name, entry in catalogue().items() if entry.path is not None}
    assert list(entries) == ["pilze_blätter", "road_signs_2", "digits_2", "road_signs_3"]
    assert [e.num_images for e in entries.values()] == [None, None, None, None]
    assert entries["road_signs_2"].title == "Road Signs"
    assert entries["road_signs_2"].source == "Road Signs.zip"
    assert entries["road_signs_2"].licence == "see its owner"
    for name in entries:
        assert open_source(name).name == name
    assert [catalogue()[name].num_images for name in entries] == [10, 6, 6, 8]
    assert catalogue()["road_signs_2"].num_classes == 2


def test_every_set_says_what_it_is():
    entries = catalogue()

    assert {"digits", "dogs", "wolves", "flowers", "road_signs", "cifar_10", "oxford_iiit_pet"} <= set(entries)
    for name, entry in entries.items():
        assert re.fullmatch("[a-z0-9_]+", name)
        assert all([entry.title, entry.licence, entry.source, entry.description])
        assert entry.present == (entry.download_mb == 0)


def test_listing_reads_no_archive(monkeypatch):
    shelf = paths.data_dir()
    shelf.mkdir(parents=True)
    make_zip(shelf / "x.zip", pets(3))
    monkeypatch.setattr(zips, "scan", None)
    assert catalogue()["x"].num_images is None


def test_second_open_uses_the_index(tmp_path, monkeypatch):
    path = make_zip(tmp_path / "x.zip", pets(3))
    first = open_source(str(path))
    monkeypatch.setattr(zips, "_open", None)
    assert open_source(str(path)).items == first.items
