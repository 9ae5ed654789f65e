"""Archives with a good checksum, unpacked as torchvision does, but with progress and a way to stop."""

import gzip
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

Progress = Callable[[int, int], None]  # bytes of the archive so far, bytes in all

_CHUNK_BYTES = 1 << 20


def unpack(archive: Path, folder: Path, progress: Progress = lambda done, total: None) -> None:
    """Unpack a zip, a tar (plain or compressed), or a file that was compressed alone and then loses its `.gz`.

    `progress` is called for each file in it; what it raises ends the work half done. Raises `OSError`,
    `tarfile.TarError`, `zipfile.BadZipFile`, `EOFError` or `zlib.error` for what cannot be unpacked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".zip":
        _unpack_zip(archive, folder, progress)
    elif archive.suffix == ".gz" and not archive.stem.endswith(".tar"):
        _unpack_gz(archive, folder / archive.stem, progress)
    else:
        _unpack_tar(archive, folder, progress)


def place(file: Path, folder: Path) -> None:
    """The same file in another folder, without a second copy where the disk can do that."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, folder / file.name)
    except OSError:
        shutil.copyfile(file, folder / file.name)


def _unpack_zip(archive: Path, folder: Path, progress: Progress) -> None:
    with zipfile.ZipFile(archive) as whole:
        total, done = sum(member.compress_size for member in whole.infolist()), 0
        for member in whole.infolist():
            whole.extract(member, folder)  # keeps inside the folder by itself
            done += member.compress_size
            progress(done, total)


def _unpack_tar(archive: Path, folder: Path, progress: Progress) -> None:
    """Folders and plain files only; progress is told within large ones too (2.8 GB in the case of STL-10)."""
    total = archive.stat().st_size
    inside = folder.resolve()
    with open(archive, "rb") as raw, tarfile.open(fileobj=raw, mode="r:*") as whole:
        for member in whole:
            path = (inside / member.name).resolve()
            if not path.is_relative_to(inside):  # tarfile's own filter came with Python 3.11.4
                raise tarfile.ReadError(f"'{member.name}' would lie outside of the folder")
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif member.isreg():
                path.parent.mkdir(parents=True, exist_ok=True)
                with whole.extractfile(member) as source, open(path, "wb") as target:
                    _copy(source, target, lambda: progress(min(raw.tell(), total), total))
            progress(min(raw.tell(), total), total)


def _unpack_gz(archive: Path, path: Path, progress: Progress) -> None:
    total = archive.stat().st_size
    with open(archive, "rb") as raw, gzip.open(raw) as source, open(path, "wb") as target:
        _copy(source, target, lambda: progress(min(raw.tell(), total), total))


def _copy(source: BinaryIO, target: BinaryIO, after_each: Callable[[], None]) -> None:
    while chunk := source.read(_CHUNK_BYTES):
        target.write(chunk)
        after_each()
