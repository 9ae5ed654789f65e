"""Drawn data sets: pictures that need no download, whose truth is known, and of which there are as many as one likes."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tl_core.data.drawn.worlds import BATCH, SEED, VERSION, WORLDS, World, draw_pictures, labels_of
from tl_core.data.entry import Entry
from tl_core.data.layout import Item, Layout
from tl_core.data.split import TEST_LIMIT
from tl_core.experiment import MAX_IMAGES

__all__ = ["WORLDS", "World", "draw_pictures", "entries", "fingerprint_parts", "labels_of", "layout", "read"]

NUM_IMAGES = MAX_IMAGES + TEST_LIMIT  # a million to learn from, and those of the test on top
DEFAULT_IMAGES = 500
NETWORK = "demo-drawn"  # learnt from the dogs


class DrawnItems(Sequence[Item]):
    """The pictures of a drawn set in their order; none of them is there before it is asked for."""

    def __init__(self, name: str):
        self.name = name

    def __len__(self) -> int:
        return NUM_IMAGES

    def __getitem__(self, index: int) -> Item:
        if not -NUM_IMAGES <= index < NUM_IMAGES:
            raise IndexError(index)
        index %= NUM_IMAGES
        return Item(index % len(WORLDS[self.name].class_names), "", str(index))

    @property
    def labels(self) -> np.ndarray:
        """(N,) int64"""
        return labels_of(self.name, np.arange(NUM_IMAGES))


def entries() -> dict[str, Entry]:
    return {name: _entry(name, world) for name, world in WORLDS.items()}


def _entry(name: str, world: World) -> Entry:
    return Entry(
        name=name,
        title=world.title,
        num_classes=len(world.class_names),
        num_images=NUM_IMAGES,
        present=True,
        download_mb=0.0,
        licence="MIT",
        source="drawn by this program when they are needed",
        description=world.description,
        mirror_safe=world.mirror_safe,
        default_images=DEFAULT_IMAGES,
        network=NETWORK,
    )


def fingerprint_parts(name: str) -> tuple[object, ...]:
    return "drawn", name, SEED, VERSION


def layout(name: str) -> Layout:
    """The pictures count as 1 byte each, encoded: what takes room is only what was drawn."""
    return Layout(WORLDS[name].class_names, DrawnItems(name), (), NUM_IMAGES)


def read(name: str, refs: Sequence[str], alive: Callable[[], None], size: int) -> Iterator[tuple[str, np.ndarray]]:
    """Draw the pictures, each (size, size, 3) uint8."""
    for start in range(0, len(refs), BATCH):
        part = refs[start : start + BATCH]
        yield from zip(part, draw_pictures(name, np.array([int(ref) for ref in part]), size), strict=True)
        alive()
