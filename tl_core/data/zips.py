"""Zip archives from strangers. Members are read into memory, nothing is written; their names are text, never paths."""

import contextlib
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from tl_core.data.images import HEAD_BYTES, MAX_FILE_BYTES, content_reason
from tl_core.data.layout import Found, cut_entry, is_hidden, name_reason
from tl_core.errors import ArchiveError
from tl_core.language import _

MAX_ENTRIES = 200_000
MAX_TOTAL_BYTES = 4 * 2**30
MAX_RATIO = 200  # pictures hardly shrink; deflate itself reaches 1032
RATIO_FROM_BYTES = 2**20
_MAX_DIRECTORY_BYTES = 128 * 2**20
_END, _END_64, _LOCATOR_64, _ENTRY = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
_LOCAL, _DESCRIPTOR = b"PK\3\4", b"PK\7\x08"
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

    Of an archive that is cut short, the members before the damage, and a last entry that says so. Raises
    `ArchiveError` if the archive as a whole cannot be read or is made to do harm.
    """
    with _open(path) as (archive, is_whole):
        members = archive.infolist()
        _check_members(path.name, members, archive.start_dir)
        seen: set[str] = set()
        for info in members:
            parts = _parts(info)
            if info.filename.endswith("/") or is_hidden(parts):
                continue
            reason = "its name appears twice" if info.filename in seen else _reason(archive, info, parts)
            seen.add(info.filename)
            yield Found(parts, info.filename, info.file_size, reason)
        if not is_whole:
            yield cut_entry(path.name, len(seen))


def read(path: Path, refs: Sequence[str], alive: Callable[[], None]) -> Iterator[tuple[str, bytes]]:
    """The bytes of each member, in the archive's own order; b'' for one that is damaged. Raises `ArchiveError`."""
    wanted = set(refs)
    with _open(path) as (archive, _unused):
        for info in archive.infolist():
            if info.filename in wanted:
                wanted.discard(info.filename)
                yield info.filename, _read_member(archive, info, MAX_FILE_BYTES + 1)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[tuple[zipfile.ZipFile, bool]]:
    """The archive, and whether it is whole: without its directory, which lies at the end, it is read from the front."""
    with contextlib.ExitStack() as stack:
        try:
            if not _has_directory(path):
                raise zipfile.BadZipFile
            archive, is_whole = stack.enter_context(zipfile.ZipFile(path)), True
        except _DAMAGE:
            raw = stack.enter_context(open(path, "rb"))
            kept, directory = _rebuild(raw, path.name)
            if not directory:
                raise ArchiveError(
                    _(
                        "'{name}' is not a zip archive, or it is damaged from its start: copy or upload it again.",
                        name=path.name,
                    )
                ) from None
            file = io.BufferedReader(_Spliced(raw, kept, directory))
            archive, is_whole = stack.enter_context(zipfile.ZipFile(file)), False
        yield archive, is_whole


