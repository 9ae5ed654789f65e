import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from pictures import make_folder, make_tar, make_zip, pets, picture

from tl_core import paths
from tl_core.data import arrays, cache, folders, owned
from tl_core.data.arrays import load_arrays, unreadable
from tl_core.data.dataset import load_dataset
from tl_core.data.folders import newest_change
from tl_core.data.images import read_image
from tl_core.data.owned import new_upload_id
from tl_core.data.source import open_source
from tl_core.data.uploads import import_upload
from tl_core.errors import DataError
from tl_core.paths import ROOT


def cached(pattern="*"):
    return sorted(p.name for p in paths.cache_dir().glob(pattern))


@pytest.mark.parametrize("suffix", [".zip", ".tar.xz"])
@pytest.mark.parametrize("whole", [True, False])
def test_pictures_are_those_of_the_files(suffix, whole, tmp_path):
    files = pets(5)
    source = open_source(str((make_zip if suffix == ".zip" else make_tar)(tmp_path / f"x{suffix}", files)))
    indices = [7, 0, 7, 3]
    images = load_arrays(source, indices, 16, whole=whole)
    assert images.shape == (4, 16, 16, 3)
    assert images.dtype == np.uint8
    for image, index in zip(images, indices, strict=True):
        np.testing.assert_array_equal(image, read_image(files[source.items[index].ref], 16))


def test_decodes_once(tmp_path, monkeypatch):
    source = open_source(str(make_folder(tmp_path / "x", pets(5))))
    load_arrays(source, [1, 2], 16)
    monkeypatch.setattr(arrays, "read_image", None)
    images = load_arrays(source, range(10), 16)
    assert isinstance(images, np.memmap)
    assert not images.flags.writeable
    assert cached("*.npy") == [f"{source.fingerprint}-16.npy"]


def test_large_sets_are_decoded_as_far_as_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "WHOLE_LIMIT_BYTES", 1000)
    source = open_source(str(make_folder(tmp_path / "x", pets(5))))
    images = load_arrays(source, [2, 4], 16)
    assert isinstance(images, np.memmap)
    assert cached("*.npy")[0].startswith(f"{source.fingerprint}-16-")
    assert (tmp_path / "home" / "cache" / cached("*.npy")[0]).stat().st_size < 2 * 768 + 200
    assert load_arrays(source, [], 16).shape == (0, 16, 16, 3)


def test_unreadable_files(tmp_path):
    files = pets(5) | {"cat/cut.png": picture(size=(100, 100))[:5000], "dog/magic.jpg": b"\xff\xd8\xff junk"}
    source = open_source(str(make_zip(tmp_path / "x.zip", files)))
    bad = unreadable(source, range(len(source.items)), 16)
    assert {source.items[i].ref for i in bad} == {"cat/cut.png", "dog/magic.jpg"}
    assert unreadable(source, [0], 16) == {}
    assert (load_arrays(source, list(bad), 16) == 0).all()


