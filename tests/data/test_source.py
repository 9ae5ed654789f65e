import contextlib
import io
import os
import struct
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from pictures import make_folder, make_tar, make_zip, pets, picture

from tl_core import paths
from tl_core.data import tars, zips
from tl_core.data.images import read_image
from tl_core.data.owned import new_upload_id
from tl_core.data.source import open_source, resolve_spec
from tl_core.data.uploads import import_upload
from tl_core.errors import ArchiveError, DataError


def splits_of(source):
    return sorted({(source.class_names[i.label], i.split) for i in source.items})


def put(kind, tmp_path, files):
    if kind == "folder":
        return str(make_folder(tmp_path / "pets", files))
    return str((make_zip if kind == ".zip" else make_tar)(tmp_path / f"pets{kind}", files))


KINDS = ["folder", ".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_set(kind, tmp_path):
    files = pets(3) | {
        "cat/notes.txt": b"x",
        "cat/fake.png": b"no picture",
        "cat/.DS_Store": b"",
        "__MACOSX/cat/._0.png": b"",
    }
    files |= {"cat/.ipynb_checkpoints/1.png": picture(), "Thumbs.db": b"", "dog/deeper/9.jpg": picture(format="JPEG")}
    for _ in range(2):  # read, then from the cached index
        source = open_source(put(kind, tmp_path, files))
        assert source.title == "pets"
        assert source.class_names == ("cat", "dog")
        assert source.labels.tolist() == [0, 0, 0, 1, 1, 1, 1]
        assert {s.name: s.reason for s in source.skipped} == {
            "cat/notes.txt": "it is not an image in PNG, JPEG, WebP, BMP, GIF or PPM format",
            "cat/fake.png": "its content is not that of an image",
        }
        assert dict(source.read_many([4, 0])) == {4: files["dog/1.png"], 0: files["cat/0.png"]}
        assert source.mirror_safe


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("top", ["", "pets/", "a/b/"])
def test_extra_top_folders(kind, top, tmp_path):
    assert open_source(put(kind, tmp_path, pets(3, top=top) | {"readme.txt": b""})).class_names == ("cat", "dog")


@pytest.mark.parametrize("top", ["", "set/", "a/b/"])
@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "valid", "Testing")])
def test_split_folders_are_respected(top, names, tmp_path):
    files = {}
    for name in names:
        files |= pets(2, top=f"{top}{name}/")
    files |= {f"{top}{names[2]}/unknown/1.png": picture(), f"{top}{names[2]}/loose.png": picture()}
    files |= {f"{top}other/cat/1.png": picture()}
    source = open_source(str(make_zip(tmp_path / "x.zip", files)))
    assert splits_of(source) == [(c, s) for c in ("cat", "dog") for s in ("test", "train", "val")]
    assert sorted(s.reason for s in source.skipped) == [
        "it lies in no class folder",
        "it lies outside train/, val/ and test/",
        "there is no class 'unknown' under train/",
    ]


def test_class_called_train(tmp_path):
    source = open_source(str(make_folder(tmp_path / "x", pets(3, ("bus", "train")))))
    assert source.class_names == ("bus", "train")


def test_class_names_in_any_script(tmp_path):
    names = ("猫", "собака", "e\u0301clair", "<script>", "a\u202eb")
    source = open_source(str(make_zip(tmp_path / "x.zip", pets(3, names))))
    assert source.class_names == tuple(sorted(["猫", "собака", "\xe9clair", "<script>", "ab"]))


def test_zip_without_the_utf8_flag(tmp_path):
    path = make_zip(tmp_path / "x.zip", pets(3, ("猫", "犬")))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset + 1] &= ~0x08
            at = data.find(signature, at + 4)
    path.write_bytes(data)
    assert open_source(str(path)).class_names == ("犬", "猫")


