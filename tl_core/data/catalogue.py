"""The data sets that have a name: built-in ones, and those on the teacher's shelf, `paths.data_dir()`."""

import contextlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from tl_core import paths
from tl_core.data import cache, digits, drawn, torchvision_sets
from tl_core.data.entry import Entry
from tl_core.data.layout import Layout
from tl_core.language import mark

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")


class Maker(Protocol):
    """A module that brings data sets of its own; each takes the name of one of its entries."""

    def entries(self) -> dict[str, Entry]: ...

    def fingerprint_parts(self, name: str) -> tuple[object, ...]:
        """What changes when the pictures do."""
        ...

    def layout(self, name: str) -> Layout:
        """Raises `DataError` if the set is not on this machine."""
        ...

    def read(
        self, name: str, refs: Sequence[str], alive: Callable[[], None], size: int
    ) -> Iterator[tuple[str, bytes | np.ndarray]]:
        """Each picture as it is kept: the bytes of a file, or pixels (H, W, 3) uint8; drawn ones at `size`."""
        ...


MAKERS: tuple[Maker, ...] = (digits, drawn, torchvision_sets)


def makers() -> dict[str, Maker]:
    """Who makes each of the sets that are not on the shelf."""
    return {name: maker for maker in MAKERS for name in maker.entries()}


def catalogue() -> dict[str, Entry]:
    """Every data set by its name: built-in ones first, then the shelf in the order of its files' names."""
    entries: dict[str, Entry] = {}
    for maker in MAKERS:
        entries |= maker.entries()
    folder = paths.data_dir()
    files = []
    with contextlib.suppress(OSError):
        files = sorted(child for child in folder.iterdir() if not child.name.startswith((".", "_")))
    for path in files:
        stem = archive_stem(path.name) if not path.is_dir() else path.name
        if stem is None:
            continue
        name = base = _slug(stem)
        number = 2
        while name in entries:
            name, number = f"{base}_{number}", number + 1
        counts = cache.read_json(counts_name(path)) or {}
        entries[name] = Entry(
            name=name,
            title=stem,
            num_classes=counts.get("num_classes"),
            num_images=counts.get("num_images"),
            present=True,
            download_mb=0.0,
            licence=mark("see its owner"),
            source=path.name,
            description=mark("Pictures that were put on this machine."),
            path=path,
        )
    return entries


def archive_stem(name: str) -> str | None:
    """The name of an archive without its suffix, or None if it is no archive."""
    for suffix in sorted(ARCHIVE_SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return None


def counts_name(path: Path) -> str:
    """Where the counts of a set are kept: found again without reading it."""
    with contextlib.suppress(OSError):
        stat = os.stat(path)
        size = 0 if path.is_dir() else stat.st_size
        return f"{cache.make_fingerprint('counts', path.resolve(), size, stat.st_mtime_ns)}-counts.json"
    return f"{cache.make_fingerprint('counts', path)}-counts.json"


def _slug(stem: str) -> str:
    return re.sub(r"\W+", "_", unicodedata.normalize("NFC", stem).lower()).strip("_") or "pictures"
