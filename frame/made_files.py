"""A file that is made for a download stays until the browser has fetched it.

Streamlit makes the file of a download button when it is clicked and tells the browser its address. Nothing on a page refers to
that file, so Streamlit deletes it when the second script from then on has ended, whoever's it is: with a class at work that is
within a few hundredths of a second, at times before the browser asks for it, and the download fails.

This touches private names of Streamlit, as what is told in frame.last_words does.
"""

import time

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileMetadata

KEPT = 60.0  # seconds from when nothing refers to it


def install() -> None:
    """For every file of this server; again does nothing."""
    MediaFileMetadata.mark_for_delete = _mark
    MediaFileMetadata.is_marked_for_delete = property(_is_over)


def let_go() -> None:
    """Delete those whose time is over, as Streamlit does when a script ends."""
    if runtime.exists():
        runtime.get_instance().media_file_mgr.remove_orphaned_files()


def _mark(file: MediaFileMetadata) -> None:
    file.__dict__.setdefault("_tl_marked", time.monotonic())


def _is_over(file: MediaFileMetadata) -> bool:
    return time.monotonic() - file.__dict__.get("_tl_marked", float("inf")) > KEPT
