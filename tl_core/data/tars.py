"""Tar archives from strangers: plain, .gz and .xz. Read in one pass, in their own order; nothing is written."""

import contextlib
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from tl_core.data.images import HEAD_BYTES, MAX_FILE_BYTES, content_reason
from tl_core.data.layout import Found, clean_text, cut_entry, is_hidden, name_reason
from tl_core.data.zips import MAX_ENTRIES, MAX_TOTAL_BYTES
from tl_core.errors import ArchiveError
from tl_core.language import _

_XZ_MEMORY = 256 * 2**20  # `xz -9` needs 65 MB to unpack
_MAX_HEADER = 2**20
_MAX_GLOBAL_HEADERS = 2**20  # tarfile keeps them all
_MAX_STREAM_BYTES = MAX_TOTAL_BYTES + 2**30  # with the headers and what pads them
_MAX_EMPTY_PARTS = 100  # .gz and .xz files may be joined; nothing goes on for ever
_GZ_WINDOW = 31  # zlib's word for "with a gzip header"
_LONG_HEADERS = (*tarfile.GNU_TYPES[:2], tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_DAMAGE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError, OverflowError, RecursionError)


def scan(path: Path, progress: Callable[[int, int], None] | None = None) -> Iterator[Found]:
    """Every member that is not hidden, with the reason if it cannot be used.

    Of an archive that is cut short, the members before the damage, and a last entry that says so. `progress` gets the
    members seen and an estimate of how many there are. Raises `ArchiveError` if nothing can be read, or over the limits.
    """
    total_bytes = 0
    file_bytes = path.stat().st_size
    seen: set[str] = set()
    last: Found | None = None  # held back until the member after it is reached: only then it is whole
    try:
        for number, (member, tar, raw) in enumerate(_members(path), 1):
            if last:
                yield last
                last = None
            if number > MAX_ENTRIES:
                raise ArchiveError(
                    _("'{name}' holds more than {max_entries:,} files.", name=path.name, max_entries=MAX_ENTRIES)
                )
            total_bytes += max(0, member.size)
            if total_bytes > MAX_TOTAL_BYTES:
                raise ArchiveError(
                    _("'{name}' is larger than {n} GB when unpacked.", name=path.name, n=MAX_TOTAL_BYTES // 2**30)
                )
            if progress and number % 500 == 0:
                progress(number, max(number, number * file_bytes // max(1, raw.tell())))
            parts = _parts(member.name)
            if member.isdir() or is_hidden(parts):
                continue
            reason = "its name appears twice" if member.name in seen else _reason(path, tar, member, parts)
            seen.add(member.name)
            last = Found(parts, member.name, member.size, reason)
    except _Damaged as damage:
        num_whole = len(seen)
        if last and not damage.last_is_whole:
            last, num_whole = None, num_whole - 1
        if num_whole < 1:
            raise
        if last:
            yield last
        yield cut_entry(path.name, num_whole)
        return
    if last:
        yield last


def read(path: Path, refs: Sequence[str], alive: Callable[[], None]) -> Iterator[tuple[str, bytes]]:
    """The bytes of each member, in the archive's own order, ending at the last one asked for. Raises `ArchiveError`."""
    wanted = set(refs)
    for number, (member, tar, _unused) in enumerate(_members(path)):
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
                stream = _ForwardFile(io.BufferedReader(_Unpacker(raw, _XzDecoder), 2**18))
            elif magic[:2] == b"\x1f\x8b":
                stream = _ForwardFile(io.BufferedReader(_Unpacker(raw, _GzDecoder), 2**18))
            tar = stack.enter_context(tarfile.open(fileobj=stream, mode="r:", tarinfo=_TarInfo))
            for member in tar:
                last = member.name
                yield member, tar, raw
                tar.members.clear()
    except _TooLong:
        raise ArchiveError(
            _("'{name}' is larger than {n} GB when unpacked.", name=path.name, n=MAX_TOTAL_BYTES // 2**30)
        ) from None
    except _DAMAGE as error:
        raise _damaged(path, last, isinstance(error, _BadHeader)) from None


class _TooLong(Exception):
    pass


class _Damaged(ArchiveError):
    """The archive ends, or makes no sense, at some point; what came before may be good."""

    last_is_whole = False  # the last member that was named


class _BadHeader(tarfile.ReadError):
    """What follows a whole member is neither another one nor the end. tarfile itself takes that for the end."""


def _damaged(path: Path, last: str, last_is_whole: bool = False) -> _Damaged:
    if last:
        values = {"name": path.name, "file": clean_text(last)}
        text = _("'{name}' is damaged or cut short at '{file}': copy or upload it again.", **values)
    else:
        text = _("'{name}' is not a tar archive, or it is damaged: copy or upload it again.", name=path.name)
    error = _Damaged(text)
    error.last_is_whole = last_is_whole
    return error


class _TarInfo(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, buf: bytes, encoding: str, errors: str) -> tarfile.TarInfo:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # a block of zeros: the end
            raise
        except tarfile.HeaderError as error:
            raise _BadHeader(str(error)) from None

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        # tarfile reads these headers whole into memory, whatever size they claim, and keeps the global ones
        if self.size < 0 or (self.type in _LONG_HEADERS and self.size > _MAX_HEADER):
            raise _BadHeader("header too large")
        if self.type == tarfile.XGLTYPE:
            tar.global_bytes = getattr(tar, "global_bytes", 0) + self.size
            if tar.global_bytes > _MAX_GLOBAL_HEADERS:
                raise _BadHeader("global headers too large")
        return super()._proc_member(tar)

    def _refuse_sparse(self, *args: object) -> tarfile.TarInfo:
        raise _BadHeader("a sparse file")  # its map has no limit, and no picture has holes

    _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse_sparse


class _ForwardFile:
    """An unpacked stream as a file that can be skipped through, but not back. tarfile's own (`r|`) is half as fast."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._at += len(data)
        if self._at > _MAX_STREAM_BYTES:
            raise _TooLong
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


class _XzDecoder:
    """One part of an .xz file, unpacked with a limit on memory that `lzma.LZMAFile` does not offer."""

    def __init__(self) -> None:
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def decode(self, more: Callable[[], bytes], size: int) -> bytes:
        return self._decoder.decompress(more() if self._decoder.needs_input else b"", size)

    def rest(self) -> bytes | None:
        return self._decoder.unused_data if self._decoder.eof else None


class _GzDecoder:
    """One part of a .gz file. `gzip.GzipFile` reads names in headers byte by byte, however long they are."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(_GZ_WINDOW)

    def decode(self, more: Callable[[], bytes], size: int) -> bytes:
        return self._decoder.decompress(self._decoder.unconsumed_tail or more(), size)

    def rest(self) -> bytes | None:
        return self._decoder.unused_data if self._decoder.eof else None


class _Unpacker(io.RawIOBase):
    """A compressed file, unpacked as it is read; several that were joined are read one after the other."""

    def __init__(self, raw: BinaryIO, make_decoder: Callable[[], _XzDecoder | _GzDecoder]) -> None:
        self._raw, self._make_decoder = raw, make_decoder
        self._decoder = make_decoder()
        self._ahead = b""
        self._num_empty = 0

    def readable(self) -> bool:
        return True

    def _more(self) -> bytes:
        data, self._ahead = self._ahead or self._raw.read(2**16), b""
        if not data:
            raise EOFError
        return data

    def readinto(self, buffer: memoryview) -> int:
        while True:
            rest = self._decoder.rest()
            if rest is not None:
                self._ahead = (rest or self._raw.read(2**16)).lstrip(b"\0")
                if not self._ahead:
                    return 0
                self._num_empty += 1
                if self._num_empty > _MAX_EMPTY_PARTS:
                    raise EOFError
                self._decoder = self._make_decoder()
            data = self._decoder.decode(self._more, len(buffer))
            if data:
                self._num_empty = 0
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
    return content_reason(_read_member(path, tar, member, HEAD_BYTES))


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
