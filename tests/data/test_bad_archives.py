"""Archives that are cut short, made to do harm, or just odd: good files are kept, the rest is one sentence."""

import gzip
import io
import lzma
import os
import struct
import tarfile
import time
import zipfile
import zlib

import pytest
from pictures import make_tar, make_zip, pets, picture

from tl_core import paths
from tl_core.data import images, tars, zips
from tl_core.data.layout import clean_text, name_reason
from tl_core.data.owned import new_upload_id
from tl_core.data.source import open_source
from tl_core.data.uploads import import_upload
from tl_core.errors import ArchiveError, DataError

SUFFIXES = [".zip", ".tar", ".tar.gz", ".tar.xz"]


def make(path, files):
    return (make_zip if path.suffix == ".zip" else make_tar)(path, files)


def in_turn(count=20):
    """Two classes whose pictures lie one after the other, so that the front of the archive has both."""
    files = pets(count)
    return dict(sorted(files.items(), key=lambda pair: (int(pair[0].split("/")[1][:-4]), pair[0])))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_at_its_start_is_refused(suffix, tmp_path):
    path = make(tmp_path / f"x{suffix}", pets(40))
    data = path.read_bytes()
    for length in (0, 3, 100):
        path.write_bytes(data[:length])
        with pytest.raises(ArchiveError, match=r"^'x\.\S+' is (not a|damaged)") as caught:
            open_source(str(path))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("part", [0.5, 0.8])
def test_what_lies_before_the_damage_is_kept(part, suffix, tmp_path):
    files = in_turn()
    path = make(tmp_path / f"x{suffix}", files)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    source = open_source(str(path))
    kept = {source.items[i].ref: content for i, content in source.read_many(range(len(source.items)))}
    assert 10 <= len(kept) <= 39
    assert kept == dict(list(files.items())[: len(kept)])
    assert [tuple(s) for s in source.skipped] == [
        (f"x{suffix} after its first {len(kept)} files", "it is damaged or cut short there: copy or upload it again")
    ]
    report = import_upload([("", path)], paths.uploads_dir() / new_upload_id())
    assert sum(report.counts.values()) == len(kept)


