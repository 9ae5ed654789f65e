import io
import json
import zipfile

import pytest
from pictures import make_zip, picture

from tl_core import paths
from tl_core.data import edits
from tl_core.data.collection import Collection
from tl_core.data.layout import Found
from tl_core.data.owned import new_upload_id, open_collection, owner_hash
from tl_core.data.set_zip import CLASSES_FILE, place_files, read_class_names, read_set_classes, write_zip, zip_name
from tl_core.data.uploads import import_upload

ME = owner_hash("me")


def upload(tmp_path, parts):
    folder = paths.uploads_dir() / new_upload_id()
    import_upload(parts, folder, owner=ME)
    return Collection(folder)


def download(tmp_path, collection):
    path = tmp_path / f"{collection.id}.zip"
    with open(path, "wb") as file:
        write_zip(collection, collection.head(), file)
    return path


def content(spec):
    """Class names, splits and bytes."""
    collection, version = open_collection(spec)
    pictures = collection.pictures()
    return [(one.name, split, pictures.path(n).read_bytes()) for one, n, split in edits.in_order(version.classes)]


def test_a_downloaded_set_uploads_again_unchanged(tmp_path):
    names = ["../../x", "a/b", "Train", "con", ".hidden", "猫", "A cat", "a CAT", "50% grey", "class-001"]
    parts = []
    for i, name in enumerate(names):
        for k in range(3):
            path = tmp_path / f"{i}-{k}"
            path.write_bytes(picture(10 * i + k, (300, 280) if k else (40, 30), "JPEG" if k < 2 else "PNG"))
            parts.append((name, path))
    collection = upload(tmp_path, parts)
    path = download(tmp_path, collection)
    again = upload(tmp_path, [("", path)])
    assert content(again.id) == content(collection.id)
    assert again.head().fingerprint == collection.head().fingerprint
    members = zipfile.ZipFile(path).namelist()
    assert not any(".." in name or name.startswith("/") for name in members)
    assert len({name.lower() for name in members}) == len(members), "unpacks on any system"


def test_splits_survive(tmp_path):
    files = {f"{top}/{name}/{i}.png": picture(i) for top in ("train", "test") for name in "ab" for i in range(3)}
    collection = upload(tmp_path, [("", make_zip(tmp_path / "x.zip", files))])
    (tmp_path / "more.png").write_bytes(picture(99))
    import_upload([("a", tmp_path / "more.png")], collection.folder, owner=ME)
    again = upload(tmp_path, [("", download(tmp_path, collection))])
    assert again.head().fingerprint == collection.head().fingerprint
    assert [split for _, split, _ in content(again.id)].count("train") == 7


def classes(collection):
    """All classes in order, those without pictures too, with the splits that were given."""
    return [(one.name, one.on, sorted(split for _, split in one.pictures)) for one in collection.head().classes]


def test_switched_off_empty_and_test_only_classes_come_back_as_they_were(tmp_path):
    files = {
        f"{top}/{name}/{i}.png": picture(i) for top in ("train", "val", "test") for name in "dcab" for i in range(2)
    }
    collection = upload(tmp_path, [("", make_zip(tmp_path / "x.zip", files))])
    (tmp_path / "more.png").write_bytes(picture(99))
    import_upload([("a", tmp_path / "more.png")], collection.folder, owner=ME)
    pictures = {one.name: one.pictures for one in collection.head().classes}
    trained = [number for number, split in pictures["b"] if split == "train"]
    for change in (
        lambda c: edits.remove(c, trained),  # val and test pictures are left
        lambda c: edits.switch(c, "c", False),
        lambda c: edits.rename(c, "d", "d / e"),
        lambda c: edits.add(c, "empty"),
        lambda c: edits.merge(c, "a", "d / e"),  # earlier pictures behind later ones
    ):
        collection.edit("", change)
    again = upload(tmp_path, [("", download(tmp_path, collection))])
    assert classes(again) == classes(collection)
    assert again.head().fingerprint == collection.head().fingerprint
    third = upload(tmp_path, [("", download(tmp_path, again))])
    assert (third.head().fingerprint, classes(third)) == (again.head().fingerprint, classes(again))


