"""A batch: the pictures that came into a collection at one time, in a folder that never changes afterwards.

`00001.jpg` ... are the pictures, `00001.small.jpg` ... their thumbnails, `table.json` says what each was called and where
it was put, `marks.npy` holds what a check-up compares.
"""

import itertools
import json
import os
import shutil
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from tl_core.data.kept import Kept
from tl_core.data.layout import Skipped

TABLE, MARKS = "table.json", "marks.npy"
_Value = TypeVar("_Value")


class Remembered(Generic[_Value]):
    """Calls `read(path)` again only when the file at `path` is another one or was changed.

    All visitors share it, and each click of a camera is a batch and a version, so there are many: the last 1,024, with
    200,000 pictures at most between them by `weigh`, about 100 MB of batches. Raises whatever `read` raises, and `OSError` if
    there is no such file.
    """

    MOST, MOST_PICTURES = 1_024, 200_000

    def __init__(self, read: Callable[[Path], _Value], weigh: Callable[[_Value], int]):
        self._read, self._weigh = read, weigh
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, tuple[tuple[int, int], _Value, int]] = OrderedDict()
        self._total = 0

    def __call__(self, path: Path) -> _Value:
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_ino)
        with self._lock:
            if path in self._kept and self._kept[path][0] == stamp:
                self._kept.move_to_end(path)
                return self._kept[path][1]
        value = self._read(path)
        with self._lock:
            self._drop(path)
            self._kept[path] = (stamp, value, self._weigh(value))
            self._total += self._kept[path][2]
            while len(self._kept) > 1 and (len(self._kept) > self.MOST or self._total > self.MOST_PICTURES):
                self._drop(next(iter(self._kept)))
        return value

    def forget(self, folder: Path) -> None:
        """Drop all that lies below a folder."""
        with self._lock:
            for path in [path for path in self._kept if path.is_relative_to(folder)]:
                self._drop(path)

    def _drop(self, path: Path) -> None:
        self._total -= self._kept.pop(path, (None, None, 0))[2]


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
    """`digest` is that of the received files, '' if unknown; `skipped` those of them that are not used.

    `classes`: (name, whether it is on) in order, if they came as a zip that was downloaded here, else nothing.
    """

    folder: Path
    digest: str
    pictures: tuple[Picture, ...]
    skipped: tuple[Skipped, ...]
    classes: tuple[tuple[str, bool], ...] = ()

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

    def close(self, digest: str, skipped: Sequence[Skipped], classes: Sequence[tuple[str, bool]] = ()) -> None:
        np.save(self.folder / MARKS, np.array(self._marks))
        table = {"digest": digest, "pictures": self.pictures, "skipped": skipped, "classes": classes}
        (self.folder / TABLE).write_text(json.dumps(table, separators=(",", ":")), "utf-8")


def read_batch(folder: Path) -> Batch:
    """Raises `OSError` if it is gone."""
    return _remembered(folder / TABLE)


def forget_batches(folder: Path) -> None:
    """Let go of what was read below a folder that is deleted."""
    _remembered.forget(folder)


def _read(path: Path) -> Batch:
    table = json.loads(path.read_text("utf-8"))
    pictures = tuple(Picture(*line) for line in table["pictures"])
    skipped = tuple(Skipped(*line) for line in table["skipped"])
    return Batch(path.parent, table["digest"], pictures, skipped, tuple(map(tuple, table.get("classes", ()))))


_remembered = Remembered(_read, lambda batch: len(batch.pictures))


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
