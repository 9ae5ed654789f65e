"""The data sets that have a name: built-in ones, and those on the teacher's shelf, `paths.data_dir()`."""

import contextlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tl_core import paths
from tl_core.data import cache, digits

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")


@dataclass(frozen=True)
class Entry:
    """What is known about a data set without reading it. The counts are None until it was read once."""

    name: str
    title: str
    num_classes: int | None
    num_images: int | None
    present: bool
    download_mb: float
    licence: str
    source: str
    description: str
    mirror_safe: bool = True
    path: Path | None = None

    def to_json(self) -> dict[str, Any]:
        names = ("name", "title", "num_classes", "num_images", "present", "download_mb", "licence", "source")
        return {name: getattr(self, name) for name in names}


DIGITS = Entry(
    name="digits",
    title=digits.TITLE,
    num_classes=digits.NUM_CLASSES,
    num_images=digits.NUM_IMAGES,
    present=True,
    download_mb=0.0,
    licence="CC BY 4.0",
    source="UCI Machine Learning Repository, Optical Recognition of Handwritten Digits; comes with scikit-learn",
    description="Ten handwritten digits, 8 x 8 pixels of grey.",
    mirror_safe=False,
)


def catalogue() -> dict[str, Entry]:
    """Every data set by its name: built-in ones first, then the shelf in the order of its files' names."""
    entries = {DIGITS.name: DIGITS}
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
            licence="see its owner",
            source=path.name,
            description="Pictures that were put on this machine.",
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
