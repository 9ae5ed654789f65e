import io
import json
import re

import numpy as np
import pytest
from pictures import encode, make_tar, make_zip, pets, picture
from PIL import Image

from tl_core import paths
from tl_core.data import uploads
from tl_core.data.source import open_source
from tl_core.data.uploads import import_upload, new_upload_id
from tl_core.errors import DataError


@pytest.fixture
def into():
    return paths.uploads_dir() / new_upload_id()


def received(tmp_path, name, data):
    path = tmp_path / "received" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


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
    folders = sorted(p.name for p in into.iterdir())
    assert folders == [f"class-{i:02d}" for i in range(1, 8)] + ["classes.json"]
    assert list(paths.uploads_dir().iterdir()) == [into]
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
    data = (into / "class-01" / "00001.jpg").read_bytes()
    image = Image.open(io.BytesIO(data))
    assert image.size == (256, 384)
    assert not image.getexif()
    assert b"secret" not in data
    assert b"home" not in data
    assert Image.open(io.BytesIO((into / "class-02" / "00001.png").read_bytes())).size == (20, 80)


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


def test_bad_files_are_skipped(tmp_path, into):
    parts = [("a", received(tmp_path, f"{i}.png", picture(i))) for i in range(3)]
    parts += [("b", received(tmp_path, f"b{i}.png", picture(i))) for i in range(3)]
    parts += [("a", received(tmp_path, "t.png", b"text")), ("", received(tmp_path, "loose.png", picture()))]
    parts += [("", received(tmp_path, "cut.zip", b"PK\3\4" + bytes(50)))]
    report = import_upload(parts, into)
    assert report.counts == {"a": 3, "b": 3}
    assert [s.name for s in report.skipped] == ["t.png", "loose.png", "cut.zip"]


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
    for name, value in (("MAX_PICTURES", 2), ("MAX_CLASSES", 2), ("MAX_UPLOAD_BYTES", 2)):
        with monkeypatch.context() as patch:
            patch.setattr(uploads, name, value)
            with pytest.raises(DataError, match=r"holds more than 2|larger than"):
                import_upload(parts, into)
    assert not into.exists()


def test_pixel_bomb(tmp_path, into):
    bomb = received(tmp_path, "bomb.png", encode(Image.new("L", (6000, 6000))))
    with pytest.raises(DataError, match="25 million pixels"):
        import_upload([("a", bomb)], into)


def test_classes_json_of_strangers_is_not_trusted(tmp_path, into):
    import_upload([(c, received(tmp_path, f"{c}{i}.png", picture(i))) for c in "ab" for i in range(3)], into)
    for text in ("[]", "{", '{"class-01": ["x"]}', json.dumps({"cat": 0})):
        (into / "classes.json").write_text(text)
        assert len(open_source(into.name).class_names) == 2