def _has_directory(path: Path) -> bool:
    """Count the entries before `ZipFile` makes an object of each. Raises `ArchiveError` if there are too many."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - 65_557)
        file.seek(start)
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) < at + 22:
            return False
        count, directory_bytes = struct.unpack_from("<HL", tail, at + 10)
        end = start + at
        if tail[max(0, at - 20) : at][:4] == _LOCATOR_64:
            file.seek(max(0, end - 76))
            record = file.read(56)
            if record[:4] == _END_64 and len(record) == 56:
                count, directory_bytes = struct.unpack_from("<QQ", record, 32)
                end -= 76
        if directory_bytes > end:
            return False
        if count > MAX_ENTRIES or directory_bytes > _MAX_DIRECTORY_BYTES:
            raise ArchiveError(_too_many(path.name))
        # ZipFile goes by the directory's bytes, not by the count, which may lie
        file.seek(end - directory_bytes)
        if file.read(directory_bytes).count(_ENTRY) > MAX_ENTRIES:
            raise ArchiveError(_too_many(path.name))
    return True


def _too_many(name: str) -> str:
    return _("'{name}' holds more than {max_entries:,} files.", name=name, max_entries=MAX_ENTRIES)


def _rebuild(file: BinaryIO, name: str) -> tuple[int, bytes]:
    """Walk from member to member as far as they are whole: where that ends, and a directory for them (b'' for none)."""
    size = file.seek(0, os.SEEK_END)
    entries: list[bytes] = []
    at, total = 0, 0
    while at < 2**32:
        file.seek(at)
        header = file.read(30)
        if len(header) < 30 or header[:4] != _LOCAL:
            break
        flags, method, when, crc, packed, unpacked, name_bytes, extra_bytes = struct.unpack("<HHLLLLHH", header[6:])
        member = file.read(name_bytes)
        start = at + 30 + name_bytes + extra_bytes
        end = start + packed
        if flags & 8 and not packed:  # sizes come behind the data, which a zip made on the fly does
            measured = _measure(file, start, MAX_TOTAL_BYTES - total) if method == zipfile.ZIP_DEFLATED else None
            if measured is None:
                break
            packed, unpacked, crc = measured
            end = start + packed
            file.seek(end)
            end += 16 if file.read(4) == _DESCRIPTOR else 12
        if end > size or len(member) < name_bytes:
            break
        if len(entries) == MAX_ENTRIES:
            raise ArchiveError(_too_many(name))
        total += unpacked
        try:
            member.decode("utf-8")
        except UnicodeError:
            flags &= ~0x800
        fields = (20, 20, flags & ~8, method, when, crc, packed, unpacked, name_bytes, 0, 0, 0, 0, 0, at)
        entries.append(struct.pack("<4sHHHHLLLLHHHHHLL", _ENTRY, *fields) + member)
        at = end
    directory = b"".join(entries)
    count = min(len(entries), 65_535)
    last = struct.pack("<4sHHHHLLH", _END, 0, 0, count, count, len(directory), at, 0)
    return at, directory + last if entries else b""


def _measure(file: BinaryIO, start: int, limit: int) -> tuple[int, int, int] | None:
    """Unpack a member to learn its packed and unpacked bytes and its check sum; None if it is not whole."""
    file.seek(start)
    decoder = zlib.decompressobj(-15)
    packed = unpacked = crc = 0
    chunk = b""
    try:
        while not decoder.eof:
            chunk = decoder.unconsumed_tail or file.read(2**16)
            if not chunk or unpacked > limit:
                return None
            packed += len(chunk) - len(decoder.unconsumed_tail)
            data = decoder.decompress(chunk, 2**20)
            unpacked += len(data)
            crc = zlib.crc32(data, crc)
    except zlib.error:
        return None
    return packed - len(decoder.unused_data), unpacked, crc


class _Spliced(io.RawIOBase):
    """The first `kept` bytes of a file and then `tail`, as one file."""

    def __init__(self, file: BinaryIO, kept: int, tail: bytes) -> None:
        self._file, self._kept, self._tail, self._at = file, kept, tail, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._kept + len(self._tail)}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:
        if self._at < self._kept:
            self._file.seek(self._at)
            data = self._file.read(min(len(buffer), self._kept - self._at))
        else:
            data = self._tail[self._at - self._kept :][: len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _check_members(name: str, members: Sequence[zipfile.ZipInfo], directory_start: int) -> None:
    if sum(info.file_size for info in members) > MAX_TOTAL_BYTES:
        raise ArchiveError(_("'{name}' is larger than {n} GB when unpacked.", name=name, n=MAX_TOTAL_BYTES // 2**30))
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveError(_("'{name}' is not safe to read: files in it lie one over the other.", name=name))
        end = info.header_offset + 30 + info.compress_size
    if end > directory_start:
        raise ArchiveError(_("'{name}' is damaged: a file in it reaches beyond its end.", name=name))


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
    return content_reason(_read_member(archive, info, HEAD_BYTES))


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    try:
        with archive.open(info) as file:
            return file.read(limit)
    except (*_DAMAGE, zlib.error):
        return b""
