import io
import re
import threading

import numpy as np
import pytest
from pictures import encode, make_tar, make_zip, pets, picture
from PIL import Image

from tl_core import paths
from tl_core.data import edits, uploads
from tl_core.data.collection import Collection
from tl_core.data.owned import new_upload_id, open_collection, owner_hash
from tl_core.data.source import open_source
from tl_core.data.uploads import Part, import_upload
from tl_core.errors import Cancelled, DataError
from tl_core.questions import add_pictures

ME = owner_hash("me")


@pytest.fixture
def into():
    return paths.uploads_dir() / new_upload_id()


def received(tmp_path, name, data):
    path = tmp_path / "received" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def kept(into, class_name):
    """The bytes of a class's pictures as they are kept."""
    collection, version = open_collection(into.name)
    numbers = [number for number, _ in edits.find(version.classes, class_name).pictures]
    return [collection.pictures().path(number).read_bytes() for number in numbers]


def test_ids():
    ids = {new_upload_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"upload-[0-9a-f]{32}", i) for i in ids)


def test_class_names_are_text(tmp_path, into):
    names = ["../../x", "a/b", "<script>", "猫", "train", "con", ".hidden"]
    parts = [
        (name, received(tmp_path, f"{i}-{k}.png", picture(i * 10 + k)))
        for i, name in enumerate(names)
        for k in range(3)
    ]
    report = import_upload(parts, into)
    assert report.counts == dict.fromkeys(names, 3)
    assert report.skipped == ()
    assert list(paths.uploads_dir().iterdir()) == [into]
    assert {path.name for path in into.rglob("*.png")} == {f"{i:05d}.png" for i in range(1, 22)}, "our own names only"
    source = open_source(into.name)
    assert source.class_names == tuple(sorted(names))
    for index, data in source.read_many(range(len(source.items))):
        original = names.index(source.class_names[source.labels[index]])
        pixels = np.asarray(Image.open(io.BytesIO(data)))
        assert any(
            np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(picture(original * 10 + k))))) for k in range(3)
        )


def test_pictures_are_shrunk_and_lose_their_metadata(tmp_path, into):
    exif = Image.Exif()
    exif[274], exif[270] = 6, "at home, 52.1 N"
    photo = picture(size=(900, 600), format="JPEG", exif=exif, comment=b"secret comment")
    parts = [("a", received(tmp_path, "a.jpg", photo)), ("b", received(tmp_path, "b.png", picture(size=(20, 2000))))]
    import_upload(parts, into)
    (data,) = kept(into, "a")
    image = Image.open(io.BytesIO(data))
    assert image.size == (256, 384)
    assert not image.getexif()
    for path in into.rglob("*"):
        assert path.is_dir() or b"secret" not in path.read_bytes()
        assert path.is_dir() or b"home" not in path.read_bytes()
    assert Image.open(io.BytesIO(kept(into, "b")[0])).size == (20, 80)


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".bin"])
def test_archives_bring_their_classes_and_splits(suffix, tmp_path, into):
    files = (
        pets(3, top="train/") | pets(2, top="test/") | {"train/cat/x.txt": b"", "train/dog/cut.png": picture()[:300]}
    )
    path = (make_zip if suffix != ".tar.gz" else make_tar)(tmp_path / f"x{suffix}", files)
    report = import_upload([("", path), ("cat", received(tmp_path, "more.png", picture(77)))], into)
    assert report.counts == {"cat": 6, "dog": 5}
    assert sorted(s.name for s in report.skipped) == ["train/cat/x.txt", "train/dog/cut.png"]
    source = open_source(into.name)
    assert sorted(source.given) == ["test"] * 4 + ["train"] * 7
    assert source.class_names == ("cat", "dog")


@pytest.mark.parametrize("top", ["pets/", "pets/train/", ""])
def test_a_folder_that_comes_file_by_file(top, tmp_path, into):
    files = pets(3, top=top) | {f"{top}.DS_Store": b"x", f"{top}cat/notes.png": b"text"}
    if "train" in top:
        files |= pets(2, top="pets/test/")
    parts = [Part("", received(tmp_path, f"{i}.png", data), name) for i, (name, data) in enumerate(files.items())]
    report = import_upload(parts, into)
    assert set(report.counts) == {"cat", "dog"}
    assert [(s.name, s.reason) for s in report.skipped] == [
        (f"{top}cat/notes.png", "its content is not that of an image")
    ]
    assert sorted(open_source(into.name).given) == (["test"] * 4 + ["train"] * 6 if "train" in top else [""] * 6)


