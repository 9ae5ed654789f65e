import io
import zipfile

from pictures import make_zip, picture

from tl_core import paths
from tl_core.data import edits
from tl_core.data.collection import Collection
from tl_core.data.owned import new_upload_id, open_collection, owner_hash
from tl_core.data.set_zip import read_class_names, write_zip, zip_name
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
    import_upload([("a", tmp_path / "more.png")], collection.folder)
    again = upload(tmp_path, [("", download(tmp_path, collection))])
    assert again.head().fingerprint == collection.head().fingerprint
    assert [split for _, split, _ in content(again.id)].count("train") == 7


def test_equal_sets_make_equal_archives(tmp_path):
    collection = upload(tmp_path, [("", make_zip(tmp_path / "x.zip", {f"a/{i}.png": picture(i) for i in range(3)}))])
    one, other = io.BytesIO(), io.BytesIO()
    for file in (one, other):
        write_zip(collection, collection.head(), file)
    assert one.getvalue() == other.getvalue()


def test_class_names_of_strangers_are_not_trusted():
    for data in (b"", b"[]", b"{", b'"x"', b"null", b"[" * 100_000, b'{"class-01": ""}', b"\xff\xfe"):
        assert read_class_names(data) == {}
    assert read_class_names(b'{"a": ["x"], "b": "\\u202ey"}') == {"a": "['x']", "b": "y"}


def test_zip_names():
    assert zip_name("My images") == "my-images.zip"
    assert zip_name("../../etc/passwd.zip") == "passwd.zip"
    assert zip_name("<>") == "my-images.zip"
