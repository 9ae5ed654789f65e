"""A stamp of a data set's content: equal experiments on unequal pictures are not the same run."""

from pathlib import Path

from tl_core.data import cache, folders
from tl_core.data.catalogue import catalogue, makers
from tl_core.data.owned import UPLOAD_NAME, open_collection
from tl_core.errors import UserError


def data_stamp(spec: str) -> str:
    """20 hexadecimal digits that change with the pictures; '' where there are none (the run itself will say why).

    No picture is read: a set that is made or downloaded is known by its version or checksums, an archive by its date and
    size, a folder by those of its files.
    """
    try:
        entry = catalogue().get(spec)
        if entry is not None and entry.path is None:
            return cache.make_fingerprint("made", *makers()[spec].fingerprint_parts(spec)) if entry.present else ""
        if UPLOAD_NAME.fullmatch(spec):
            return cache.make_fingerprint("upload", open_collection(spec)[1].fingerprint)
        path = entry.path if entry is not None else Path(spec)
        if path.is_dir():
            return cache.make_fingerprint("folder", path.resolve(), *folders.walk(path))
        stat = path.stat()
        return cache.make_fingerprint("file", path.resolve(), stat.st_size, stat.st_mtime_ns)
    except (OSError, UserError):
        return ""


def is_private(spec: str) -> bool:
    """Whether the pictures are one visitor's own, so that nobody else may see a run on them."""
    return UPLOAD_NAME.fullmatch(spec) is not None
