"""The shelf is looked at every few seconds, so that a folder or archive put there appears without a click."""

import functools
import os
import time

from frame import wake
from frame.services import forget_catalogue, get_catalogue
from tl_core import paths
from tl_core.data.catalogue import archive_stem

EVERY = 5.0  # seconds


def watch_shelf() -> None:
    """Draw the page again when the list of names has changed; draws nothing itself. Call it before the catalogue is read."""
    now = int(time.monotonic() / EVERY)
    shown = shelf_names()
    if _names_at(now) == shown:
        shown = _names_at(now)  # one and the same for all pages that are open
    catalogued = {entry.path.name for entry in get_catalogue().values() if entry.path is not None}
    if catalogued != shown:
        forget_catalogue()
    if _names_at(now) != shown:
        _names_at.cache_clear()  # or the page would be drawn again until they are looked up
    wake.when(lambda: _names_at(int(time.monotonic() / EVERY)) != shown, EVERY)


@functools.lru_cache(maxsize=1)
def _names_at(_moment: int) -> frozenset[str]:
    """Looked up once for all who ask within a moment."""
    return shelf_names()


def shelf_names() -> frozenset[str]:
    """Names of the folders and archives on the shelf; empty if there is none."""
    try:
        with os.scandir(paths.data_dir()) as children:
            return frozenset(child.name for child in children if _is_set(child))
    except OSError:
        return frozenset()


def _is_set(child: os.DirEntry) -> bool:
    return not child.name.startswith((".", "_")) and (child.is_dir() or archive_stem(child.name) is not None)
