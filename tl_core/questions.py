"""What the interactive lane answers: everything about pictures that a page needs, so that the pages themselves decode none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tl_core.data import describe, import_upload, thumbnails
from tl_core.data.checkup import checkup
from tl_core.data.owned import UPLOAD_NAME
from tl_core.errors import DataError
from tl_core.language import _
from tl_core.paths import uploads_dir


def add_pictures(
    upload_id: str,
    parts: list[tuple[str, ...]],
    owner: str = "",
    title: str = "My images",
    must_exist: bool = False,
    report: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Import received files, (class name or '', path, name) each, into a collection, and delete them.

    Returns `{counts, skipped, known}`, as `tl_core.data.UploadReport`. Raises `DataError` if `upload_id` is none, and as
    `tl_core.data.import_upload` does.
    """
    received = [(class_name, Path(path), *name) for class_name, path, *name in parts]
    try:
        match = UPLOAD_NAME.fullmatch(upload_id)
        if match is None or match[2] is not None:
            raise DataError(
                _(
                    "This is not the id of a set of pictures. Received: '{upload_id}'. Start another set.",
                    upload_id=upload_id,
                )
            )
        into = uploads_dir() / upload_id
        done = import_upload(received, into, report, owner=owner, title=title, must_exist=must_exist)
    finally:
        for _unused, path, *_unused in received:
            path.unlink(missing_ok=True)
    skipped = [{"name": name, "reason": reason} for name, reason in done.skipped]
    return {"counts": done.counts, "skipped": skipped, "known": done.known}


def fetch_dataset(name: str, report: Callable[[str, int, int], None]) -> None:
    """See `tl_core.data.fetching.fetch_dataset`."""
    from tl_core.data.fetching import fetch_dataset

    fetch_dataset(name, report)


def measure(report: Callable[[str, int, int], None], **args: Any) -> dict[str, Any]:
    """See `tl_core.similarity.measure`; torch is imported only when this is asked."""
    from tl_core.similarity import measure

    return measure(**args, report=report)


def predict(**args: Any) -> list[dict[str, Any]]:
    """See `tl_core.predict.predict`."""
    from tl_core.predict import predict

    return predict(**args)


def predict_test_pictures(**args: Any) -> list[dict[str, Any]]:
    """See `tl_core.predict.predict_test_pictures`."""
    from tl_core.predict import predict_test_pictures

    return predict_test_pictures(**args)


def look_samples(**args: Any) -> list[dict[str, Any]]:
    """See `tl_core.explain.pictures.samples`."""
    from tl_core.explain.pictures import samples

    return samples(**args)


def look_receive(**args: Any) -> str:
    """See `tl_core.explain.pictures.receive`."""
    from tl_core.explain.pictures import receive

    return receive(**args)


def look_filters(**args: Any) -> dict[str, Any]:
    """See `tl_core.explain.filters.filters`."""
    from tl_core.explain.filters import filters

    return filters(**args)


def look_maps(**args: Any) -> dict[str, Any]:
    """See `tl_core.explain.feature_maps.feature_maps`."""
    from tl_core.explain.feature_maps import feature_maps

    return feature_maps(**args)


def look_search(report: Callable[[str, int, int], None], **args: Any) -> dict[str, Any]:
    """See `tl_core.explain.exciting.search`."""
    from tl_core.explain.exciting import search

    return search(**args, report=report)


def look_exciting(**args: Any) -> list[dict[str, Any]] | None:
    """See `tl_core.explain.exciting.exciting`."""
    from tl_core.explain.exciting import exciting

    return exciting(**args)


def look_where(**args: Any) -> dict[str, Any]:
    """See `tl_core.explain.grad_cam.where`."""
    from tl_core.explain.grad_cam import where

    return where(**args)


def exam(report: Callable[[str, int, int], None], **args: Any) -> dict[str, Any]:
    """See `tl_core.exam.exam`."""
    from tl_core.exam import exam

    return exam(**args, report=report)


def exam_pictures(**args: Any) -> list[str]:
    """See `tl_core.exam.exam_pictures`."""
    from tl_core.exam import exam_pictures

    return exam_pictures(**args)


def take_home(report: Callable[[str, int, int], None], **args: Any) -> dict[str, str]:
    """See `tl_core.export.take_home.take_home`."""
    from tl_core.export.take_home import take_home

    return take_home(**args, report=report)


QUESTIONS: dict[str, Callable[..., Any]] = {
    "describe": describe,
    "thumbnails": thumbnails,
    "measure": measure,
    "add_pictures": add_pictures,
    "checkup": checkup,
    "fetch_dataset": fetch_dataset,
    "predict": predict,
    "predict_test_pictures": predict_test_pictures,
    "exam": exam,
    "exam_pictures": exam_pictures,
    "take_home": take_home,
    "look_samples": look_samples,
    "look_receive": look_receive,
    "look_filters": look_filters,
    "look_maps": look_maps,
    "look_search": look_search,
    "look_exciting": look_exciting,
    "look_where": look_where,
}
# these run beside the others, and have no time-out but silence
LONG = {"fetch_dataset", "add_pictures", "take_home", "look_search", "exam"}
