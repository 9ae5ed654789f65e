"""Zip archives from strangers. Members are read into memory, nothing is written; their names are text, never paths."""

import os
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tl_core.data.images import HEAD_BYTES, MAX_FILE_BYTES, looks_like_image
from tl_core.data.layout import Found, is_hidden, name_reason
from tl_core.errors import ArchiveError

MAX_ENTRIES = 200_000
MAX_TOTAL_BYTES = 4 * 2**30
MAX_RATIO = 200  # pictures hardly shrink; deflate itself reaches 1032
RATIO_FROM_BYTES = 2**20
_MAX_DIRECTORY_BYTES = 128 * 2**20
_END, _END_64, _LOCATOR_64, _ENTRY = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
# ZipFile raises these on damaged archives; RuntimeError for a password
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    struct.error,
    NotImplementedError,
)


def scan(path: Path) -> Iterator[Found]:
    """Every member that is not hidden, with the reason if it cannot be used.

    Raises `ArchiveError` if the archive as a whole cannot be read or is made to do harm.
    """
    with _open(path) as archive:
        members = archive.infolist()
        _check_members(path.name, members, archive.start_dir)
        seen: set[str] = set()
        for info in members:
            parts = _parts(info)
            if info.is_dir() or is_hidden(parts):
                continue
            reason = "its name appears twice" if info.filename in seen else _reason(archive, info, parts)
            seen.add(info.filename)
            yield Found(parts, info.filename, info.file_size, reason)


def read(path: Path, refs: Sequence[str], alive: Callable[[], None]) -> Iterator[tuple[str, bytes]]:
    """The bytes of each member, in the archive's own order; b'' for one that is damaged. Raises `ArchiveError`."""
    wanted = set(refs)
    with _open(path) as archive:
        for info in archive.infolist():
            if info.filename in wanted:
                wanted.discard(info.filename)
                yield info.filename, _read_member(archive, info, MAX_FILE_BYTES + 1)


def _open(path: Path) -> zipfile.ZipFile:
    _check_directory(path)
    try:
        return zipfile.ZipFile(path)
    except _DAMAGE:
        raise ArchiveError(f"'{path.name}' is not a zip archive, or it is damaged: copy or upload it again.") from None


def _check_directory(path: Path) -> None:
    """Count the entries before `ZipFile` makes an object of each."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - 65_557)
        file.seek(start)
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) < at + 22:
            raise ArchiveError(f"'{path.name}' is not a zip archive, or its end is missing: copy or upload it again.")
        count, directory_bytes = struct.unpack_from("<HL", tail, at + 10)
        end = start + at
        if tail[max(0, at - 20) : at][:4] == _LOCATOR_64:
            file.seek(max(0, end - 76))
            record = file.read(56)
            if record[:4] == _END_64 and len(record) == 56:
                count, directory_bytes = struct.unpack_from("<QQ", record, 32)
                end -= 76
        if count > MAX_ENTRIES or directory_bytes > _MAX_DIRECTORY_BYTES:
            raise ArchiveError(_too_many(path.name))
        # ZipFile goes by the directory's bytes, not by the count, which may lie
        file.seek(max(0, end - directory_bytes))
        if file.read(directory_bytes).count(_ENTRY) > MAX_ENTRIES:
            raise ArchiveError(_too_many(path.name))


def _too_many(name: str) -> str:
    return f"'{name}' holds more than {MAX_ENTRIES:,} files."


def _check_members(name: str, members: Sequence[zipfile.ZipInfo], directory_start: int) -> None:
    if sum(info.file_size for info in members) > MAX_TOTAL_BYTES:
        raise ArchiveError(f"'{name}' is larger than {MAX_TOTAL_BYTES // 2**30} GB when unpacked.")
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveError(f"'{name}' is not safe to read: files in it lie one over the other.")
        end = info.header_offset + 30 + info.compress_size
    if end > directory_start:
        raise ArchiveError(f"'{name}' is damaged: a file in it reaches beyond its end.")


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    name = info.filename
    if not info.flag_bits & 0x800:  # not marked as UTF-8, which many programs write all the same
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    name = name.replace("\\", "/")
    return (
        ("..", name) if name.startswith("/") else tuple(part for part in re.split("/+", name) if part not in ("", "."))
    )


def _reason(archive: zipfile.ZipFile, info: zipfile.ZipInfo, parts: Sequence[str]) -> str:
    if reason := name_reason(parts):
        return reason
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link"
    if info.flag_bits & 1:
        return "it is protected by a password"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed in a way that is not read here"
    if info.file_size > MAX_FILE_BYTES:
        return f"it is larger than {MAX_FILE_BYTES // 2**20} MB"
    if info.file_size > RATIO_FROM_BYTES and info.file_size > MAX_RATIO * info.compress_size:
        return f"it unpacks to more than {MAX_RATIO} times its size, which no picture does"
    return "" if looks_like_image(_read_member(archive, info, HEAD_BYTES)) else "its content is not that of an image"


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    try:
        with archive.open(info) as file:
            return file.read(limit)
    except (*_DAMAGE, zipfile.zlib.error):
        return b""
