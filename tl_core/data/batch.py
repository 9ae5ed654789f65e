"""A batch: the pictures that came into a collection at one time, in a folder that never changes afterwards.

`00001.jpg` ... are the pictures, `00001.small.jpg` ... their thumbnails, `table.json` says what each was called and where
it was put, `marks.npy` holds what a check-up compares.
"""

import functools
import itertools
import json
import os
import shutil
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tl_core.data.kept import Kept
from tl_core.data.layout import Skipped

TABLE, MARKS = "table.json", "marks.npy"


class Picture(NamedTuple):
    """One line of the table.

    `file`: its name in the batch's folder; `name`: what it was called when it came. `short_side`: as it came, in pixels; 512
    stands for anything larger.
    `num_bytes` and `digest` (32 hexadecimal digits) are those of the file that is kept.
    `class_name`, `split`: where it was put at first.
    """

    file: str
    name: str
    short_side: int
    num_bytes: int
    digest: str
    class_name: str
    split: str

    @property
    def thumbnail(self) -> str:
        return f"{self.file.split('.')[0]}.small.jpg"


@dataclass(frozen=True, eq=False)
class Batch:
    """`digest` is that of the received files, '' if unknown; `skipped` those of them that are not used."""

    folder: Path
    digest: str
    pictures: tuple[Picture, ...]
    skipped: tuple[Skipped, ...]

    def marks(self) -> np.ndarray:
        """(N,) of `tl_core.data.kept.MARK`"""
        return np.load(self.folder / MARKS)


class BatchWriter:
    """Writes the pictures of one batch into a new folder; `close` adds the table, without which it is none."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.pictures: list[Picture] = []
        self._marks: list[np.void] = []
        folder.mkdir(parents=True)

    def add(self, kept: Kept, digest: str, name: str, class_name: str, split: str) -> None:
        file = f"{len(self.pictures) + 1:05d}{kept.suffix}"
        picture = Picture(file, name, kept.short_side, len(kept.data), digest, class_name, split)
        (self.folder / file).write_bytes(kept.data)
        (self.folder / picture.thumbnail).write_bytes(kept.thumbnail)
        self.pictures.append(picture)
        self._marks.append(kept.mark)

    def close(self, digest: str, skipped: Sequence[Skipped]) -> None:
        np.save(self.folder / MARKS, np.array(self._marks))
        table = {"digest": digest, "pictures": self.pictures, "skipped": skipped}
        (self.folder / TABLE).write_text(json.dumps(table, separators=(",", ":")), "utf-8")


@functools.lru_cache(maxsize=64)
def read_batch(folder: Path) -> Batch:
    """Raises `OSError` if it is gone."""
    table = json.loads((folder / TABLE).read_text("utf-8"))
    pictures = tuple(Picture(*line) for line in table["pictures"])
    return Batch(folder, table["digest"], pictures, tuple(Skipped(*line) for line in table["skipped"]))


def copy_batch(batch: Batch, into: Path) -> None:
    """The same files in the new folder `into`, without taking room twice where the disk can do so."""
    into.mkdir(parents=True)
    for name in [*(p.file for p in batch.pictures), *(p.thumbnail for p in batch.pictures), TABLE, MARKS]:
        try:
            os.link(batch.folder / name, into / name)
        except OSError:
            shutil.copyfile(batch.folder / name, into / name)


class Pictures:
    """The pictures of a collection by their numbers, 1 for the first that ever came."""

    def __init__(self, batches: Sequence[Batch]):
        self.batches = batches
        sizes = [len(batch.pictures) for batch in batches]
        self.firsts = [1 + before for before in itertools.accumulate(sizes[:-1], initial=0)] if sizes else []

    def __getitem__(self, number: int) -> Picture:
        batch, index = self._at(number)
        return batch.pictures[index]

    def path(self, number: int) -> Path:
        batch, index = self._at(number)
        return batch.folder / batch.pictures[index].file

    def thumbnail(self, number: int) -> Path:
        batch, index = self._at(number)
        return batch.folder / batch.pictures[index].thumbnail

    def _at(self, number: int) -> tuple[Batch, int]:
        at = bisect_right(self.firsts, number) - 1
        if at < 0 or number - self.firsts[at] >= len(self.batches[at].pictures):
            raise KeyError(number)
        return self.batches[at], number - self.firsts[at]
