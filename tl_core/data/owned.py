"""Whose uploaded pictures there are: opened for their owner only, listed, and deleted when nobody used them for a day."""

import functools
import hashlib
import hmac
import re
import secrets
import shutil
from pathlib import Path

from tl_core import paths
from tl_core.data.collection import Collection, Version, gone
from tl_core.errors import DataError

UPLOAD_NAME = re.compile(r"(upload-[0-9a-f]{32})(?:\.(0|[1-9]\d{0,6}))?")
UNUSED_HOURS = 24
_STALE_SECONDS = 2 * 3600  # received files and half-built folders whose maker is gone


def new_upload_id() -> str:
    """`upload-` and 32 hexadecimal digits that nobody can guess."""
    return f"upload-{secrets.token_hex(16)}"


def owner_hash(token: str) -> str:
    """What a collection remembers of its owner's token; '' for none."""
    return hashlib.sha256(f"owner of pictures\0{token}".encode()).hexdigest() if token else ""


def open_collection(spec: str) -> tuple[Collection, Version]:
    """The collection and the version that a spec names. Whoever calls it vouches for the visitor: see `open_own`.

    Raises `DataError` if either is gone.
    """
    match = UPLOAD_NAME.fullmatch(spec)
    if match is None:
        raise gone()
    collection = Collection(paths.uploads_dir() / match[1])
    version = collection.head() if match[2] is None else collection.version(int(match[2]))
    collection.touch(version)
    return collection, version


def open_own(spec: str, owner: str) -> tuple[Collection, Version] | None:
    """The same for one visitor, by the `owner_hash`: None if it is somebody else's, or nobody's, or gone."""
    try:
        match = UPLOAD_NAME.fullmatch(spec)
        if match is None or not owner:
            return None
        if not hmac.compare_digest(Collection(paths.uploads_dir() / match[1]).owner, owner):
            return None
        return open_collection(spec)
    except DataError:
        return None


def list_own(owner: str) -> list[Collection]:
    """A visitor's collections, oldest first."""
    try:
        stamp = paths.uploads_dir().stat().st_mtime_ns
    except OSError:
        return []
    return [
        one for one in _list_all(paths.uploads_dir(), stamp) if owner and one.owner == owner and one.folder.is_dir()
    ]


@functools.lru_cache(maxsize=2)
def _list_all(folder: Path, stamp: int) -> tuple[Collection, ...]:
    """`stamp` changes when collections come or go; nothing else of what is kept here ever does."""
    found = []
    for child in folder.iterdir():
        if UPLOAD_NAME.fullmatch(child.name):
            try:
                found.append(((child / "versions" / "0.json").stat().st_mtime_ns, Collection(child)))
            except (OSError, DataError):
                continue
    return tuple(collection for _, collection in sorted(found, key=lambda pair: pair[0]))


def sweep(now: float) -> list[str]:
    """Delete what was not used for 24 hours before `now` (seconds since 1970), and what killed processes left.

    The same goes for single versions, as far as `Collection.forget_versions` lets them go.

    Returns the ids of the collections that were deleted.
    """
    deleted = []
    folder = paths.uploads_dir()
    children = list(folder.iterdir()) if folder.is_dir() else []
    incoming = folder / "incoming"
    children += incoming.iterdir() if incoming.is_dir() else []
    for child in children:
        try:
            if UPLOAD_NAME.fullmatch(child.name) and (child / "used").exists():
                if now - (child / "used").stat().st_mtime > UNUSED_HOURS * 3600:
                    Collection(child).delete()
                    deleted.append(child.name)
                else:
                    Collection(child).forget_versions(now - UNUSED_HOURS * 3600)
            elif child != incoming and now - child.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(child) if child.is_dir() else child.unlink()
        except (OSError, DataError):
            continue  # another process deleted it first
    return deleted