def test_progress_is_told_and_may_stop_the_work(tmp_path):
    source = open_source(str(make_folder(tmp_path / "x", pets(5))))
    seen = []

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_arrays(source, range(10), 16, stop)
    assert not cached("*.npy*")
    load_arrays(source, range(10), 16, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (10, 10)
    assert seen == sorted(seen)


def test_damaged_cache_is_built_again(tmp_path):
    source = open_source(str(make_folder(tmp_path / "x", pets(5))))
    good = load_arrays(source, range(10), 16).copy()
    path = paths.cache_dir() / f"{source.fingerprint}-16.npy"
    for data in (b"", path.read_bytes()[:500]):
        path.write_bytes(data)
        np.testing.assert_array_equal(load_arrays(source, range(10), 16), good)
    path.with_suffix(".json").write_text("{")
    np.testing.assert_array_equal(load_arrays(source, range(10), 16), good)


def test_oldest_files_go_first(tmp_path, monkeypatch):
    source = open_source(str(make_folder(tmp_path / "x", pets(5))))
    monkeypatch.setenv("TL_CACHE_MB", "0.06")
    for age, size in enumerate((32, 33, 34)):
        load_arrays(source, [0], size)
        stamp = time.time() - 100 + age
        for path in paths.cache_dir().glob(f"*-{size}.*"):
            os.utime(path, (stamp, stamp))
    load_arrays(source, [0], 32)  # used again, so 33 is now the oldest
    load_arrays(source, [0], 35)
    sizes = [name.split("-")[1] for name in cached("*.npy")]
    assert "35.npy" in sizes
    assert "33.npy" not in sizes
    monkeypatch.setenv("TL_CACHE_MB", "0.001")
    load_arrays(source, [0], 36)
    assert [name.split("-")[1] for name in cached("*.npy")] == ["36.npy"]


def test_trim_leaves_other_files_alone(monkeypatch):
    paths.cache_dir().mkdir(parents=True)
    (paths.cache_dir() / "mine.npy").write_bytes(bytes(100))
    (paths.cache_dir() / "a.npy.1-2.part").write_bytes(bytes(100))
    os.utime(paths.cache_dir() / "a.npy.1-2.part", (0, 0))
    monkeypatch.setenv("TL_CACHE_MB", "0.00001")
    cache.trim()
    assert cached("*.npy*") == ["mine.npy"]


def test_deleted_uploads_leave_no_verdict_on_their_content(tmp_path):
    """Delete while a run decodes; then the same pictures come again, and have the same fingerprint."""
    archive = make_zip(tmp_path / "x.zip", pets(5))
    names = [new_upload_id(), new_upload_id()]
    for name in names:
        import_upload([("", archive)], paths.uploads_dir() / name)
    deleted, again = map(open_source, names)
    assert deleted.fingerprint == again.fingerprint
    owned.open_collection(names[0])[0].delete()
    with pytest.raises(DataError, match="not on this machine any more: upload the pictures again"):
        load_arrays(deleted, range(10), 16)
    assert not cached(f"{deleted.fingerprint}*")
    assert unreadable(again, range(10), 16) == {}
    assert (load_arrays(again, range(10), 16).max(axis=(1, 2, 3)) > 0).all()


@pytest.mark.parametrize("limit", [arrays.WHOLE_LIMIT_BYTES, 1000], ids=["whole", "selection"])
def test_files_that_could_not_be_opened_are_tried_again(limit, tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "WHOLE_LIMIT_BYTES", limit)
    folder = make_folder(tmp_path / "x", pets(5))
    source = open_source(str(folder))
    folder.rename(tmp_path / "unmounted")
    assert sorted(unreadable(source, range(10), 16)) == list(range(10))
    (tmp_path / "unmounted").rename(folder)
    assert unreadable(source, range(10), 16) == {}
    assert (load_arrays(source, range(10), 16).max(axis=(1, 2, 3)) > 0).all()


def test_what_stays_away_is_not_decoded_for_again(tmp_path, monkeypatch):
    folder = make_folder(tmp_path / "x", pets(5))
    source = open_source(str(folder))
    (folder / "cat" / "3.png").unlink()
    assert sorted(unreadable(source, range(10), 16)) == [3]
    monkeypatch.setattr(arrays, "read_image", None)
    assert sorted(unreadable(source, range(10), 16)) == [3]


def test_more_than_the_disk_can_take_is_refused_beforehand(tmp_path, monkeypatch):
    """The disk of this machine, of which a thousand petabytes are to stay free."""
    monkeypatch.setattr(cache, "RESERVE_BYTES", 10**18)
    source = open_source(str(make_folder(tmp_path / "x", pets(5))))
    with pytest.raises(
        DataError, match=r"10 pictures of 'x' at 224 x 224 pixels need 2 MB .* only 0 MB .*: choose fewer images or"
    ):
        load_arrays(source, range(10), 224)
    assert not cached("*.npy*")
    monkeypatch.setattr(cache, "RESERVE_BYTES", 0)
    assert load_arrays(source, range(10), 224).shape == (10, 224, 224, 3)


def test_changes_below_a_folder_are_noticed(tmp_path):
    folder = make_folder(tmp_path / "x", {f"train/{name}": data for name, data in pets(2).items()})
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (1000, 1000))
    assert newest_change(folder) == 1000
    os.utime(folder / "train" / "cat", (2000, 2000))
    assert newest_change(folder) == 2000
    (folder / "train" / "dog" / "new.png").write_bytes(picture())
    assert newest_change(folder) > 2000
    assert newest_change(folder / "train" / "cat" / "0.png") == 1000
    assert newest_change(tmp_path / "nowhere") == 0


