"""What stands in the place of a data set that is not on this machine yet: what it is, and a button that brings it."""

import shutil

import streamlit as st

from frame.downloads import get_downloads
from frame.services import forget_catalogue
from frame.text import plain
from tl_core import paths
from tl_core.data import Entry, catalogue
from tl_core.engine.questions import Question
from tl_core.errors import Cancelled
from tl_core.language import _, mark, retold

POLL_SECONDS = 1.0
MB = 1_000_000


def download_box(entry: Entry) -> None:
    """Describe a data set that can be downloaded, start its download, and follow it; draws the page again at the end."""
    if catalogue()[entry.name].present:  # it has arrived since the page's catalogue was read
        forget_catalogue()
        st.rerun()
    with st.container(border=True, key="download_box"):
        st.subheader(_("{title} is not on this machine yet", title=plain(entry.shown_title)), anchor=False)
        st.write(plain(_(entry.description)))
        size = _("To download: {mb:,.0f} MB.", mb=entry.download_mb)
        st.write(plain(f"{_counts(entry)} {size} {free_text()}"))
        st.caption(plain(_("Licence: {licence}. Source: {source}", licence=_(entry.licence), source=_(entry.source))))
        question = get_downloads().state(entry.name)
        if question is not None and not question.future.done():
            _follow(entry, question)
        else:
            _offer(entry, question)


def _counts(entry: Entry) -> str:
    if entry.num_images is None:
        return _("Not counted yet.")
    if entry.num_classes is None:
        return _("{n:,} images.", n=entry.num_images)
    return _("{n:,} images in {classes:,} classes.", n=entry.num_images, classes=entry.num_classes)


def _offer(entry: Entry, before: Question | None) -> None:
    """The button; `before` is a download that failed or was cancelled."""
    error = before.future.exception() if before is not None else None
    if isinstance(error, Cancelled):
        st.info(_("The download was cancelled. What has arrived is kept, so it will go on from there."))
    elif error is not None:
        st.error(plain(retold(str(error))))
    failed = error is not None and not isinstance(error, Cancelled)
    st.button(
        _("Try again") if failed else _("Download ({mb:,.0f} MB)", mb=entry.download_mb),
        type="primary",
        key="download_start",
        on_click=_start,
        args=(entry.name,),
        help=_(
            "Downloaded once to the computer that runs this page, for everyone who uses it. It goes on where it was cut off."
        ),
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
            forget_catalogue()
            st.rerun()
        doing, done, total = question.progress or (mark("Waiting for the download to begin"), 0, 0)
        st.progress(
            min(done / total, 1.0) if total else 0.0,
            plain(progress_text(doing, done, total, get_downloads().speed(entry.name))),
        )
        st.button(
            _("Cancelling ...") if question.cancelled else _("Cancel"),
            key="download_cancel",
            on_click=_cancel,
            args=(entry.name,),
            disabled=question.cancelled,
            help=_("Stops the download for everyone who waits for it. What has arrived is kept."),
        )

    watch()


def progress_text(doing: str, done: int, total: int, speed: float | None) -> str:
    """'Downloading x: 12 of 162 MB, 3.4 MB/s, 44 s left'; `done` and `total` in bytes, `speed` in bytes a second."""
    doing = retold(doing)
    if not total:
        return f"{doing} ..."
    values = {"doing": doing, "done": done / MB, "total": total / MB}
    if total >= 10 * MB:
        parts = [_("{doing}: {done:,.0f} of {total:,.0f} MB", **values)]
    else:
        parts = [_("{doing}: {done:,.1f} of {total:,.1f} MB", **values)]
    if speed and done < total:
        parts.append(_("{speed:,.1f} MB/s", speed=speed / MB))
        parts.append(_("{duration} left", duration=_duration((total - done) / speed)))
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return _("{n:.0f} s", n=seconds)
    return _("{n:.0f} min", n=seconds / 60) if seconds < 5400 else _("{n:.1f} h", n=seconds / 3600)


def free_text() -> str:
    """How much room is left where data sets are kept."""
    folder = paths.datasets_dir()
    while not folder.is_dir():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / MB
    if free < 10_000:
        return _("Free on the disk: {n:,.0f} MB.", n=free)
    return _("Free on the disk: {n:,.0f} GB.", n=free / 1000)