def test_a_name_that_climbs_out_of_its_folder_is_skipped(tmp_path, into):
    names = ["a/../../b/x.png", "C:/a/y.png", "a/1.png", "a/2.png"]
    parts = [Part("", received(tmp_path, f"{i}.png", picture(i)), name) for i, name in enumerate(names)]
    report = import_upload(parts, into)
    assert [s.reason for s in report.skipped] == ["its name is not safe"] * 2
    assert report.counts == {"a": 2}


def test_bad_files_are_skipped(tmp_path, into):
    parts = [("a", received(tmp_path, f"{i}.png", picture(i))) for i in range(3)]
    parts += [("b", received(tmp_path, f"b{i}.png", picture(i))) for i in range(3)]
    parts += [("a", received(tmp_path, "t.png", b"text")), ("", received(tmp_path, "loose.png", picture()))]
    parts += [("", received(tmp_path, "cut.zip", b"PK\3\4" + bytes(50)))]
    report = import_upload(parts, into)
    assert report.counts == {"a": 3, "b": 3}
    assert sorted(s.name for s in report.skipped) == ["cut.zip", "loose.png", "t.png"]


def test_nothing_usable_leaves_nothing(tmp_path, into):
    with pytest.raises(DataError, match="None of the uploaded files can be used. The first, 't.png'"):
        import_upload([("a", received(tmp_path, "t.png", b"text"))], into)
    with pytest.raises(DataError, match="not a zip archive"):
        import_upload([("", received(tmp_path, "t.zip", b"PK\3\4"))], into)
    with pytest.raises(DataError, match="None of"):
        import_upload([], into)
    assert list(paths.uploads_dir().iterdir()) == []


def test_limits(tmp_path, into, monkeypatch):
    parts = [(str(i), received(tmp_path, f"{i}.png", picture(i))) for i in range(3)]
    for module, name, value in (
        (edits, "MAX_PICTURES", 2), (edits, "MAX_CLASSES", 2), (uploads, "MAX_UPLOAD_BYTES", 2), (uploads, "FREE_BYTES", 2**60),
    ):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            with pytest.raises(DataError, match=r"more than 2|larger than|is full"):
                import_upload(parts, into)
    assert not into.exists()
    import_upload(parts, into, owner=ME)
    monkeypatch.setattr(uploads, "MAX_COLLECTIONS", 1)
    with pytest.raises(DataError, match="1 sets of pictures already"):
        import_upload(parts[:1], into.with_name(new_upload_id()), owner=ME)


def test_pixel_bomb(tmp_path, into):
    bomb = received(tmp_path, "bomb.png", encode(Image.new("L", (6000, 6000))))
    with pytest.raises(DataError, match="25 million pixels"):
        import_upload([("a", bomb)], into)


def test_more_pictures_are_a_new_version(tmp_path, into):
    first = [("a", received(tmp_path, f"{i}.png", picture(i))) for i in range(3)]
    import_upload(first, into)
    import_upload([("b", received(tmp_path, "b.png", picture(9)))], into)
    collection = Collection(into)
    assert [one.name for one in collection.head().classes] == ["a", "b"]
    assert collection.head().number == 2
    with pytest.raises(DataError, match="None of"):
        import_upload([("a", received(tmp_path, "t.png", b"text"))], into)
    assert collection.head().number == 2
    assert len(collection.batches()) == 2


def test_nobody_adds_to_what_is_not_theirs(tmp_path, into):
    import_upload([("a", received(tmp_path, "a.png", picture()))], into, owner=ME)
    for owner in (owner_hash("you"), ""):
        with pytest.raises(DataError, match="not on this machine"):
            import_upload([("b", received(tmp_path, "b.png", picture(1)))], into, owner=owner)
    assert [one.name for one in Collection(into).head().classes] == ["a"]
    assert list(paths.uploads_dir().iterdir()) == [into]


