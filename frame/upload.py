"""Uploads: received files go to the interactive worker, which alone opens them."""

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from frame import state
from frame.services import get_engine
from tl_core.data import new_upload_id
from tl_core.paths import uploads_dir

Received = list[tuple[str, UploadedFile]]  # (class name, or '' for an archive that brings its own, file)


def take(received: Received, title: str) -> dict[str, Any]:
    """Import the files as a new data set and choose it; returns `{counts, skipped}`.

    Raises `UserError` if they do not make a data set; what was there before stays as it was.
    """
    upload_id = new_upload_id()
    with tempfile.TemporaryDirectory(dir=_incoming()) as folder:
        parts = []
        for number, (class_name, file) in enumerate(received):
            # the name is kept as text for messages; only its last part may become part of a path
            path = Path(folder) / f"{number:05d}" / _safe_name(file.name)
            path.parent.mkdir()
            path.write_bytes(file.getbuffer())
            parts.append((class_name, str(path)))
        report = get_engine().ask("take_upload", timeout=300, upload_id=upload_id, parts=parts)
    st.session_state.setdefault("uploads", {})[upload_id] = title
    state.change(data=upload_id, num_images=None, distance=0.0)
    return report


def _incoming() -> Path:
    folder = uploads_dir() / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _safe_name(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1].lstrip(".").replace("\0", "")
    return last.encode()[-120:].decode(errors="ignore") or "file"
