"""The drawn sets themselves: what each is called, its classes, and who draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tl_core.data.drawn import animals, flowers, signs
from tl_core.data.drawn.dice import Dice
from tl_core.data.drawn.scene import Scene
from tl_core.data.drawn.surroundings import finish
from tl_core.language import mark

VERSION = 1  # raise it when the pictures change: decoded ones are kept by it
SEED = 0
BATCH = 128  # pictures whose geometry is worked out together; more do not fit into the processor's cache
Draw = Callable[[Dice, np.ndarray, Scene], None]


@dataclass(frozen=True)
class World:
    """One drawn set. `draw(dice, labels, scene)` adds the pictures; `noise`: deviation of the strongest grain, 0..1."""

    title: str
    description: str
    class_names: tuple[str, ...]
    draw: Draw
    mirror_safe: bool = True
    noise: float = 0.09


WORLDS = {
    "dogs": World(
        mark("Drawn dogs"),
        mark(
            "24 breeds, drawn by this program, as many as you like. "
            "The 'Drawn dogs network' learnt from just these kinds: as similar as can be."
        ),
        tuple(kind.name for kind in animals.DOGS),
        partial(animals.draw, animals.DOGS),
    ),
    "wolves": World(
        mark("Drawn wolves"),
        mark(
            "eight kinds, drawn by this program, as many as you like. "
            "Other animals than the dogs its network learnt from, but built like them: similar."
        ),
        tuple(kind.name for kind in animals.WOLVES),
        partial(animals.draw, animals.WOLVES),
    ),
    "flowers": World(
        mark("Drawn flowers"),
        mark(
            "eight kinds, drawn by this program, as many as you like. "
            "Nothing like the dogs its network learnt from: different."
        ),
        flowers.NAMES,
        flowers.draw,
    ),
    "road_signs": World(
        mark("Drawn road signs"),
        mark(
            "sixteen of them, drawn by this program, as many as you like. "
            "Nothing like the dogs its network learnt from: different."
        ),
        signs.NAMES,
        signs.draw,
        mirror_safe=False,
    ),
}


def labels_of(name: str, indices: np.ndarray) -> np.ndarray:
    """(N,) int64: the classes take turns."""
    return np.asarray(indices, np.int64) % len(WORLDS[name].class_names)


def draw_pictures(name: str, indices: np.ndarray, size: int, seed: int = SEED) -> np.ndarray:
    """Pictures number `indices` (N,) of a set: (N, size, size, 3) uint8, each a function of (set, seed, number, size)."""
    world = WORLDS[name]
    out = np.empty((len(indices), size, size, 3), np.uint8)
    for start in range(0, len(indices), BATCH):
        part = np.asarray(indices[start : start + BATCH], np.int64)
        dice, scene = Dice(name, seed, part), Scene(len(part))
        world.draw(dice, labels_of(name, part), scene)
        out[start : start + len(part)] = finish(dice, scene.render(size), world.noise)
    return out
