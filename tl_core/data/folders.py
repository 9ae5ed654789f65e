"""A folder of pictures on this machine."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tl_core.data.images import HEAD_BYTES, MAX_FILE_BYTES, content_reason
from tl_core.data.layout import Found, is_hidden, name_reason
from tl_core.errors import DataError

MAX_FILES = 2_000_000
MAX_DEPTH = 8


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
                    raise DataError(f"'{folder.name}' holds more than {MAX_FILES:,} files.")

    try:
        visit(str(folder), ())
    except OSError as error:
        raise DataError(f"The folder '{folder.name}' cannot be read: {error.strerror}.") from None
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
    """The bytes of each file; b'' for one that cannot be read."""
    for ref in refs:
        try:
            with open(folder / ref, "rb") as file:
                yield ref, file.read(MAX_FILE_BYTES + 1)
        except OSError:
            yield ref, b""