def test_fingerprint_changes_with_the_content(tmp_path):
    folder = make_folder(tmp_path / "x", pets(3))
    before = open_source(str(folder))
    make_folder(folder, {"cat/new.png": picture(99)})
    after = open_source(str(folder))
    assert before.fingerprint != after.fingerprint
    assert len(after.items) == len(before.items) + 1
    moved = folder.rename(tmp_path / "y")
    assert open_source(str(moved)).fingerprint == after.fingerprint


def test_digits():
    source = open_source("digits")
    assert source.class_names == tuple("0123456789")
    assert not source.mirror_safe
    assert len(source.items) == 1797
    (index, pixels), *_ = source.read_many([5])
    assert index == 5
    assert pixels.shape == (8, 8, 3)
    assert pixels.dtype == np.uint8
    assert pixels.max() <= 255
    assert np.ptp(pixels) > 100


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({}, "is empty"),
        ({"1.png": picture(), "2.png": picture()}, "put each class in its own folder"),
        (pets(3, ("cat",)), "has one class only, 'cat'"),
        (
            pets(3) | {"ant/1.png": picture()},
            "Class 'ant' of 'x' has 1 image; each class needs at least 3: one to train",
        ),
        (pets(2), "Class 'cat' of 'x' has 2 images; each class needs at least 3"),
        (
            pets(1, top="train/") | pets(1, top="test/"),
            "1 image in its train folder; each class needs at least 2 there",
        ),
        ({"a/1.txt": b"", "b/1.txt": b""}, "has no picture that can be used"),
        (pets(2, top="train/") | {"test/cat/1.png": picture()}, "'dog' of 'x' has 0 images in its test folder"),
    ],
)
@pytest.mark.parametrize("kind", ["folder", ".zip", ".tar.gz"])
def test_useless_sets_are_one_sentence(kind, files, text, tmp_path):
    path = tmp_path / ("x" if kind == "folder" else f"x{kind}")
    path.mkdir() if kind == "folder" else None
    {"folder": make_folder, ".zip": make_zip, ".tar.gz": make_tar}[kind](path, files)
    for _ in range(2):
        with pytest.raises(DataError) as caught:
            open_source(str(path))
        assert text in str(caught.value)
        assert "\n" not in str(caught.value)


def test_test_folder_lowers_the_least_number(tmp_path):
    files = pets(2, top="train/") | pets(1, top="test/")
    assert len(open_source(str(make_folder(tmp_path / "x", files))).items) == 6


def test_unknown_names(tmp_path):
    with pytest.raises(DataError, match="Unknown data set. Received: 'digit'. Did you mean 'digits'"):
        open_source("digit")
    with pytest.raises(DataError, match="no file or folder"):
        open_source(str(tmp_path / "nothing"))
    with pytest.raises(DataError, match="no file or folder"):
        open_source("a\0b.zip")
    (tmp_path / "x.rar").write_bytes(b"Rar!")
    with pytest.raises(DataError, match="neither a folder nor"):
        open_source(str(tmp_path / "x.rar"))
    with pytest.raises(DataError, match="upload the pictures again"):
        open_source("upload-" + "0" * 32)


