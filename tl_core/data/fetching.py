"""The download of a data set: all of it arrives in its place at once, or nothing does.

Below `paths.datasets_dir()`::

    NAME.lock         held while somebody works on the set
    NAME.download/    archives and `.part` files; they stay after a failure, and the next try goes on from them
    NAME.unpacking/   what the archives hold; begun anew by every try
    NAME/             the set; the other's last step is to be renamed to this one
"""

import contextlib
import json
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from tl_core import paths
from tl_core.data import torchvision_sets
from tl_core.data.torchvision_sets import COMPLETE_FILE, Archive, TorchvisionSet, folder_of, is_present
from tl_core.data.unpacking import place, unpack
from tl_core.download import DownloadError, check_digest, fetch_file, part_of, size_of
from tl_core.errors import DataError, known
from tl_core.language import _

Report = Callable[[str, int, int], None]  # what is being done, bytes so far, bytes in all

_SPARE_ROOM = 1.1
_LOCK_SECONDS = 0.2
_UNPACK_ERRORS = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error)


def fetch_dataset(name: str, report: Report = lambda doing, done, total: None) -> None:
    """Bring one of torchvision's data sets to this machine, unless it is there.

    What `report` raises ends the work, as does the end of the process; what was downloaded until then is kept, and the
    next call goes on from there. Of two calls at the same time the second waits for the first.
    `TL_DATASETS_URL` names a server of one's own, which has the files as `<name>/<file>`.
    Raises `DataError`.
    """
    row = torchvision_sets.table().get(name)
    if row is None:
        raise DataError(known("data set to download", name, list(torchvision_sets.table())))
    if is_present(name):
        return
    try:
        paths.datasets_dir().mkdir(parents=True, exist_ok=True)
        with _locked(row, report):
            if is_present(name):
                return
            _check_room(row)
            archives = _download(row, report)
            _unpack_and_place(row, archives, report)
    except DownloadError as error:
        raise DataError(_failed(row, str(error))) from error
    except OSError as error:
        raise DataError(_failed(row, error.strerror or str(error))) from error


def download_folder(name: str) -> Path:
    """Where the archives lie until the set is complete; those that were copied there by hand are not downloaded."""
    return paths.datasets_dir() / f"{name}.download"


@contextlib.contextmanager
def _locked(row: TorchvisionSet, report: Report) -> Iterator[None]:
    lock = FileLock(paths.datasets_dir() / f"{row.name}.lock")
    while True:
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
            break
        except Timeout:
            report(f"Waiting for another download of {row.title}", 0, row.num_bytes)
    try:
        yield
    finally:
        lock.release()


def _check_room(row: TorchvisionSet) -> None:
    folder = download_folder(row.name)
    here = sum(max(size_of(folder / a.file), size_of(part_of(folder / a.file))) for a in row.archives)
    shutil.rmtree(_unpacking_folder(row.name), ignore_errors=True)
    needed = (max(row.num_bytes - here, 0) + row.unpacked_mb * 10**6) * _SPARE_ROOM
    free = shutil.disk_usage(paths.datasets_dir()).free
    if free < needed:
        raise DataError(
            _(
                "{title} needs {n:,.0f} MB of room while it is unpacked, but {datasets_dir} has only {n2:,.0f} MB: make room "
                "there, or set TL_DATASETS_DIR to a folder on a larger disk.",
                title=row.title,
                n=needed / 1e6,
                datasets_dir=paths.datasets_dir(),
                n2=free / 1e6,
            )
        )


def _download(row: TorchvisionSet, report: Report) -> list[Path]:
    """All archives, whole and checked."""
    folder, done_before = download_folder(row.name), 0
    for archive in row.archives:
        path = folder / archive.file
        checking = partial(report, f"Checking {row.title}")
        if path.is_file():  # kept from a try before, or copied here by hand: not trusted until it is checked
            try:
                check_digest(path, "md5", archive.md5, checking)
            except DownloadError:
                path.unlink()

        def progress(done: int, total: int, before: int = done_before) -> None:
            report(f"Downloading {row.title}", before + done, row.num_bytes)

        if not path.is_file():
            check = partial(check_digest, algorithm="md5", expected=archive.md5, progress=checking)
            fetch_file(_url(row, archive), path, progress, check, archive.num_bytes)
        done_before += archive.num_bytes
    return [folder / archive.file for archive in row.archives]


def _url(row: TorchvisionSet, archive: Archive) -> str:
    base = os.environ.get("TL_DATASETS_URL")
    return f"{base.rstrip('/')}/{row.name}/{archive.file}" if base else archive.url


def _unpacking_folder(name: str) -> Path:
    return paths.datasets_dir() / f"{name}.unpacking"


def _unpack_and_place(row: TorchvisionSet, archives: list[Path], report: Report) -> None:
    """From archives to the set in its place; whatever a try before left behind is cleared away first."""
    from tl_core.data.torchvision_index import write_index

    root = _unpacking_folder(row.name)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    total, done_before = sum(map(size_of, archives)), 0
    try:
        for archive, path in zip(row.archives, archives, strict=True):

            def progress(done: int, _: int, before: int = done_before) -> None:
                report(f"Unpacking {row.title}", before + done, total)

            progress(0, 0)
            if archive.unpack:
                unpack(path, root / archive.folder, progress)
            else:
                place(path, root / archive.folder)
            done_before += size_of(path)
        unpacked = set(root.iterdir())
        needed = write_index(row, root, root, lambda: report(f"Checking {row.title}", total, total))
        if not needed:
            _remove(unpacked)
        (root / COMPLETE_FILE).write_text(json.dumps({"md5": [a.md5 for a in row.archives]}))
        target = folder_of(row.name)
        shutil.rmtree(target, ignore_errors=True)  # files without a mark: what is left of an older download
        root.replace(target)
    except _UNPACK_ERRORS as error:
        raise DataError(_failed(row, f"an archive cannot be unpacked: {error}")) from error
    except (RuntimeError, ValueError, KeyError, IndexError) as error:  # torchvision does not find what it expects
        raise DataError(_failed(row, f"torchvision cannot open what was unpacked: {error}")) from error
    finally:
        shutil.rmtree(root, ignore_errors=True)
    shutil.rmtree(download_folder(row.name), ignore_errors=True)


def _remove(paths_to_remove: set[Path]) -> None:
    for path in paths_to_remove:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _failed(row: TorchvisionSet, reason: str) -> str:
    files = ", ".join(archive.file for archive in row.archives)
    return _(
        "{title} ({n:,.0f} MB) could not be downloaded ({reason}): try again, which goes on where it stopped, or copy {files} "
        "to {download_folder}.",
        title=row.title,
        n=row.num_bytes / 1e6,
        reason=reason.rstrip("."),
        files=files,
        download_folder=download_folder(row.name),
    )
