"""Tar archives from strangers: plain, .gz and .xz. Read in one pass, in their own order; nothing is written."""

import contextlib
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from tl_core.data.images import HEAD_BYTES, MAX_FILE_BYTES, looks_like_image
from tl_core.data.layout import Found, clean_text, is_hidden, name_reason
from tl_core.data.zips import MAX_ENTRIES, MAX_TOTAL_BYTES
from tl_core.errors import ArchiveError

_XZ_MEMORY = 256 * 2**20  # `xz -9` needs 65 MB to unpack
_MAX_HEADER = 2**20
_LONG_HEADERS = (*tarfile.GNU_TYPES[:2], tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_DAMAGE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError, OverflowError)


def scan(path: Path, progress: Callable[[int, int], None] | None = None) -> Iterator[Found]:
    """Every member that is not hidden, with the reason if it cannot be used.

    `progress` gets the members seen and an estimate of how many there are. Raises `ArchiveError` if the archive is cut
    short, damaged or too large.
    """
    total_bytes = 0
    file_bytes = path.stat().st_size
    seen: set[str] = set()
    for number, (member, tar, raw) in enumerate(_members(path), 1):
        if number > MAX_ENTRIES:
            raise ArchiveError(f"'{path.name}' holds more than {MAX_ENTRIES:,} files.")
        total_bytes += max(0, member.size)
        if total_bytes > MAX_TOTAL_BYTES:
            raise ArchiveError(f"'{path.name}' is larger than {MAX_TOTAL_BYTES // 2**30} GB when unpacked.")
        if progress and number % 500 == 0:
            progress(number, max(number, number * file_bytes // max(1, raw.tell())))
        parts = _parts(member.name)
        if member.isdir() or is_hidden(parts):
            continue
        reason = "its name appears twice" if member.name in seen else _reason(path, tar, member, parts)
        seen.add(member.name)
        yield Found(parts, member.name, member.size, reason)


def read(path: Path, refs: Sequence[str], alive: Callable[[], None]) -> Iterator[tuple[str, bytes]]:
    """The bytes of each member, in the archive's own order, ending at the last one asked for. Raises `ArchiveError`."""
    wanted = set(refs)
    for number, (member, tar, _) in enumerate(_members(path)):
        if number % 500 == 0:
            alive()
        if member.name in wanted:
            wanted.discard(member.name)
            yield member.name, _read_member(path, tar, member, MAX_FILE_BYTES + 1)
            if not wanted:
                return


def _members(path: Path) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile, BinaryIO]]:
    last = ""
    try:
        with open(path, "rb") as raw, contextlib.ExitStack() as stack:
            magic = raw.read(6)
            raw.seek(0)
            stream: BinaryIO = raw
            if magic == b"\xfd7zXZ\0":
                stream = _ForwardFile(io.BufferedReader(_XzReader(raw), 2**18))
            elif magic[:2] == b"\x1f\x8b":
                stream = _ForwardFile(gzip.GzipFile(fileobj=raw))
            tar = stack.enter_context(tarfile.open(fileobj=stream, mode="r:", tarinfo=_TarInfo))
            for member in tar:
                last = member.name
                yield member, tar, raw
                tar.members.clear()
    except _DAMAGE:
        raise _damaged(path, last) from None


def _damaged(path: Path, last: str) -> ArchiveError:
    what = f"is damaged or cut short at '{clean_text(last)}'" if last else "is not a tar archive, or it is damaged"
    return ArchiveError(f"'{path.name}' {what}: copy or upload it again.")


class _TarInfo(tarfile.TarInfo):
    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        # tarfile reads these headers whole into memory, whatever size they claim
        if self.size < 0 or (self.type in _LONG_HEADERS and self.size > _MAX_HEADER):
            raise tarfile.ReadError("header too large")
        return super()._proc_member(tar)


class _ForwardFile:
    """An unpacked stream as a file that can be skipped through, but not back. tarfile's own (`r|`) is half as fast."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._at += len(data)
        return data

    def tell(self) -> int:
        return self._at

    def seek(self, position: int) -> int:
        if position < self._at:
            raise tarfile.StreamError("seeking backwards")
        while self._at < position:
            if not self.read(min(position - self._at, 2**20)):
                raise EOFError
        return self._at


class _XzReader(io.RawIOBase):
    """An .xz file, unpacked as it is read, with a limit on memory that `lzma.LZMAFile` does not offer."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        while True:
            if self._decoder.eof:
                rest = (self._decoder.unused_data or self._raw.read(2**16)).lstrip(b"\0")
                if not rest:
                    return 0
                self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
                data = self._decoder.decompress(rest, len(buffer))
            elif self._decoder.needs_input:
                chunk = self._raw.read(2**16)
                if not chunk:
                    raise EOFError
                data = self._decoder.decompress(chunk, len(buffer))
            else:
                data = self._decoder.decompress(b"", len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)


def _parts(name: str) -> tuple[str, ...]:
    return ("..", name) if name.startswith("/") else tuple(part for part in name.split("/") if part not in ("", "."))


def _reason(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, parts: Sequence[str]) -> str:
    if reason := name_reason(parts):
        return reason
    if member.issym() or member.islnk():
        return "it is a link"
    if not member.isreg() or member.issparse():
        return "it is not a plain file"
    if member.size > MAX_FILE_BYTES:
        return f"it is larger than {MAX_FILE_BYTES // 2**20} MB"
    return (
        "" if looks_like_image(_read_member(path, tar, member, HEAD_BYTES)) else "its content is not that of an image"
    )


def _read_member(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, limit: int) -> bytes:
    if not member.isreg() or member.issparse():
        return b""
    limit = min(limit, member.size)
    try:
        tar.fileobj.seek(member.offset_data)  # an ExFileObject for each member takes longer than the reading
        data = tar.fileobj.read(limit)
    except _DAMAGE:
        raise _damaged(path, member.name) from None
    if len(data) < limit:
        raise _damaged(path, member.name)
    return data