def test_cut_zip_that_was_made_on_the_fly(tmp_path):
    """Its sizes come behind the data, as in those of macOS."""

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    pipe, files = Pipe(), in_turn()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert pipe.data[6] & 8
    path = tmp_path / "x.zip"
    path.write_bytes(pipe.data[: len(pipe.data) // 2])
    source = open_source(str(path))
    assert 10 <= len(source.items) < 25
    for index, data in source.read_many(range(len(source.items))):
        assert data == files[source.items[index].ref]


def test_zip_with_a_name_in_no_script(tmp_path):
    path = make_zip(tmp_path / "x.zip", pets(4, ("猫", "犬")))
    path.write_bytes(path.read_bytes().replace("犬/0.png".encode(), b"\xff\xfe\xff/0.png"))
    source = open_source(str(path))
    assert {"猫", "犬"} < set(source.class_names) | {"?"}
    assert sum(item.ref.endswith("0.png") for item in source.items) >= 1


def test_member_without_a_name(tmp_path):
    path = make_zip(tmp_path / "x.zip", pets())
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\1\2")
    data[at + 46] = 0  # where a name ends, for zipfile
    path.write_bytes(data)
    assert [s.reason for s in open_source(str(path)).skipped] == ["its name is not safe"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_only_the_names_of_classes(suffix, tmp_path):
    with pytest.raises(DataError, match="is empty: put in one folder"):
        open_source(str(make(tmp_path / f"x{suffix}", {"classes.json": b"{}"})))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_systems_leave_behind_is_passed_over(suffix, tmp_path):
    names = ["__MACOSX/cat/._0.png", "cat/.DS_Store", "Thumbs.db", "cat/Thumbs.db", ".ipynb_checkpoints/cat/1.png"]
    names += ["cat/.ipynb_checkpoints/1.png", "desktop.ini", "@eaDir/cat/1.png", "$RECYCLE.BIN/1.png", "cat/Icon\r"]
    files = {name: picture() for name in names}
    source = open_source(str(make(tmp_path / f"x{suffix}", {f"pets/{n}": d for n, d in (pets() | files).items()})))
    assert source.skipped == ()
    assert len(source.items) == 8


def test_names_in_any_script(tmp_path):
    names = ("кот", "강아지", "قطة", "חתול", "बिल्ली", "\U0001f431", "ก", "a\u0308" * 60, "x" * 300)
    for suffix in (".zip", ".tar"):
        source = open_source(str(make(tmp_path / f"x{suffix}", pets(3, names))))
        assert len(source.class_names) == len(names)
        assert all(len(name) <= 100 and name.isprintable() for name in source.class_names)


def test_names_that_would_break_a_line():
    assert clean_text("a\u2028b\u2029c\nd\u202ee") == "a\ufffdb\ufffdc\ufffdde"


def test_files_that_are_no_pictures_are_told_what_to_do(tmp_path):
    files = {
        "cat/photo.HEIC": b"x", "cat/lies.jpg": b"II*\0" + bytes(20), "cat/more.zip": b"PK\3\4",
        "cat/apple.jpg": b"\0\0\0\x18ftypheic",
        "cat/empty.png": b"",
    }  # fmt: skip
    source = open_source(str(make_zip(tmp_path / "x.zip", pets() | files)))
    assert {s.name: s.reason for s in source.skipped} == {
        "cat/photo.HEIC": "it is not an image in PNG, JPEG, WebP, BMP, GIF or PPM format: save it as JPEG or PNG",
        "cat/lies.jpg": "its content is a TIFF picture: save it as JPEG or PNG",
        "cat/more.zip": "it is an archive inside the archive: unpack it, or upload it by itself",
        "cat/apple.jpg": "its content is a HEIC picture, as iPhones take them: save it as JPEG or PNG",
        "cat/empty.png": "its content is not that of an image",
    }
    assert name_reason(("cat", "a.TAR.GZ")).startswith("it is an archive")


def test_nested_bomb_is_not_opened(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/1.png", bytes(20 * 2**20))
    path = make_zip(tmp_path / "x.zip", pets() | {"cat/inner.zip": inner.getvalue(), "cat/inner.png": inner.getvalue()})
    assert sorted(s.reason for s in open_source(str(path)).skipped) == [
        "it is an archive inside the archive: unpack it, or upload it by itself",
        "its content is an archive",
    ]


def test_more_pictures_than_are_kept_are_counted_before_they_are_decoded(tmp_path):
    path = tmp_path / "x.zip"
    data = picture(size=(2, 2))
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_001):
            archive.writestr(zipfile.ZipInfo(f"{'cat' if number % 2 else 'dog'}/{number}.png"), data)
    begun = time.thread_time()
    with pytest.raises(DataError, match=r"holds more than 20,000 pictures. Received: 20,001"):
        import_upload([("", path)], paths.uploads_dir() / new_upload_id())
    assert time.thread_time() - begun < 6


def test_more_entries_than_are_read_when_cut(tmp_path, monkeypatch):
    path = make_zip(tmp_path / "x.zip", in_turn(10))
    path.write_bytes(path.read_bytes()[:-30])
    assert len(open_source(str(path)).items) == 20
    os.utime(path, (1, 1))
    monkeypatch.setattr(zips, "MAX_ENTRIES", 9)
    with pytest.raises(ArchiveError, match="more than 9 files"):
        open_source(str(path))


def test_endless_deflate_without_a_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "MAX_TOTAL_BYTES", 2**22)
    packed = zlib.compress(bytes(2**26), 9)[2:]
    header = struct.pack("<4sHHHLLLLHH", b"PK\3\4", 20, 8, 8, 0, 0, 0, 0, 9, 0)
    path = tmp_path / "x.zip"
    path.write_bytes(header + b"cat/1.png" + packed + bytes(16))
    with pytest.raises(ArchiveError, match="damaged from its start"):
        open_source(str(path))


def tar_header(name, kind, size, **fields):
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    for field, value in fields.items():
        setattr(member, field, value)
    return member.tobuf(tarfile.GNU_FORMAT)


def padded(data):
    return data + bytes(-len(data) % 512)


@pytest.mark.parametrize("damage", [b"", b"\1" * 100, b"\1" * 512, b"\1" * 5000])
def test_what_follows_a_member_is_neither_another_nor_the_end(damage, tmp_path):
    path = make_tar(tmp_path / "x.tar", in_turn(5))
    data = path.read_bytes().rstrip(b"\0")
    path.write_bytes(data + bytes(-len(data) % 512) + damage)
    source = open_source(str(path))
    assert len(source.items) == 10
    assert [s.name for s in source.skipped] == ["x.tar after its first 10 files"]
    assert len(dict(source.read_many(range(10)))) == 10


def test_tar_of_long_names_without_end(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes((tar_header("././@LongLink", tarfile.GNUTYPE_LONGNAME, 4) + padded(b"name")) * 5000)
    with pytest.raises(ArchiveError, match="not a tar archive"):
        open_source(str(path))


def test_tar_with_global_headers_without_end(tmp_path):
    blocks = []
    for number in range(60):
        value = b"x" * 50_000
        record = b" key%d=" % number + value + b"\n"
        record = b"%d" % (len(record) + 5) + record
        blocks.append(tar_header("g", tarfile.XGLTYPE, len(record)) + padded(record))
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(b"".join(blocks)))
    with pytest.raises(ArchiveError, match="not a tar archive"):
        open_source(str(path))


def test_sparse_files_are_not_mapped(tmp_path):
    path = make_tar(tmp_path / "x.tar", in_turn(4))
    data = path.read_bytes()
    header = bytearray(tar_header("cat/9.png", tarfile.GNUTYPE_SPARSE, 0))
    header[482] = 1  # its map goes on in the next block, and so on
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    end = data.index(bytes(1024))
    path.write_bytes(data[: end + -end % 512] + header + (b"\1" * 482 + b"\1" + bytes(29)) * 1000 + bytes(1024))
    source = open_source(str(path))
    assert len(source.items) == 8
    assert source.skipped[0].reason.startswith("it is damaged")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_stream_larger_than_its_members(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(tars, "_MAX_STREAM_BYTES", 2**21)
    long_names = (tar_header("././@LongLink", tarfile.GNUTYPE_LONGNAME, 2**19) + bytes(2**19)) * 5
    path = tmp_path / "x.tar.gz"
    path.write_bytes(pack(long_names))
    with pytest.raises(ArchiveError, match="larger than 4 GB when unpacked"):
        open_source(str(path))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_joined_archives(pack, tmp_path):
    whole = make_tar(tmp_path / "x.tar", in_turn(8)).read_bytes()
    path = tmp_path / "x.tar.gz"
    path.write_bytes(pack(whole[:5000]) + pack(b"") * 3 + pack(whole[5000:]))
    assert len(open_source(str(path)).items) == 16
    path.write_bytes(pack(whole[:20_000]) + pack(b"") * 5000 + pack(whole[20_000:]))
    assert open_source(str(path)).skipped[0].reason.startswith("it is damaged or cut short there")


def test_long_name_in_a_gzip_header_is_skipped_quickly(tmp_path):
    whole = gzip.compress(make_tar(tmp_path / "x.tar", pets()).read_bytes())
    path = tmp_path / "x.tar.gz"
    path.write_bytes(whole[:3] + b"\x08" + whole[4:10] + b"n" * 20_000_000 + b"\0" + whole[10:])
    begun = time.thread_time()
    assert len(open_source(str(path)).items) == 8
    assert time.thread_time() - begun < 2


def test_picture_bombs_in_an_archive_leave_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "MAX_CPU_SECONDS", 0.1)
    bombs = {
        "cat/a.ppm": b"P6 1500 1500 100\n" + bytes(1500 * 1500 * 3),
        "dog/b.png": b"\x89PNG\r\n\x1a\n" + bytes(30 * 2**20),
    }
    report = import_upload([("", make_tar(tmp_path / "x.tar", pets() | bombs))], paths.uploads_dir() / new_upload_id())
    assert report.counts == {"cat": 4, "dog": 4}
    assert [s.name for s in report.skipped] == ["cat/a.ppm", "dog/b.png"]