@pytest.mark.parametrize("name", ["../../x", "x", "", "incoming", f"upload-{'0' * 32}.1", f"upload-{'0' * 32}/x"])
def test_an_id_is_no_path(name, tmp_path):
    path = received(tmp_path, "a.png", picture())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="not the id of a set"):
        add_pictures(name, [("a", str(path))], ME)
    assert sorted(tmp_path.rglob("*")) == [one for one in before if one != path], "received files are deleted"


def test_a_set_that_was_deleted_is_not_made_anew(tmp_path, into):
    parts = [("a", received(tmp_path, f"{i}.png", picture(i))) for i in range(3)]
    with pytest.raises(DataError, match="deleted meanwhile"):
        import_upload(parts, into, owner=ME, must_exist=True)
    assert not paths.uploads_dir().exists()
    import_upload(parts[:2], into, owner=ME)

    def delete(doing, done, total):
        if doing.startswith("Checking"):
            Collection(into).delete()

    with pytest.raises(DataError, match="deleted meanwhile"):
        import_upload(parts[2:], into, delete, owner=ME)
    assert list(paths.uploads_dir().iterdir()) == []


def test_a_set_takes_in_so_many_pictures_and_no_more(tmp_path, into, monkeypatch):
    monkeypatch.setattr(edits, "MAX_KEPT", 4)
    parts = [("a", received(tmp_path, f"{i}.png", picture(i))) for i in range(6)]
    import_upload(parts[:3], into, owner=ME)
    collection = Collection(into)
    collection.edit("", lambda classes: edits.remove(classes, [1, 2, 3]))
    with pytest.raises(DataError, match=r"has taken in 3\. Start another set, or delete this one"):
        import_upload(parts[3:5], into, owner=ME)
    import_upload(parts[3:4], into, owner=ME)
    monkeypatch.setattr(uploads, "keep", None)  # would raise if it were called
    with pytest.raises(DataError, match="has taken in 4"):
        import_upload(parts[5:], into, owner=ME)
    assert len(collection.batches()) == 2
    assert import_upload(parts[:3], into, owner=ME).known, "what is there already may come back"
    assert collection.head().num_pictures == 4


def test_progress_counts_every_picture_and_cancelling_leaves_nothing(tmp_path, into):
    archive = make_zip(tmp_path / "x.zip", pets(20))
    seen = []
    import_upload([("", archive)], into, lambda *progress: seen.append(progress))
    assert seen[-1] == ("Checking and shrinking the pictures", 40, 40)
    counts = [done for doing, done, _ in seen if doing.startswith("Checking")]
    assert counts == list(range(1, 41))

    def cancel(doing, done, total):
        if done == 20:
            raise Cancelled

    other = into.with_name(new_upload_id())
    with pytest.raises(Cancelled):
        import_upload([("", archive)], other, cancel)
    assert list(paths.uploads_dir().iterdir()) == [into]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("keep")]


def test_the_same_archive_of_the_same_owner_is_not_decoded_again(tmp_path, into, monkeypatch):
    archive = make_zip(tmp_path / "x.zip", pets(4))
    import_upload([("", archive)], into, owner=ME)
    monkeypatch.setattr(uploads, "keep", None)  # would raise if it were called
    again = make_zip(tmp_path / "y.zip", pets(4))
    assert again.read_bytes() == archive.read_bytes()
    assert import_upload([("", again)], into, owner=ME).known
    assert Collection(into).head().number == 1, "nothing was added, so there is no new version"
    other = into.with_name(new_upload_id())
    assert import_upload([("", again)], other, owner=ME).known
    assert Collection(other).head().fingerprint == Collection(into).head().fingerprint
    Collection(into).delete()
    assert len(kept(other, "cat")) == 4, "a set of its own"
    with pytest.raises(TypeError):  # another visitor's is not looked at, not even to save time
        import_upload([("", again)], into.with_name(new_upload_id()), owner=owner_hash("you"))


def test_known_pictures_that_were_deleted_come_back(tmp_path, into):
    archive = make_zip(tmp_path / "x.zip", pets(4))
    import_upload([("", archive)], into, owner=ME)
    collection = Collection(into)
    before = collection.head()
    collection.edit("", lambda classes: edits.remove(edits.delete(classes, "cat"), [8]))
    import_upload([("", archive)], into, owner=ME)
    assert collection.head().fingerprint == before.fingerprint
    assert len(collection.batches()) == 1
