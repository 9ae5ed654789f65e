"""The distance dial: slide a data set away from what the network was trained on.

Every picture is cut into tiles and the tiles are put in another order, the same for all pictures of a set; finer tiles
as the dial turns, and at its end the colours are turned too. Edges and textures survive, shapes and objects do not, and
the task can still be learnt: what case 2 is about. The block shuffle of Neyshabur et al. 2020, "What is being
transferred in transfer learning?", arXiv 2008.11687.
"""

import functools

import numpy as np

from tl_core.language import _, mark

POSITIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
GRIDS = (1, 2, 4, 8, 8)  # tiles along a side at each position
NAMES = (
    mark("as it is"),
    mark("2 × 2 tiles"),
    mark("4 × 4 tiles"),
    mark("8 × 8 tiles"),
    mark("8 × 8 tiles, colours turned"),
)
_ENTROPY = 20_081_687


def position(distance: float) -> int:
    """The nearest of the dial's five positions, 0..4, for a distance of 0..1."""
    return min(range(len(POSITIONS)), key=lambda i: abs(POSITIONS[i] - distance))


def position_name(distance: float) -> str:
    """What the dial does at this distance, in words."""
    return _(NAMES[position(distance)])


def turn_colours(distance: float) -> bool:
    """Whether the colours are turned: green, blue, red for red, green, blue, and all inverted."""
    return position(distance) == len(POSITIONS) - 1


@functools.lru_cache(maxsize=64)
def _pixel_index(size: int, grid: int) -> np.ndarray:
    tile = size // grid
    index = np.arange(size * size, dtype=np.int64).reshape(size, size)
    if grid > 1 and tile > 0:
        inner = tile * grid  # what is left at the right and the bottom stays
        tiles = index[:inner, :inner].reshape(grid, tile, grid, tile).swapaxes(1, 2).reshape(grid * grid, tile, tile)
        moved = tiles[tile_order(grid)].reshape(grid, grid, tile, tile).swapaxes(1, 2).reshape(inner, inner)
        index = index.copy()
        index[:inner, :inner] = moved
    index = index.reshape(-1)
    index.flags.writeable = False
    return index


@functools.cache
def tile_order(grid: int) -> np.ndarray:
    """(grid * grid,) int64: for each place the tile that goes there; none stays. The same on every machine."""
    rng = np.random.default_rng([_ENTROPY, grid])
    while True:  # a permutation leaves nothing in place with a chance of 1/e
        order = np.argsort(rng.random(grid * grid), kind="stable")
        if not (order == np.arange(grid * grid)).any():
            return order


def pixel_index(size: int, distance: float) -> np.ndarray:
    """(size * size,) int64, read-only: new pixel i is old pixel index[i], row by row."""
    return _pixel_index(size, GRIDS[position(distance)])


def apply_distance(images: np.ndarray, distance: float) -> np.ndarray:
    """The pictures as the dial shows them: (N, S, S, 3) uint8 in and out. At 0 the very same array."""
    if images.ndim != 4 or images.shape[1] != images.shape[2] or images.shape[3] != 3:
        raise ValueError(f"images must be (N, S, S, 3). Received: {images.shape}.")
    if position(distance) == 0:
        return images
    size = images.shape[1]
    moved = images.reshape(len(images), size * size, 3)[:, pixel_index(size, distance)].reshape(images.shape)
    return 255 - moved[..., [1, 2, 0]] if turn_colours(distance) else moved
