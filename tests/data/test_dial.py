import numpy as np
import pytest

from tl_core.data.dial import (
    NAMES,
    POSITIONS,
    apply_distance,
    pixel_index,
    position,
    position_name,
    tile_order,
    turn_colours,
)


def images(size, n=3):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def test_positions():
    assert [position(d) for d in POSITIONS] == [0, 1, 2, 3, 4]
    assert [position(d) for d in (0.1, 0.13, 0.6, 0.9, 1)] == [0, 1, 2, 4, 4]
    assert position_name(0.25) == "2 × 2 tiles"
    assert len(NAMES) == len(POSITIONS)
    assert [turn_colours(d) for d in POSITIONS] == [False] * 4 + [True]


def test_at_zero_nothing_changes():
    pictures = images(32)
    assert apply_distance(pictures, 0.0) is pictures
    assert (pixel_index(32, 0) == np.arange(1024)).all()


@pytest.mark.parametrize("size", [7, 8, 30, 32, 224])
@pytest.mark.parametrize("distance", POSITIONS)
def test_pixels_are_permuted(size, distance):
    index = pixel_index(size, distance)
    assert index.shape == (size * size,)
    assert index.dtype == np.int64
    assert (np.sort(index) == np.arange(size * size)).all()
    assert not index.flags.writeable


@pytest.mark.parametrize(("distance", "grid"), [(0.25, 2), (0.5, 4), (0.75, 8)])
def test_whole_tiles_move_and_none_stays(distance, grid):
    size, tile = 32, 32 // grid
    pictures = images(size)
    moved = apply_distance(pictures, distance)
    order = tile_order(grid)
    for place in range(grid * grid):
        assert order[place] != place
        (r, c), (r2, c2) = divmod(place, grid), divmod(int(order[place]), grid)
        np.testing.assert_array_equal(
            moved[:, r * tile : (r + 1) * tile, c * tile : (c + 1) * tile],
            pictures[:, r2 * tile : (r2 + 1) * tile, c2 * tile : (c2 + 1) * tile],
        )


def test_the_same_tiles_at_every_size():
    small = np.repeat(np.repeat(images(8), 4, axis=1), 4, axis=2)
    large = np.repeat(np.repeat(images(8), 12, axis=1), 12, axis=2)
    np.testing.assert_array_equal(apply_distance(small, 1.0)[:, ::4, ::4], apply_distance(large, 1.0)[:, ::12, ::12])


def test_border_stays_when_size_does_not_divide():
    pictures = images(30)
    moved = apply_distance(pictures, 0.5)
    np.testing.assert_array_equal(moved[:, 28:], pictures[:, 28:])
    np.testing.assert_array_equal(moved[:, :, 28:], pictures[:, :, 28:])
    assert (moved[:, :28, :28] != pictures[:, :28, :28]).any()


def test_colours_turn_at_the_end():
    pictures = np.zeros((1, 8, 8, 3), np.uint8)
    pictures[...] = (10, 20, 30)
    turned = apply_distance(pictures, 1.0)
    assert turned.dtype == np.uint8
    assert (turned == (235, 225, 245)).all()


def test_the_permutation_never_changes():
    assert tile_order(2).tolist() == [2, 0, 3, 1]


def test_wrong_shape():
    with pytest.raises(ValueError, match="Received"):
        apply_distance(np.zeros((2, 8, 9, 3), np.uint8), 0.5)
