"""A folder of pictures on this machine."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tl_core.data.images import HEAD_BYTES, MAX_FILE_BYTES, content_reason
from tl_core.data.layout import Found, is_hidden, name_reason
from tl_core.errors import DataError
from tl_core.language import _

MAX_FILES = 2_000_000
MAX_DEPTH = 8
STAMP_DEPTH = 2  # train/cat is as deep as class folders lie
MAX_STAMPED = 2_000


class Unread(bytes):
    """Stands for a file that could not be opened: b'', and a hint that it may be readable another time."""


class Entry(NamedTuple):
    parts: tuple[str, ...]
    num_bytes: int
    modified_ns: int


def walk(folder: Path) -> list[Entry]:
    """Every file that is not hidden, sorted by name. Links are followed, each folder once. Raises `DataError`."""
    entries: list[Entry] = []
    visited: set[str] = set()

    def visit(path: str, parts: tuple[str, ...]) -> None:
        real = os.path.realpath(path)
        if real in visited or len(parts) > MAX_DEPTH:
            return
        visited.add(real)
        with os.scandir(path) as children:
            for child in children:
                if is_hidden([child.name]):
                    continue
                if child.is_dir():
                    visit(child.path, (*parts, child.name))
                elif child.is_file():  # not a pipe or a device, which would block
                    stat = child.stat()
                    entries.append(Entry((*parts, child.name), stat.st_size, stat.st_mtime_ns))
                if len(entries) > MAX_FILES:
                    raise DataError(
                        _("'{name}' holds more than {max_files:,} files.", name=folder.name, max_files=MAX_FILES)
                    )

    try:
        visit(str(folder), ())
    except OSError as error:
        raise DataError(
            _("The folder '{name}' cannot be read: {strerror}.", name=folder.name, strerror=error.strerror)
        ) from None
    return sorted(entries)


def scan(folder: Path, entries: Sequence[Entry]) -> Iterator[Found]:
    """Look at the name and the first bytes of each file."""
    for entry in entries:
        ref = "/".join(entry.parts)
        reason = name_reason(entry.parts)
        if not reason and entry.num_bytes > MAX_FILE_BYTES:
            reason = f"it is larger than {MAX_FILE_BYTES // 2**20} MB"
        if not reason:
            try:
                with open(folder / ref, "rb") as file:
                    reason = content_reason(file.read(HEAD_BYTES))
            except OSError as error:
                reason = f"it cannot be read ({error.strerror})"
        yield Found(entry.parts, ref, entry.num_bytes, reason)


def read(folder: Path, refs: Sequence[str], alive: Callable[[], None]) -> Iterator[tuple[str, bytes]]:
    """The bytes of each file; an empty `Unread` for one that cannot be opened."""
    for ref in refs:
        try:
            with open(folder / ref, "rb") as file:
                yield ref, file.read(MAX_FILE_BYTES + 1)
        except OSError:
            yield ref, Unread()


def newest_change(path: Path) -> float:
    """When files last came to a folder or went from it, in seconds since 1970; for a file, when it was written last.

    Looks at the folder and its sub-folders down to `STAMP_DEPTH` levels, at most `MAX_STAMPED` of them. 0 if it is gone.
    """
    try:
        newest = path.stat().st_mtime
        level = [str(path)] if path.is_dir() else []
    except OSError:
        return 0.0
    left = MAX_STAMPED
    for _unused in range(STAMP_DEPTH):
        below: list[str] = []
        for folder in level:
            if left <= 0:
                break
            with contextlib.suppress(OSError), os.scandir(folder) as children:
                for child in children:
                    if left > 0 and not is_hidden([child.name]) and child.is_dir():
                        left -= 1
                        newest = max(newest, child.stat().st_mtime)
                        below.append(child.path)
        level = below
    return newest
