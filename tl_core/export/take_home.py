"""A finished run as a file to take home, in one of four forms; each is made when it is asked for."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tl_core.errors import ExperimentError, RunNotFound, known
from tl_core.export.record import RunRecord
from tl_core.language import ENGLISH, LANGUAGES, _, mark, speaking
from tl_core.paths import home

FORMS = {"report": ".html", "notebook": ".zip", "weights": ".safetensors", "onnx": ".onnx"}
KEEP_SECONDS = 3600.0  # for which a file that was made can be fetched

Report = Callable[[str, int, int], None]


def exports_dir() -> Path:
    return home() / "exports"


def take_home(
    run_id: str,
    form: str,
    title: str,
    data_title: str,
    events: list[dict[str, Any]],
    ended: float | None,
    link: str,
    language: str = ENGLISH,
    report: Report = lambda doing, done, total: None,
) -> dict[str, str]:
    """Make the file: `{path, note}`, the note a sentence about it or ''. `title` .. `link`: see `RunRecord`, `report_html`.

    `language`: of the report; the other forms are English, as code is.

    Raises `ExperimentError` for an unknown form, `RunNotFound` for a bad id or a run that has not finished, `WeightsMissing`
    where the weights are gone, `DataError` or `NetworkError` where this form cannot be had.
    """
    if form not in FORMS:
        raise ExperimentError(known("form", form, list(FORMS)))
    if not re.fullmatch("[0-9a-f]{32}", run_id):
        raise RunNotFound(
            _("A run id is 32 hexadecimal digits. Received: '{value}'. Open the run again.", value=run_id[:64])
        )
    if not {"started", "finished"} <= {event["event"] for event in events}:
        raise RunNotFound(_("Only a run that has finished can be taken home. Wait until it has, or start it again."))
    sweep(time.time())
    words = f"-{language}" if form == "report" and language in LANGUAGES else ""
    path = exports_dir() / f"{run_id}{words}{FORMS[form]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part{time.monotonic_ns()}")
    try:
        with speaking(language if words else ENGLISH):
            note = _make(form, run_id, RunRecord(title, data_title, events), ended, link, temporary, report)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return {"path": str(path), "note": note}


def _make(form: str, run_id: str, record: RunRecord, ended: float | None, link: str, path: Path, report: Report) -> str:
    if form == "report":
        from tl_core.export.report import report_html

        path.write_text(report_html(record, ended, link), encoding="utf-8")
        return ""
    if form == "notebook":
        from tl_core.export.notebook_zip import write_notebook_zip

        return write_notebook_zip(record, path, report)
    from tl_core.export.kept_run import read_kept

    report(mark("Reading the weights"), 0, 1)
    kept = read_kept(run_id)
    if form == "onnx":
        from tl_core.export.onnx_file import write_onnx

        return write_onnx(kept, path, report)
    from tl_core.export.weights import write_weights

    write_weights(kept, path)
    return ""


def sweep(now: float) -> None:
    """Delete what was made more than `KEEP_SECONDS` before `now`, seconds since 1970."""
    if not exports_dir().is_dir():
        return
    for path in exports_dir().iterdir():
        try:
            if now - path.stat().st_mtime > KEEP_SECONDS:
                path.unlink()
        except FileNotFoundError:
            pass  # another was quicker