def test_few_folders_are_looked_at_for_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MAX_STAMPED", 3)
    for number in range(6):
        (tmp_path / "x" / str(number)).mkdir(parents=True)
        os.utime(tmp_path / "x" / str(number), (4e9 + number, 4e9 + number))
    assert 4e9 + 2 <= newest_change(tmp_path / "x") <= 4e9 + 5
    monkeypatch.setattr(folders, "MAX_STAMPED", 0)
    assert newest_change(tmp_path / "x") < 4e9


def test_two_processes_build_the_same(tmp_path):
    folder = str(make_folder(tmp_path / "x", pets(30)))
    code = (
        "import sys\n"
        "from tl_core.data.arrays import load_arrays\n"
        "from tl_core.data.source import open_source\n"
        "source = open_source(sys.argv[1])\n"
        "print(load_arrays(source, range(len(source.items)), 24).sum())"
    )
    command = [sys.executable, "-c", code, folder]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)]
    sums = {process.communicate(timeout=100)[0] for process in processes}
    assert len(sums) == 1
    assert int(sums.pop()) > 0
    assert len(cached("*.npy")) == 1
    assert not cached("*.part")


def test_killed_half_way(tmp_path):
    folder = make_folder(tmp_path / "x", pets(5))
    code = (
        "import os, signal, sys\n"
        "from tl_core.data.arrays import load_arrays\n"
        "from tl_core.data.source import open_source\n"
        "load_arrays(open_source(sys.argv[1]), [0], 16, lambda done, total: os.kill(os.getpid(), signal.SIGKILL))"
    )
    result = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=paths.ROOT)
    assert result.returncode == -signal.SIGKILL
    assert not cached("*.npy")
    source = open_source(str(folder))
    assert unreadable(source, range(10), 16) == {}
    assert load_arrays(source, range(10), 16).min(axis=(1, 2, 3)).shape == (10,)


def test_full_disk_is_one_sentence(tmp_path, monkeypatch):
    source = open_source(str(make_folder(tmp_path / "x", pets(5))))

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrays, "_write_header", full)
    with pytest.raises(DataError, match="cannot be kept on the disk: No space left"):
        load_arrays(source, [0], 16)
    assert not cached("*.part")


@pytest.mark.parametrize("limit", [arrays.WHOLE_LIMIT_BYTES, 1000], ids=["whole", "selection"])
def test_load_dataset(limit, tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "WHOLE_LIMIT_BYTES", limit)
    files = pets(20) | {"cat/cut.png": picture(size=(100, 100))[:5000], "dog/notes.txt": b""}
    path = str(make_zip(tmp_path / "x.zip", files))
    data = load_dataset(path, None, 0, 16)
    assert data.class_names == ("cat", "dog")
    assert len(data.train_images) + len(data.val_images) + len(data.test_images) == 40
    for part in ("train", "val", "test"):
        images, labels = getattr(data, f"{part}_images"), getattr(data, f"{part}_labels")
        assert images.shape == (len(labels), 16, 16, 3)
        assert labels.dtype == np.int64
    assert len(data.notes) == 1
    assert "2 files are left out" in data.notes[0]
    assert "cut.png" in data.notes[0]
    for image, ref in zip(data.test_images, data.test_refs, strict=True):
        np.testing.assert_array_equal(image, read_image(files[ref], 16))
    again = load_dataset(path, None, 0, 16)
    np.testing.assert_array_equal(data.train_images, again.train_images)


def test_load_dataset_names_the_class_that_is_left_with_too_few(tmp_path):
    files = pets(3) | {"cat/0.png": picture(size=(100, 100))[:5000]}
    with pytest.raises(DataError, match="Class 'cat' of 'x' has 2 images"):
        load_dataset(str(make_folder(tmp_path / "x", files)), None, 0, 16)


def test_digits():
    data = load_dataset("digits", 100, 0, 32)
    assert len(data.train_images) == 80
    assert len(data.val_images) == 20
    assert data.test_images.shape == (359, 32, 32, 3)
    assert not data.mirror_safe
    assert (data.train_images[..., 0] == data.train_images[..., 1]).all()