def test_the_web_page_gets_no_paths(tmp_path):
    folder = make_folder(tmp_path / "x", pets())
    assert resolve_spec(str(folder)) == str(folder)
    assert resolve_spec("digits", allow_paths=False) == "digits"
    upload = new_upload_id()
    import_upload([("", make_zip(tmp_path / "x.zip", pets()))], paths.uploads_dir() / upload)
    assert resolve_spec(upload, allow_paths=False).startswith(upload)
    for spec in (
        str(folder),
        "../x",
        "/etc",
        "upload-../../x",
        f"{upload}/..",
        "/nonexistent",
        "",
    ):
        with pytest.raises(DataError, match="Unknown data set"):
            resolve_spec(spec, allow_paths=False)
    with pytest.raises(DataError, match="upload"):
        resolve_spec("upload-" + "b" * 32, allow_paths=False)


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tar.xz"])
def test_not_an_archive(suffix, tmp_path):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"<html>404 not found</html>" * 50)
    with pytest.raises(ArchiveError, match="is not a"):
        open_source(str(path))


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_traversal_names_and_duplicates_are_skipped(suffix, tmp_path):
    bad = ["../../evil/1.png", "/abs/1.png", "C:/win/1.png", "cat/../../1.png"]
    bad += ["..\\..\\evil\\2.png"] if suffix == ".zip" else []
    make = make_zip if suffix == ".zip" else make_tar
    before = set(tmp_path.rglob("*"))
    source = open_source(str(make(tmp_path / f"x{suffix}", pets() | {name: picture() for name in bad})))
    assert source.class_names == ("cat", "dog")
    assert [s.reason for s in source.skipped] == ["its name is not safe"] * len(bad)
    list(source.read_many(range(len(source.items))))
    new = {p.relative_to(tmp_path).parts[0] for p in set(tmp_path.rglob("*")) - before}
    assert new == {f"x{suffix}", "home"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_name_twice(suffix, tmp_path):
    first, second = picture(1), picture(2)
    path = tmp_path / f"x{suffix}"
    if suffix == ".zip":
        make_zip(path, pets())
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("cat/9.png", first)
            archive.writestr("cat/9.png", second)
    else:
        make_tar(path, pets())
        with tarfile.open(path, "a") as archive:
            for data in (first, second):
                member = tarfile.TarInfo("cat/9.png")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    source = open_source(str(path))
    assert [s.reason for s in source.skipped] == ["its name appears twice"]
    index = [i.ref for i in source.items].index("cat/9.png")
    assert dict(source.read_many([index]))[index] == first


def test_links_are_skipped(tmp_path):
    source = open_source(str(make_tar(tmp_path / "x.tar", pets(), links=("cat/link.png",))))
    assert [tuple(s) for s in source.skipped] == [("cat/link.png", "it is a link")]
    path = make_zip(tmp_path / "x.zip", pets())
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("cat/link.png")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert [s.reason for s in open_source(str(path)).skipped] == ["it is a link"]


def patch_zip(path, name, field, value, form="<L"):
    """Overwrite a field (offset in the central directory's entry) of one member."""
    data = bytearray(path.read_bytes())
    at = data.rfind(name.encode()) - 46
    assert data[at : at + 4] == b"PK\1\2"
    struct.pack_into(form, data, at + field, value)
    path.write_bytes(data)


def test_password(tmp_path):
    path = make_zip(tmp_path / "x.zip", pets())
    patch_zip(path, "cat/0.png", 8, 1, "<H")
    assert [s.reason for s in open_source(str(path)).skipped] == ["it is protected by a password"]


def test_unknown_compression(tmp_path):
    path = make_zip(tmp_path / "x.zip", pets() | {"cat/x.png": picture()}, zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="compressed in a way"):
        open_source(str(path))


@pytest.mark.parametrize("size", [10, 100_000])
def test_lying_size_loses_only_that_member(size, tmp_path):
    path = make_zip(tmp_path / "x.zip", pets(5))
    patch_zip(path, "cat/0.png", 24, size)
    source = open_source(str(path))
    for index, data in source.read_many(range(len(source.items))):
        if source.items[index].ref == "cat/0.png":
            # too small: cut off and the check sum is wrong; too large: just its real bytes come
            assert data == (b"" if size == 10 else picture(0))
        else:
            assert read_image(data, 16).shape == (16, 16, 3)


def test_lying_size_within_limits_of_memory(tmp_path):
    path = make_zip(tmp_path / "x.zip", pets(5))
    patch_zip(path, "cat/0.png", 24, 2**32 - 2)
    with pytest.raises(ArchiveError, match="larger than 4 GB"):
        open_source(str(path))


def test_zip_bomb_by_ratio_is_not_unpacked(tmp_path):
    bomb = b"\x89PNG\r\n\x1a\n" + bytes(30 * 2**20)
    source = open_source(str(make_zip(tmp_path / "x.zip", pets() | {"cat/bomb.png": bomb})))
    assert [s.reason for s in source.skipped] == ["it unpacks to more than 200 times its size, which no picture does"]


def test_overlapping_members(tmp_path):
    path = make_zip(tmp_path / "x.zip", pets(5))
    patch_zip(path, "dog/4.png", 42, 0)
    with pytest.raises(ArchiveError, match="not safe to read"):
        open_source(str(path))


def test_too_many_entries_is_seen_before_they_are_opened(tmp_path, monkeypatch):
    path = make_zip(tmp_path / "x.zip", pets(5))
    data = path.read_bytes()
    monkeypatch.setattr(zips, "MAX_ENTRIES", 9)
    opened = []
    monkeypatch.setattr(zipfile, "ZipFile", lambda *args: opened.append(args))
    for count in (10, 1):  # the second lies
        at = data.rfind(b"PK\5\6")
        path.write_bytes(data[: at + 8] + struct.pack("<HH", count, count) + data[at + 12 :])
        with pytest.raises(ArchiveError, match="more than 9 files"):
            open_source(str(path))
    assert not opened


def test_limits_of_a_tar(tmp_path, monkeypatch):
    path = make_tar(tmp_path / "x.tar.xz", pets(5))
    monkeypatch.setattr(tars, "MAX_ENTRIES", 9)
    with pytest.raises(ArchiveError, match="more than 9 files"):
        open_source(str(path))
    monkeypatch.setattr(tars, "MAX_ENTRIES", 99)
    monkeypatch.setattr(tars, "MAX_TOTAL_BYTES", 5000)
    with pytest.raises(ArchiveError, match="when unpacked"):
        open_source(str(path))


def test_tar_header_that_claims_a_gigabyte(tmp_path):
    path = tmp_path / "x.tar"
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 2**30
    path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    with pytest.raises(ArchiveError, match="not a tar archive"):
        open_source(str(path))


def test_long_names_in_a_tar(tmp_path):
    name = "x" * 150
    source = open_source(str(make_tar(tmp_path / "x.tar.gz", pets(3, (name, "dog")))))
    assert source.class_names == ("dog", "x" * 100)


def test_large_members_are_skipped(tmp_path, monkeypatch):
    for module in (zips, tars):
        monkeypatch.setattr(module, "MAX_FILE_BYTES", 3000)
    files = pets() | {"cat/big.png": picture(size=(60, 60))}
    for path in (make_zip(tmp_path / "x.zip", files), make_tar(tmp_path / "y.tar.xz", files)):
        assert [s.name for s in open_source(str(path)).skipped] == ["cat/big.png"]


def test_links_in_a_folder_are_followed_once(tmp_path):
    folder = make_folder(tmp_path / "x", pets())
    os.symlink(folder, folder / "loop")
    os.symlink(folder / "cat" / "0.png", folder / "dog" / "linked.png")
    os.mkfifo(folder / "cat" / "pipe.png")
    assert len(open_source(str(folder)).items) == 9


def test_archive_that_goes_bad_later(tmp_path):
    path = make_tar(tmp_path / "x.tar.xz", pets(40))
    source = open_source(str(path))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ArchiveError):
        list(source.read_many(range(len(source.items))))


def test_nothing_heavy_is_imported():
    code = "import sys, tl_core.data; sys.exit(bool({'torch', 'streamlit', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT).returncode == 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tar.xz"])
def test_flipped_bytes_never_raise_anything_else(suffix, tmp_path):
    path = tmp_path / f"x{suffix}"
    (make_zip if suffix == ".zip" else make_tar)(path, pets(5))
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(25):
        data = bytearray(good)
        for at in rng.integers(len(good), size=4):
            data[at] = rng.integers(256)
        path.write_bytes(data)
        with contextlib.suppress(DataError):
            source = open_source(str(path))
            for _, content in source.read_many(range(len(source.items))):
                with contextlib.suppress(DataError):
                    assert read_image(content, 8).shape == (8, 8, 3)
