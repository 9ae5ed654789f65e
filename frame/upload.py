"""Uploads: received files go to the interactive worker, which alone opens them, and out of the server's memory."""

import gc
import secrets
import shutil
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from frame.services import get_engine
from tl_core.data.uploads import DISK_FULL, is_full
from tl_core.engine.questions import Question
from tl_core.errors import DataError
from tl_core.language import _
from tl_core.paths import uploads_dir

Received = list[tuple[str, UploadedFile]]  # (class name, or '' for an archive or a folder's file, which brings its own)

PICTURES = [
    "jpg",
    "jpeg",
    "png",
    "webp",
    "bmp",
    "gif",
]  # what a browser offers to choose; the content is checked by itself
COLLECT_AFTER = 2.0  # seconds after an import: the script runs that saw the files are over then


@dataclass
class Import:
    """Pictures on their way into the set `upload_id`."""

    upload_id: str
    question: Question
    started: float = field(default_factory=time.monotonic)

    def seconds_left(self) -> float | None:
        """An estimate, once there is something to go by."""
        passed = time.monotonic() - self.started
        if self.question.progress is None or passed < 2:
            return None
        _doing, done, total = self.question.progress
        return passed / done * (total - done) if done else None


def begin_import(received: Received, upload_id: str, owner: str, title: str, must_exist: bool = False) -> Import:
    """Hand the files over; they are deleted as soon as the pictures are in, or cannot be, whatever happens.

    `must_exist`: the set is there already, so that one deleted meanwhile is not made anew. Raises `DataError` if the files
    cannot be written.
    """
    folder = uploads_dir() / "incoming" / secrets.token_hex(8)
    try:
        parts = _write(received, folder)
        question = get_engine().begin(
            "add_pictures", upload_id=upload_id, parts=parts, owner=owner, title=title, must_exist=must_exist
        )
    except OSError as error:
        _clean_up(folder)
        raise DataError(disk_sentence(error)) from None
    except BaseException:
        _clean_up(folder)
        raise
    finally:
        forget(file for _class, file in received)
    question.future.add_done_callback(lambda _future: _clean_up(folder))
    return Import(upload_id, question)


def _write(received: Received, folder: Path) -> list[tuple[str, str, str]]:
    folder.mkdir(parents=True)
    parts = []
    for number, (class_name, file) in enumerate(received):
        # the name is kept as text; only its last part may become part of a path
        path = folder / f"{number:05d}" / safe_name(file.name)
        path.parent.mkdir()
        path.write_bytes(file.getbuffer())
        parts.append((class_name, str(path), file.name))
    return parts


def disk_sentence(error: OSError) -> str:
    """What to tell of a file that could not be written."""
    if is_full(error):
        return _(DISK_FULL)
    why = error.strerror or type(error).__name__
    return _(
        "The computer that runs this page could not write to its disk ({detail}), so nothing was changed. Try again.",
        detail=why,
    )


def _clean_up(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # the server collects nothing by itself after a rerun, and the received bytes may hang in a loop of frames
    timer = threading.Timer(COLLECT_AFTER, gc.collect)
    timer.daemon = True
    timer.start()


def forget(files: Iterable[UploadedFile]) -> None:
    """Delete what the browser sent; Streamlit would keep it in memory until the visitor has gone."""
    context = get_script_run_ctx()
    if context is not None:
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def incoming() -> Path:
    """Where received files wait to be read."""
    folder = uploads_dir() / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def safe_name(name: str) -> str:
    """The last part of a file's name, as far as it can be part of a path."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].lstrip(".").replace("\0", "")
    return last.encode()[-120:].decode(errors="ignore") or "file"