def test_splits_of_a_class_that_is_off_are_not_given_to_the_others(tmp_path):
    files = {f"{name}/{i}.png": picture(i) for name in "abc" for i in range(3)}
    collection = upload(tmp_path, [("", make_zip(tmp_path / "x.zip", files))])
    collection.edit("", lambda c: edits.add(edits.delete(c, "c"), "c", [(7, "test"), (8, "train")]))
    collection.edit("", lambda c: edits.switch(c, "c", False))
    again = upload(tmp_path, [("", download(tmp_path, collection))])
    assert {split for _, split, _ in content(again.id)} == {""}
    assert again.head().fingerprint == collection.head().fingerprint


def test_a_zip_that_was_changed_since_is_read_like_any_other(tmp_path):
    files = {f"{name}/{i}.png": picture(i) for name in ("a", "b / c") for i in range(3)}
    parts = []
    for name, data in files.items():
        path = tmp_path / name.replace("/", "_")
        path.write_bytes(data)
        parts.append((name.rpartition("/")[0], path))
    collection = upload(tmp_path, parts)
    collection.edit("", lambda c: edits.switch(c, "a", False))
    path = download(tmp_path, collection)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("new/1.png", picture(50))
    assert [(name, on) for name, on, _ in classes(upload(tmp_path, [("", path)]))] == [
        ("a", True), ("b / c", True), ("new", True),
    ]  # fmt: skip


GOOD = {"folder": "a", "name": "A", "on": False, "no_split": ["1"]}


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"name": 3}, {"name": "\u202ex"}, {"on": "no"}, {"no_split": 3}, {"no_split": [[]]}, {"folder": []},
     {"folder": "b"}, {"name": "B"}],
)  # fmt: skip
def test_only_a_list_that_makes_sense_is_followed(change):
    other = {"folder": "b", "name": "B", "on": True, "no_split": []}

    def data(one):
        return json.dumps({"format": "my images 1", "classes": [one, other]}).encode()

    assert [one.name for one in read_set_classes(data(GOOD))] == ["A", "B"]
    assert read_set_classes(data(GOOD | change)) == ()
    assert read_set_classes(b'{"a": "A"}') == ()


def test_files_elsewhere_make_it_another_zip():
    listed = read_set_classes(json.dumps({"format": "my images 1", "classes": [GOOD]}).encode())

    def place(*names):
        return place_files(listed, [Found(tuple(name.split("/")), name, 1) for name in names])

    assert place(CLASSES_FILE, "train/a/1.png", "train/a/2.png", "val/a/3.png") == {
        "train/a/1.png": ("A", ""), "train/a/2.png": ("A", "train"), "val/a/3.png": ("A", "val"),
    }  # fmt: skip
    for names in ((), ("a/1.png", "train/a/1.png"), ("b/1.png",), ("x/a/1.png",), ("1.png",), ("train/x/a/1.png",)):
        assert place(*names) == {}


def test_equal_sets_make_equal_archives(tmp_path):
    collection = upload(tmp_path, [("", make_zip(tmp_path / "x.zip", {f"a/{i}.png": picture(i) for i in range(3)}))])
    one, other = io.BytesIO(), io.BytesIO()
    for file in (one, other):
        write_zip(collection, collection.head(), file)
    assert one.getvalue() == other.getvalue()


def test_class_names_of_strangers_are_not_trusted():
    for data in (
        b"",
        b"[]",
        b"{",
        b'"x"',
        b"null",
        b"[" * 100_000,
        b'{"class-01": ""}',
        b"\xff\xfe",
        b'{"format": "my images 1", "classes": [3]}',
    ):
        assert read_class_names(data) == {}
    assert read_class_names(b'{"format": "my images 1", "classes": [3]}') == {}
    assert read_class_names(b'{"a": ["x"], "b": "\\u202ey"}') == {"a": "['x']", "b": "y"}


def test_zip_names():
    assert zip_name("My images") == "my-images.zip"
    assert zip_name("../../etc/passwd.zip") == "passwd.zip"
    assert zip_name("<>") == "my-images.zip"
