import errno
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pictures import make_zip, pets

from tl_core import paths
from tl_core.data import cache, describe, edits, load_dataset, open_source, resolve_spec
from tl_core.data.batch import Remembered
from tl_core.data.collection import UNDO_STEPS, Collection
from tl_core.data.owned import list_own, new_upload_id, open_collection, open_own, owner_hash, sweep
from tl_core.data.uploads import import_upload
from tl_core.errors import DataError

ME, YOU = owner_hash("me"), owner_hash("you")


@pytest.fixture
def collection(tmp_path):
    return make(tmp_path)


def make(tmp_path, owner=ME, count=6):
    folder = paths.uploads_dir() / new_upload_id()
    import_upload([("", make_zip(tmp_path / "x.zip", pets(count)))], folder, owner=owner, title="pets.zip")
    return Collection(folder)


def test_every_edit_is_a_version_and_can_be_undone_and_done_again(collection):
    first = collection.head()
    for step in range(25):
        collection.edit(
            f"step {step}", lambda classes, step=step: edits.rename(classes, classes[0].name, f"name {step}")
        )
    last = collection.head()
    assert last.number == first.number + 25
    collection = Collection(collection.folder)  # as after a refresh
    for _ in range(25):
        collection.undo()
    assert collection.head() == first
    assert collection.undone().did == "step 0"
    for _ in range(25):
        collection.redo()
    assert collection.head() == last
    assert collection.redo() == last


def test_undo_reaches_the_empty_beginning_and_stays_there(collection):
    assert collection.undo().classes == ()
    assert collection.undo().number == 0
    assert collection.redo().num_pictures == 12


def test_an_edit_after_undo_begins_a_new_branch(collection):
    collection.edit("off", lambda classes: edits.switch(classes, "cat", False))
    collection.undo()
    version = collection.edit("gone", lambda classes: edits.delete(classes, "dog"))
    assert (version.number, version.parent) == (3, 1)
    assert collection.undone() is None
    assert not edits.find(collection.version(2).classes, "cat").on, "what an experiment may refer to stays"


def test_an_edit_that_changes_nothing_or_fails_makes_no_version(collection):
    before = collection.head()
    assert collection.edit("nothing", lambda classes: classes) == before
    with pytest.raises(DataError):
        collection.edit("wrong", lambda classes: edits.delete(classes, "horse"))
    assert collection.head() == before


