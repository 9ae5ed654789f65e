"""What stands in the place of a data set that is not on this machine yet: what it is, and a button that brings it."""

import shutil

import streamlit as st

from frame.downloads import get_downloads
from frame.services import get_catalogue
from frame.text import plain
from tl_core import paths
from tl_core.data import Entry, catalogue
from tl_core.engine.questions import Question
from tl_core.errors import Cancelled

POLL_SECONDS = 1.0
MB = 1_000_000


def download_box(entry: Entry) -> None:
    """Describe a data set that can be downloaded, start its download, and follow it; draws the page again at the end."""
    if catalogue()[entry.name].present:  # it has arrived since the page's catalogue was read
        get_catalogue.clear()
        st.rerun()
    with st.container(border=True, key="download_box"):
        st.subheader(f"{plain(entry.title)} is not on this machine yet", anchor=False)
        st.write(plain(entry.description))
        st.write(plain(f"{_counts(entry)} To download: {entry.download_mb:,.0f} MB. {free_text()}"))
        st.caption(plain(f"Licence: {entry.licence}. Source: {entry.source}"))
        question = get_downloads().state(entry.name)
        if question is not None and not question.future.done():
            _follow(entry, question)
        else:
            _offer(entry, question)


def _counts(entry: Entry) -> str:
    images = f"{entry.num_images:,} images" if entry.num_images is not None else "Not counted yet"
    return f"{images} in {entry.num_classes:,} classes." if entry.num_classes is not None else f"{images}."


def _offer(entry: Entry, before: Question | None) -> None:
    """The button; `before` is a download that failed or was cancelled."""
    error = before.future.exception() if before is not None else None
    if isinstance(error, Cancelled):
        st.info("The download was cancelled. What has arrived is kept, so it will go on from there.")
    elif error is not None:
        st.error(plain(str(error)))
    failed = error is not None and not isinstance(error, Cancelled)
    st.button(
        "Try again" if failed else f"Download ({entry.download_mb:,.0f} MB)",
        type="primary",
        key="download_start",
        on_click=_start,
        args=(entry.name,),
        help="Downloaded once to the computer that runs this page, for everyone who uses it. It goes on where it was cut off.",
    )


def _start(name: str) -> None:
    get_downloads().start(name)


def _cancel(name: str) -> None:
    get_downloads().cancel(name)


def _follow(entry: Entry, question: Question) -> None:
    """Progress of a download, without drawing the rest of the page."""

    @st.fragment(run_every=POLL_SECONDS)
    def watch() -> None:
        if question.future.done():
            get_catalogue.clear()
            st.rerun()
        doing, done, total = question.progress or ("Waiting for the download to begin", 0, 0)
        st.progress(
            min(done / total, 1.0) if total else 0.0,
            plain(progress_text(doing, done, total, get_downloads().speed(entry.name))),
        )
        st.button(
            "Cancelling ..." if question.cancelled else "Cancel",
            key="download_cancel",
            on_click=_cancel,
            args=(entry.name,),
            disabled=question.cancelled,
            help="Stops the download for everyone who waits for it. What has arrived is kept.",
        )

    watch()


def progress_text(doing: str, done: int, total: int, speed: float | None) -> str:
    """'Downloading x: 12 of 162 MB, 3.4 MB/s, 44 s left'; `done` and `total` in bytes, `speed` in bytes a second."""
    if not total:
        return f"{doing} ..."
    digits = 0 if total >= 10 * MB else 1
    parts = [f"{doing}: {done / MB:,.{digits}f} of {total / MB:,.{digits}f} MB"]
    if speed and done < total:
        parts += [f"{speed / MB:,.1f} MB/s", f"{_duration((total - done) / speed)} left"]
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def free_text() -> str:
    """How much room is left where data sets are kept."""
    folder = paths.datasets_dir()
    while not folder.is_dir():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / MB
    return f"Free on the disk: {free:,.0f} MB." if free < 10_000 else f"Free on the disk: {free / 1000:,.0f} GB."
