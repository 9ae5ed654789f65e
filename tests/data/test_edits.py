import pytest

from tl_core.data import edits
from tl_core.data.edits import PictureClass, in_order
from tl_core.errors import DataError

CLASSES = (
    PictureClass("b", True, ((1, ""), (2, ""))),
    PictureClass("a", True, ((3, ""),)),
    PictureClass("c", False, ((4, ""),)),
)


def names(classes):
    return [one.name for one in classes]


def test_add():
    more = edits.add(CLASSES, " a ", [(9, "test")])
    assert edits.find(more, "a").pictures == ((3, ""), (9, "test"))
    assert names(edits.add(CLASSES, "d")) == ["b", "a", "c", "d"]
    assert names(edits.add((), "x\u202ey\0")) == ["xy\ufffd"], "names are cleaned"


def test_rename_keeps_the_place_and_refuses_a_name_that_is_taken():
    assert names(edits.rename(CLASSES, "a", "z")) == ["b", "z", "c"]
    assert edits.rename(CLASSES, "a", "a ") == CLASSES
    with pytest.raises(DataError, match="a class 'b' already"):
        edits.rename(CLASSES, "a", "b")
    with pytest.raises(DataError, match="needs a name"):
        edits.rename(CLASSES, "a", "  ")
    with pytest.raises(DataError, match="no class 'x'"):
        edits.rename(CLASSES, "x", "y")


def test_merge():
    merged = edits.merge(CLASSES, "a", "b")
    assert names(merged) == ["b", "c"]
    assert merged[0].pictures == ((1, ""), (2, ""), (3, ""))
    with pytest.raises(DataError, match="with itself"):
        edits.merge(CLASSES, "a", "a")


def test_switch_delete_remove():
    assert [one.on for one in edits.switch(CLASSES, "b", False)] == [False, True, False]
    assert names(edits.delete(CLASSES, "b")) == ["a", "c"]
    assert [len(one.pictures) for one in edits.remove(CLASSES, [1, 3])] == [1, 0, 1]


def test_what_a_set_takes_in_has_a_limit():
    edits.check_kept(edits.MAX_KEPT - 2, 2)
    with pytest.raises(DataError, match=r"40,000 pictures in all.*Start another set, or delete this one"):
        edits.check_kept(edits.MAX_KEPT - 2, 3)


def test_order_is_by_class_split_and_number_and_without_what_is_off():
    assert [(one.name, number, split) for one, number, split in in_order(CLASSES)] == [
        ("a", 3, ""), ("b", 1, ""), ("b", 2, ""),
    ]  # fmt: skip
    mixed = edits.add(CLASSES, "a", [(9, "test")])
    assert [(number, split) for _, number, split in in_order(mixed)] == [
        (9, "test"), (3, "train"), (1, "train"), (2, "train"),
    ]  # fmt: skip
