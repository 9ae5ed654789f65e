"""What the interactive lane answers: everything about pictures that a page needs, so that the pages themselves decode none."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tl_core.data import describe, import_upload, thumbnails
from tl_core.errors import DataError
from tl_core.paths import uploads_dir


def take_upload(upload_id: str, parts: list[tuple[str, str]]) -> dict[str, Any]:
    """Import received files, (class name or '', path) each, and delete them; counts per class and what was skipped.

    Raises `DataError` if they do not make a data set that can be trained on; then nothing of them is kept.
    """
    paths = [(class_name, Path(path)) for class_name, path in parts]
    folder = uploads_dir() / upload_id
    try:
        report = import_upload(paths, folder)
        describe(upload_id)
    except DataError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        for _, path in paths:
            path.unlink(missing_ok=True)
    return {
        "counts": report.counts,
        "skipped": [{"name": name, "reason": reason} for name, reason in report.skipped],
    }


def measure(**args: Any) -> dict[str, Any]:
    """See `tl_core.similarity.measure`; torch is imported only when this is asked."""
    from tl_core.similarity import measure

    return measure(**args)


QUESTIONS: dict[str, Callable[..., Any]] = {
    "describe": describe,
    "thumbnails": thumbnails,
    "measure": measure,
    "take_upload": take_upload,
}