def test_edits_at_the_same_time_are_all_made(collection):
    def add(number):
        Collection(collection.folder).edit("", lambda classes: edits.add(classes, f"class {number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    assert len(collection.head().classes) == 14


def test_a_version_is_a_data_set_that_never_changes(collection):
    spec = collection.spec()
    assert spec == f"{collection.id}.1"
    assert resolve_spec(collection.id) == spec, "without a number it is the newest"
    before = open_source(spec).fingerprint
    collection.edit("", lambda classes: edits.remove(classes, [1]))
    assert describe(spec)["num_images"] == 12
    assert describe(collection.id)["num_images"] == 11
    assert open_source(spec).fingerprint == before != open_source(collection.id).fingerprint
    collection.edit("", lambda classes: edits.rename(classes, "cat", "lion"))
    assert open_source(collection.id).class_names == ("dog", "lion")
    assert len({collection.version(n).fingerprint for n in (1, 2, 3)}) == 3


def test_the_fingerprint_is_of_the_content(tmp_path, collection):
    same = make(tmp_path, YOU)
    assert same.head().fingerprint == collection.head().fingerprint
    collection.edit("", lambda classes: edits.switch(classes, "cat", False))
    collection.edit("", lambda classes: edits.switch(classes, "cat", True))
    assert same.head().fingerprint == collection.head().fingerprint


def test_classes_that_are_off_take_no_part(collection):
    collection.edit("", lambda classes: edits.add(classes, "horse", [(1, "")]))
    collection.edit("", lambda classes: edits.switch(classes, "horse", False))
    assert open_source(collection.id).class_names == ("cat", "dog")


def test_only_the_owner_opens_it(collection):
    spec = collection.spec()
    assert open_own(spec, ME)[0].id == collection.id
    assert open_own(collection.id, ME) is not None
    for owner in (YOU, "", "me", ME[:-1]):
        assert open_own(spec, owner) is None
    assert open_own(f"{collection.id}.7", ME) is None
    assert open_own(f"{collection.id}/../{collection.id}", ME) is None
    assert "me" not in (collection.folder / "about.json").read_text().replace('"title":"pets.zip"', ""), "a hash only"


def test_what_belongs_to_nobody_is_opened_for_nobody(tmp_path):
    nobodys = make(tmp_path, owner="")
    assert open_own(nobodys.spec(), "") is None
    assert open_collection(nobodys.spec())[1].num_pictures == 12, "the command line may"
    assert list_own("") == []


def test_a_visitor_finds_all_of_theirs(tmp_path):
    mine = [make(tmp_path).id for _ in range(3)]
    make(tmp_path, YOU)
    assert [one.id for one in list_own(ME)] == mine
    Collection(paths.uploads_dir() / mine[1]).delete()
    assert [one.id for one in list_own(ME)] == [mine[0], mine[2]]


def test_deleting_leaves_nothing(collection):
    load_dataset(collection.spec(), None, 0, 16)
    fingerprint = collection.head().fingerprint
    assert [path for path in paths.cache_dir().iterdir() if path.name.startswith(fingerprint)]
    other = cache.make_fingerprint("other")
    cache.write_json(f"{other}-index.json", {})
    collection.delete()
    assert list(paths.uploads_dir().iterdir()) == []
    assert [path.name for path in paths.cache_dir().glob("*.*")] == [f"{other}-index.json"]
    for action in (collection.head, collection.undo, collection.touch, lambda: open_source(collection.id)):
        with pytest.raises(DataError, match="upload the pictures again"):
            action()
    collection.delete()  # a second click


def test_sweep_deletes_what_nobody_used_for_a_day(tmp_path):
    now = time.time()
    old, used = make(tmp_path), make(tmp_path, YOU)
    for one in (old, used):
        os.utime(one.folder / "used", (now - 25 * 3600,) * 2)
    open_source(used.spec())
    abandoned = paths.uploads_dir() / "incoming" / "0123"
    abandoned.mkdir(parents=True)
    fresh = paths.uploads_dir() / "incoming" / "4567"
    fresh.mkdir()
    part = paths.uploads_dir() / ".upload-x.part"
    part.mkdir()
    for path in (abandoned, part):
        os.utime(path, (now - 3 * 3600,) * 2)
    assert sweep(now) == [old.id]
    assert sorted(path.name for path in paths.uploads_dir().iterdir()) == sorted(["incoming", used.id])
    assert list((paths.uploads_dir() / "incoming").iterdir()) == [fresh]
    assert sweep(now + 25 * 3600) == [used.id]


def test_another_set_in_the_same_place_is_not_taken_for_the_first(tmp_path, collection):
    before, batch = collection.head(), collection.batches()[0]
    shutil.rmtree(collection.folder)  # as another process would
    parts = [("", make_zip(tmp_path / "y.zip", pets(4, ("eel", "fox", "gnu"))))]
    import_upload(parts, collection.folder, owner=ME)
    after = Collection(collection.folder)
    assert after.head().number == before.number
    assert [one.name for one in after.head().classes] == ["eel", "fox", "gnu"]
    assert len(after.batches()[0].pictures) == 12 == len(batch.pictures)
    assert {one.class_name for one in after.batches()[0].pictures} == {"eel", "fox", "gnu"}
    assert open_source(after.spec()).class_names == ("eel", "fox", "gnu")


def test_what_is_remembered_is_bounded_by_number_and_by_pictures(tmp_path, monkeypatch):
    read = []
    remembered = Remembered(lambda path: read.append(path.name) or path.read_text(), len)
    monkeypatch.setattr(Remembered, "MOST", 3)
    monkeypatch.setattr(Remembered, "MOST_PICTURES", 10)
    for name, size in (("a", 4), ("b", 4), ("c", 1), ("d", 1), ("e", 9), ("f", 90)):
        (tmp_path / name).write_text(name * size)

    def again(*names):
        read.clear()
        for name in names:
            assert set(remembered(tmp_path / name)) == {name}
        return "".join(read)

    assert again("a", "b", "c", "c", "b", "a") == "abc"
    assert again("d", "a", "b") == "d", "the one that was used longest ago is gone"
    assert again("c") == "c"
    assert again("e", "c") == "e", "nine and one"
    assert again("b") == "b"
    assert again("f", "f") == "f", "the last one stays, however large"
    (tmp_path / "f").write_text("f")
    assert again("f") == "f", "it was changed"


def test_versions_far_back_that_nobody_opened_for_a_day_go(collection):
    for step in range(UNDO_STEPS + 40):
        collection.edit("", lambda classes, step=step: edits.rename(classes, classes[0].name, f"name {step}"))
    head = collection.head().number
    old = time.time() - 25 * 3600
    for path in (collection.folder / "versions").iterdir():
        os.utime(path, (old, old))
    open_source(f"{collection.id}.7")  # as a run does
    sweep(time.time())
    kept = sorted(int(path.stem) for path in (collection.folder / "versions").iterdir())
    assert kept == [0, 7, *range(head - UNDO_STEPS, head + 1)]
    with pytest.raises(DataError):
        open_collection(f"{collection.id}.8")
    for _ in range(UNDO_STEPS):
        collection.undo()
    with pytest.raises(DataError, match="200 steps old"):
        collection.undo()
    assert collection.head().number == head - UNDO_STEPS
    sweep(time.time())
    for _ in range(UNDO_STEPS):
        collection.redo()
    assert collection.head().number == head, "what redo leads to is kept too"
    assert collection.edit("", lambda classes: edits.delete(classes, "dog")).number == head + 1


def test_a_disk_that_is_full_leaves_all_as_it_was(collection, monkeypatch):
    def full(path, *args, **options):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(collection.folder.rglob("*.*"))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space"):
            collection.edit("", lambda classes: edits.delete(classes, "dog"))
    assert sorted(collection.folder.rglob("*.*")) == before
    assert len(collection.head().classes) == 2


def test_sweep_without_any_uploads():
    assert sweep(time.time()) == []
