import numpy as np
import pytest

from tl_core.data.split import TEST_LIMIT, VAL_LIMIT, make_split, pool_size, test_size
from tl_core.errors import DataError

DIGITS = np.repeat(np.arange(10), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def labels_of(*counts):
    return np.repeat(np.arange(len(counts)), counts)


def plain(labels):
    return [""] * len(labels)


def counts(labels, indices):
    return np.bincount(labels[indices], minlength=labels.max() + 1).tolist()


def check(split):
    parts = [split.train, split.val, split.test]
    joined = np.concatenate(parts)
    assert len(np.unique(joined)) == len(joined)
    for part in parts:
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()


def test_all_of_digits():
    split = make_split(DIGITS, plain(DIGITS), None, 0)
    check(split)
    assert len(split.train) + len(split.val) + len(split.test) == len(DIGITS)
    assert counts(DIGITS, split.test) == [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]
    assert abs(len(split.val) / (len(split.train) + len(split.val)) - 0.2) < 0.01
    assert pool_size(DIGITS, plain(DIGITS)) == len(split.train) + len(split.val)
    assert test_size(DIGITS, plain(DIGITS)) == len(split.test)


def test_every_seed_and_number_sits_the_same_exam():
    splits = [make_split(DIGITS, plain(DIGITS), n, seed) for n in (20, 500, None) for seed in (0, 1, 2**31 - 1)]
    assert all((s.test == splits[0].test).all() for s in splits)
    assert not np.array_equal(splits[3].train, splits[4].train)
    again = make_split(DIGITS, plain(DIGITS), 500, 0)
    np.testing.assert_array_equal(again.train, splits[3].train)
    np.testing.assert_array_equal(again.val, splits[3].val)


def test_is_the_same_on_every_machine():
    split = make_split(labels_of(10, 10), [""] * 20, 8, 3)
    assert (split.train.tolist(), split.val.tolist(), split.test.tolist()) == (
        [5, 7, 8, 11, 13, 16],
        [2, 12],
        [0, 4, 15, 17],
    )


@pytest.mark.parametrize("given", ["", "val"])
def test_larger_numbers_contain_smaller_ones(given):
    labels = np.concatenate([labels_of(100, 40, 7), labels_of(20, 20, 3)])
    parts = ["train" if given else ""] * 147 + [given] * 43
    size = pool_size(labels, parts)
    last = None
    for n in range(6, size + 1):
        split = make_split(labels, parts, n, 5)
        check(split)
        assert len(split.train) + len(split.val) == n
        assert min(counts(labels, split.train)) >= 1
        assert min(counts(labels, split.val)) >= 1
        if last:
            assert set(last.train) <= set(split.train)
            assert set(last.val) <= set(split.val)
        last = split


def test_classes_keep_their_proportion():
    labels = labels_of(1000, 500, 250)
    split = make_split(labels, plain(labels), 700, 0)
    drawn = np.array(counts(labels, split.train)) + counts(labels, split.val)
    assert drawn.tolist() == [400, 200, 100]
    assert counts(labels, split.val) == [80, 40, 20]


def test_least_numbers():
    labels = labels_of(3, 3)
    split = make_split(labels, plain(labels), 4, 0)
    for part in (split.train, split.val, split.test):
        assert counts(labels, part) == [1, 1]
    with pytest.raises(DataError, match="it has 2 classes and needs at least 4"):
        make_split(labels, plain(labels), 3, 0)
    with pytest.raises(DataError, match="too few images"):
        make_split(labels_of(3, 2), [""] * 5, None, 0)


def test_asking_for_too_many_is_told():
    split = make_split(DIGITS, plain(DIGITS), 5000, 0, "digits")
    assert split.notes == ["Asked for 5,000 images to learn from; digits has 1,438, so all of them are used."]
    assert make_split(DIGITS, plain(DIGITS), 1438, 0).notes == []


def test_test_limit_is_balanced():
    labels = labels_of(20_000, 9_000, 100)
    split = make_split(labels, plain(labels), None, 0)
    assert counts(labels, split.test) == [990, 990, 20]
    assert len(split.test) <= TEST_LIMIT
    assert len(split.val) == VAL_LIMIT
    assert len(split.train) == 29_100 - 2_000 - 2_000


def test_given_folders():
    labels = np.concatenate([labels_of(100, 60), labels_of(30, 20), labels_of(12_000, 5)])
    given = ["train"] * 160 + ["val"] * 50 + ["test"] * 12_005
    split = make_split(labels, given, 80, 0)
    check(split)
    parts = np.array(given)
    assert set(parts[split.train]) == {"train"}
    assert set(parts[split.val]) == {"val"}
    assert set(parts[split.test]) == {"test"}
    assert counts(labels, split.test) == [9995, 5]
    assert abs(len(split.val) - 16) <= 1
    # all: validation is a quarter of the training images, the other validation images stay unused
    split = make_split(labels, given, None, 0)
    assert counts(labels, split.train) == [100, 60]
    assert counts(labels, split.val) == [25, 15]


def test_few_given_validation_images():
    labels = np.concatenate([labels_of(100, 100), labels_of(1, 2)])
    given = ["train"] * 200 + ["val"] * 3
    split = make_split(labels, given, None, 0)
    assert counts(labels, split.val) == [1, 2]
    assert counts(labels, split.train) == [80, 80]
    assert counts(labels, split.test) == [20, 20]


def test_train_folder_alone():
    labels = labels_of(50, 50)
    np.testing.assert_array_equal(
        make_split(labels, ["train"] * 100, 40, 1).train, make_split(labels, plain(labels), 40, 1).train
    )
