"""Torchvision's data sets: what is known of each, and how one that was downloaded is read.

What is known stands in `assets/datasets.json`. The download (`fetching.py`) opens a set once with torchvision's class and
leaves in `folder_of(name)` what later reading needs, which then takes neither torch nor torchvision:

- the pictures: files as torchvision unpacks them, or for sets that are arrays `<split>.npy`, (N, H, W) or (N, H, W, 3) uint8;
- `index.json`: `class_names`, and for each picture its label, split and name; `num_bytes` of all;
- `complete.json`, with the checksums of what was downloaded. It came last: where it is, all is.
"""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tl_core import paths
from tl_core.data.entry import Entry
from tl_core.data.images import MAX_FILE_BYTES
from tl_core.data.layout import Item, Layout
from tl_core.errors import DataError
from tl_core.language import _

TABLE = paths.ASSETS / "datasets.json"
COMPLETE_FILE = "complete.json"
INDEX_FILE = "index.json"
INDEX_FORMAT = 1  # raise it when the order or the names of pictures change, so that no old cache is used


@dataclass(frozen=True)
class Archive:
    """A file to download. `folder`, below the root that torchvision's class is given, is where it lies or is unpacked."""

    file: str
    url: str
    md5: str
    num_bytes: int
    folder: str
    unpack: bool


@dataclass(frozen=True)
class TorchvisionSet:
    """A row of the table.

    - `splits`: what torchvision's class `class_name` is constructed with, once for each part of the set.
    - `class_names`: words for classes that torchvision does not name, or not in words.
    - `unpacked_mb`: room that is needed beside the archives.
    """

    name: str
    title: str
    class_name: str
    num_classes: int
    num_images: int
    unpacked_mb: int
    licence: str
    source: str
    description: str
    mirror_safe: bool
    splits: tuple[dict[str, Any], ...]
    class_names: dict[str, str]
    archives: tuple[Archive, ...]

    @property
    def num_bytes(self) -> int:
        """To download."""
        return sum(archive.num_bytes for archive in self.archives)


def table() -> dict[str, TorchvisionSet]:
    """Every set by its name, in the order in which they are offered."""
    return _read_table(TABLE)


def folder_of(name: str) -> Path:
    """Where a set lies once it is complete."""
    return paths.datasets_dir() / name


def is_present(name: str) -> bool:
    return (folder_of(name) / COMPLETE_FILE).is_file()


def entries() -> dict[str, Entry]:
    return {
        row.name: Entry(
            name=row.name,
            title=row.title,
            num_classes=row.num_classes,
            num_images=row.num_images,
            present=is_present(row.name),
            download_mb=round(row.num_bytes / 1e6, 1),
            licence=row.licence,
            source=row.source,
            description=row.description,
            mirror_safe=row.mirror_safe,
        )
        for row in table().values()
    }


def fingerprint_parts(name: str) -> tuple[object, ...]:
    """The checksums of what was downloaded; a set that is not here has a fingerprint that nothing is cached under."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return name, INDEX_FORMAT, *json.loads((folder_of(name) / COMPLETE_FILE).read_bytes())["md5"]
    return name, "missing"


def layout(name: str) -> Layout:
    """Items sorted by class, split and name. Raises `DataError` if the set is not on this machine."""
    row = table()[name]
    if not is_present(name):
        raise DataError(
            _(
                "{title} is not on this machine yet: download it on the page or with `python -m tl_core fetch {name}` "
                "({n:,.0f} MB).",
                title=row.title,
                name=name,
                n=row.num_bytes / 1e6,
            )
        )
    try:
        index = json.loads((folder_of(name) / INDEX_FILE).read_bytes())
        items = tuple(map(Item, index["labels"], index["splits"], index["refs"]))
        return Layout(tuple(index["class_names"]), items, (), index["num_bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        raise _gone(row) from None


def read(
    name: str, refs: Sequence[str], alive: Callable[[], None], size: int
) -> Iterator[tuple[str, bytes | np.ndarray]]:
    """Each picture as it is kept: the bytes of its file, b'' for one that cannot be read, or (H, W, 3) uint8 pixels.

    Raises `DataError` if the files have gone; the set then counts as one that is to be downloaded.
    """
    folder = folder_of(name)
    arrays: dict[str, np.ndarray] = {}
    for ref in refs:
        split, colon, number = ref.partition(":")
        try:
            if colon:
                if split not in arrays:
                    arrays[split] = np.load(folder / f"{split}.npy", mmap_mode="r")
                yield ref, _rgb(arrays[split][int(number)])
                continue
            with open(folder / ref, "rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError, IndexError, ValueError, EOFError):
            raise _gone(table()[name]) from None
        except OSError:
            data = b""
        yield ref, data


def _rgb(pixels: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, 3), mapped from the disk, to (H, W, 3) in memory."""
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else np.array(pixels)


def _gone(row: TorchvisionSet) -> DataError:
    """The error for files that were deleted; without its mark the set is offered for download again."""
    with contextlib.suppress(OSError):
        (folder_of(row.name) / COMPLETE_FILE).unlink(missing_ok=True)
    return DataError(
        _(
            "Pictures of {title} have gone from {folder_of}: download it again on the page or with `python -m tl_core fetch "
            "{name}` ({n:,.0f} MB).",
            title=row.title,
            folder_of=folder_of(row.name),
            name=row.name,
            n=row.num_bytes / 1e6,
        )
    )


@functools.lru_cache(maxsize=4)
def _read_table(path: Path) -> dict[str, TorchvisionSet]:
    rows = json.loads(path.read_text("utf-8"))
    return {
        row["name"]: TorchvisionSet(
            **row | {"splits": tuple(row["splits"]), "archives": tuple(Archive(**a) for a in row["archives"])}
        )
        for row in rows
    }
