import io
import json

import pytest
from pictures import encode, make_zip, picture
from PIL import Image
from test_twins import compressed, scene

from tl_core import paths
from tl_core.data import edits, open_source
from tl_core.data.checkup import checkup
from tl_core.data.collection import Collection
from tl_core.data.owned import new_upload_id
from tl_core.data.split import make_split
from tl_core.data.uploads import import_upload
from tl_core.errors import DataError


def photo(seed):
    return encode(scene(seed), compress_level=1)


def upload(tmp_path, files):
    folder = paths.uploads_dir() / new_upload_id()
    import_upload([("", make_zip(tmp_path / "x.zip", files))], folder)
    return Collection(folder)


def pets(cats=25, dogs=25):
    return {f"cat/{i}.png": photo(i) for i in range(cats)} | {f"dog/{i}.png": photo(1_000 + i) for i in range(dogs)}


def look(collection):
    found = checkup(collection.spec())
    assert json.loads(json.dumps(found)) == found, "it goes through a pipe"
    return {finding["kind"]: finding for finding in found}


def test_nothing_to_say_of_a_good_set(tmp_path):
    assert look(upload(tmp_path, pets())) == {}


def test_a_test_of_a_few_pictures_tells_little(tmp_path):
    found = look(upload(tmp_path, pets(12, 12)))
    assert list(found) == ["few"]
    assert "The test has 4 pictures only" in found["few"]["sentence"]


def test_the_only_class_that_is_on(tmp_path):
    collection = upload(tmp_path, pets())
    collection.edit("", lambda classes: edits.switch(classes, "dog", False))
    found = look(collection)["classes"]
    assert "one class only, 'cat' that is switched on" in found["sentence"]
    assert "Switch another class on again" in found["advice"]


def test_one_class_cannot_be_trained_on(tmp_path):
    collection = upload(tmp_path, pets(dogs=0))
    found = look(collection)
    assert list(found) == ["classes"]
    assert found["classes"]["severity"] == "stop"
    assert "one class only, 'cat'" in found["classes"]["sentence"]
    with pytest.raises(DataError):
        open_source(collection.spec())
    empty = collection.undo()
    assert "no class with pictures" in checkup(collection.spec(empty))[0]["sentence"]


def test_too_few_stop_and_few_warn(tmp_path):
    collection = upload(tmp_path, pets(12, 2) | {f"emu/{i}.png": photo(2_000 + i) for i in range(5)})
    found = look(collection)
    assert found["too_few"]["severity"] == "stop"
    assert "'dog' has 2 pictures; at least 3" in found["too_few"]["sentence"]
    remedy = found["too_few"]["remedy"]
    collection.edit("", lambda classes: edits.switch(classes, remedy["switch_off"], False))
    found = look(collection)
    assert list(found) == ["few"]
    assert "Class 'emu' has fewer than 10" in found["few"]["sentence"]
    assert "the test has 3 in all" in found["few"]["sentence"]


def test_a_class_that_is_missing_in_the_test_folder_stops(tmp_path):
    files = {f"train/{name}": data for name, data in pets(5, 5).items()} | {"test/cat/x.png": photo(77)}
    found = look(upload(tmp_path, files))
    assert found["too_few"]["severity"] == "stop"
    assert "test folder" in found["too_few"]["sentence"]


def test_unbalanced(tmp_path):
    assert "unbalanced" not in look(upload(tmp_path, pets(30, 10)))
    found = look(upload(tmp_path, pets(31, 10)))["unbalanced"]
    assert "'cat' has 31 pictures, 'dog' has 10" in found["sentence"]
    assert "right in 76%" in found["sentence"]


def test_twins_in_a_class_and_the_remedy(tmp_path):
    files = pets()
    for i in range(4):
        files[f"cat/copy {i}.jpg"] = encode(compressed(scene(i), 50), "JPEG", quality=80)
    collection = upload(tmp_path, files)
    found = look(collection)["twins"]
    assert "4 pictures are nearly the same as another of their class" in found["sentence"]
    names = {number: collection.pictures()[number].name for number in found["pictures"]}
    assert sorted(names.values()) == sorted(
        [f"cat/{i}.png" for i in range(4)] + [f"cat/copy {i}.jpg" for i in range(4)]
    )
    assert len(found["remedy"]["remove"]) == 4
    collection.edit("", lambda classes: edits.remove(classes, found["remedy"]["remove"]))
    assert "twins" not in look(collection)
    collection.undo()
    assert look(collection)["twins"] == found


def test_pairs_that_fall_apart_into_training_and_test_are_counted(tmp_path):
    collection = upload(tmp_path, pets(20, 20) | {f"cat/again {i}.png": photo(i) for i in range(20)})
    found = look(collection)["twins"]
    source = open_source(collection.spec())
    test = set(make_split(source.labels, source.given, None, seed=0).test.tolist())
    of = {Image.open(io.BytesIO(data)).tobytes(): [] for _, data in source.read_many(range(len(source.items)))}
    for index, data in source.read_many(range(len(source.items))):
        of[Image.open(io.BytesIO(data)).tobytes()].append(index in test)
    torn = sum(len(set(sides)) == 2 for sides in of.values())
    assert torn >= 1
    assert found["severity"] == "warn"
    assert f"{torn} of these pairs or groups would be split" in found["sentence"]


def test_one_picture_with_two_labels(tmp_path):
    found = look(upload(tmp_path, pets() | {"dog/same.jpg": encode(scene(3), "JPEG", quality=85)}))
    assert list(found) == ["two_labels"]
    assert "One picture lies in 'cat' and 'dog'" in found["two_labels"]["sentence"]
    assert len(found["two_labels"]["remedy"]["remove"]) == 2


def test_tiny_as_received(tmp_path):
    found = look(upload(tmp_path, pets() | {f"cat/t{i}.png": picture(i, (200, 31)) for i in range(2)}))["tiny"]
    assert found["sentence"].startswith("2 pictures are less than 32 pixels")
    assert len(found["remedy"]["remove"]) == 2
    assert "tiny" not in look(upload(tmp_path, pets() | {"cat/t.png": picture(0, (32, 32))}))


def test_a_grey_class_among_coloured_ones(tmp_path):
    files = pets() | {f"emu/{i}.jpg": encode(scene(50 + i).convert("L").convert("RGB"), "JPEG") for i in range(25)}
    collection = upload(tmp_path, files)
    found = look(collection)["grey"]
    assert "The pictures of 'emu' are grey" in found["sentence"]
    assert found["remedy"]["switch_off"] == "emu"
    collection.edit("", lambda classes: edits.switch(classes, "emu", False))
    assert look(collection) == {}


def test_files_that_were_left_out_are_listed_with_the_reason(tmp_path):
    collection = upload(tmp_path, pets() | {"cat/broken.png": picture()[:200], "notes.txt": b"x"})
    found = look(collection)["left_out"]
    assert found["severity"] == "note"
    assert {name for name, _ in found["files"]} == {"cat/broken.png", "notes.txt"}
    assert all(reason for _, reason in found["files"])


def test_an_empty_class_is_noted(tmp_path):
    collection = upload(tmp_path, pets())
    collection.edit("", lambda classes: edits.add(classes, "emu"))
    assert "'emu' has no pictures" in look(collection)["empty"]["sentence"]
    assert all(finding["severity"] == "note" for finding in look(collection).values())
