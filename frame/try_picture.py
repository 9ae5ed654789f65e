"""Try my picture: a finished run's network says what it takes pictures for, also while another run trains."""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from frame.places import in_place
from frame.saving import is_being_saved, wait_for_weights
from frame.services import get_catalogue, get_engine, get_events, get_store, owner
from frame.text import plain
from frame.upload import PICTURES, forget, incoming, safe_name
from tl_core.data.dial import position, position_name
from tl_core.errors import RunNotFound, UserError, WorkerDied
from tl_core.experiment import Experiment
from tl_core.language import _, retold
from tl_core.networks import get_network
from tl_core.paths import run_weights
from tl_core.store import Run

MOST_AT_ONCE = 20
MOST_SHOWN = 24  # answers kept for each run
MOST_RUNS = 4  # runs whose answers a visit keeps
AT_A_TIME = 4  # pictures in one question, so that the bar moves and other questions get their turn
NUM_TEST_PICTURES = 6
QUIET_SECONDS = 1.0  # an answer that takes longer gets a progress bar
PATIENCE = 0.5  # seconds the page waits for them before it is drawn without; small networks are saved in far less


@dataclass
class _Tried:
    """What a visitor tried with one run: thumbnails and answers, newest first, never the pictures themselves."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""
    error: str = ""
    answered: set[str] = field(default_factory=set)  # ids of files that the uploader and the camera still show
    clearings: int = 0  # a new number empties the uploader
    wants_tests: bool = False
    seed: int = 0


@in_place
def show_try_picture(run_id: str) -> None:
    """Uploader, camera, test pictures and the answers so far; nothing for a run that has not finished."""
    try:
        run = get_store().get_run(run_id)
    except RunNotFound:
        return
    if run.status != "finished":
        return
    st.subheader(_("Try my picture"), anchor=False)
    patience = time.monotonic() + PATIENCE
    while is_being_saved(run) and time.monotonic() < patience:
        time.sleep(0.05)
    if run_weights(run.id).is_file():
        _try_area(run)
    elif is_being_saved(run):
        wait_for_weights(run)
    else:
        st.markdown(_("The weights of this run are no longer kept. Run it again to try pictures with it."))


@st.fragment
def _try_area(run: Run) -> None:
    experiment = Experiment.from_json(run.experiment)
    tried = _tried_with(run.id)
    left, right = st.columns([3, 2], gap="large")
    with left:
        files = st.file_uploader(
            _("Pictures to try"),
            PICTURES,
            accept_multiple_files=True,
            key=f"try_files_{run.id}_{tried.clearings}",
            help=_(
                "One picture or several. For each, the network names the classes it finds most likely, with its confidence: "
                "how sure it is, not how right it is."
            ),
        )
        st.caption(
            _(
                "Your pictures go to the computer that runs this page and are deleted there as soon as the answer is here. "
                "Only small copies stay below, for you alone, while this page is open."
            )
        )
    with right:
        if experiment.data in get_catalogue() or run.owner == owner():  # uploaded pictures are for their owner alone
            st.button(
                _("Try a few test pictures"),
                key=f"try_tests_{run.id}",
                on_click=lambda: setattr(tried, "wants_tests", True),
                help=_(
                    "Takes {n} pictures of this run's data set that the network has never seen.", n=NUM_TEST_PICTURES
                ),
            )
        photo = None
        if st.toggle(
            _("Use the camera"), key="try_camera_on", help=_("Your browser asks before it turns the camera on.")
        ):
            photo = st.camera_input(_("Take a picture"), key=f"try_camera_{run.id}", resolution="480p")
    bar = st.empty()
    # the uploader keeps its files, since another may be on its way to it at this moment
    received = [file for file in [*files, photo] if file is not None and file.file_id not in tried.answered]
    if received:
        _answer(tried, lambda: _ask_about(received[:MOST_AT_ONCE], run.id, bar))
        if len(received) > MOST_AT_ONCE:
            tried.note = _(
                "The first {most} of {n:,} pictures were tried. Bring the others after them.",
                most=MOST_AT_ONCE, n=len(received),
            )  # fmt: skip
        tried.answered.update(file.file_id for file in received)
        forget(received)
    if tried.wants_tests:
        _answer(tried, lambda: _ask_for_tests(run.id, tried.seed, bar))
        tried.wants_tests, tried.seed = False, tried.seed + 1
    bar.empty()
    _show(run, experiment, tried)


def _tried_with(run_id: str) -> _Tried:
    every: dict[str, _Tried] = st.session_state.setdefault("tried", {})
    tried = every.pop(run_id, None) or _Tried()
    every[run_id] = tried
    while len(every) > MOST_RUNS:
        every.pop(next(iter(every)))
    return tried


def _answer(tried: _Tried, ask: Callable[[], list[dict[str, Any]]]) -> None:
    tried.note = tried.error = ""
    try:
        tried.rows = (ask() + tried.rows)[:MOST_SHOWN]
    except (UserError, WorkerDied) as error:
        tried.error = str(error)


def _ask_about(files: list[UploadedFile], run_id: str, bar: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory(dir=incoming()) as folder:
        for first in range(0, len(files), AT_A_TIME):
            pictures = []
            for number, file in enumerate(files[first : first + AT_A_TIME], start=first):
                # the name is kept as text for the page; only its last part may become part of a path
                path = Path(folder) / f"{number:02d}" / safe_name(file.name)
                path.parent.mkdir()
                path.write_bytes(file.getbuffer())
                pictures.append((_shown_name(file.name), str(path)))
            future = _pool().submit(get_engine().ask, "predict", run_id=run_id, pictures=pictures)
            rows += _wait(future, start, bar, first, len(files))
    return rows


def _ask_for_tests(run_id: str, seed: int, bar: Any) -> list[dict[str, Any]]:
    future = _pool().submit(
        get_engine().ask, "predict_test_pictures", run_id=run_id, count=NUM_TEST_PICTURES, seed=seed
    )
    return _wait(future, time.monotonic(), bar, 0, NUM_TEST_PICTURES)


def _wait(future: Future, start: float, bar: Any, done: int, total: int) -> list[dict[str, Any]]:
    """The answer; a bar appears once the visitor has waited for a moment."""
    while True:
        try:
            return future.result(0.1)
        except NotYet:
            if future.done():  # the question itself ran out of time
                raise
        waited = time.monotonic() - start
        if waited > QUIET_SECONDS:
            bar.progress(
                done / total,
                _("Trying the pictures: {done} of {total} done, {n:.0f} s.", done=done, total=total, n=waited),
            )


@st.cache_resource
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(8, thread_name_prefix="try")


def _shown_name(name: str) -> str:
    if name.startswith("camera-input-"):
        return _("camera picture")
    return name.replace("\\", "/").rsplit("/", 1)[-1][:120] or _("picture")


def _show(run: Run, experiment: Experiment, tried: _Tried) -> None:
    if tried.error:
        st.error(plain(retold(tried.error)))
    if tried.note:
        st.info(plain(tried.note))
    good = [row for row in tried.rows if not row["error"]]
    bad = [plain(retold(row["error"])) for row in tried.rows if row["error"]]
    if bad:
        st.warning("  \n".join(bad))
    if good:
        st.html(f'{_STYLE}<div class="tl-tries" role="list">{"".join(map(_tile, good))}</div>')
    started = next((event for event in get_events().of(run.id) if event["event"] == "started"), None)
    if started:
        text = _(
            "The network must choose one of its {n} classes, even for a picture that shows none of them.",
            n=len(started["classes"]),
        )
    else:
        text = _("The network must choose one of its classes, even for a picture that shows none of them.")
    size = get_network(experiment.network).input_size
    dial = f", {position_name(experiment.distance)}" if position(experiment.distance) else ""
    sees = _(
        "It sees the centre square of each picture at {size} × {size} pixels{dial}; that is what is shown. Per cent are its "
        "confidence: how sure it is, not how right it is.",
        size=size, dial=dial,
    )  # fmt: skip
    st.markdown(f"{text} {sees}")
    if tried.rows:
        st.button(_("Clear the answers"), key=f"try_clear_{run.id}", on_click=lambda: _clear(tried))


def _clear(tried: _Tried) -> None:
    tried.rows, tried.note, tried.error = [], "", ""
    tried.clearings += 1


def _tile(row: dict[str, Any]) -> str:
    name, verdict = escape(row["name"]), ""
    if "true" in row:
        right = row["true"] == row["top"][0]["label"]
        name = escape(_("test picture"))
        if right:
            verdict = f'<p class="right">{escape(_("Right: it is {name}.", name=row["true"]))}</p>'
        else:
            verdict = f'<p class="wrong">{escape(_("Wrong: it is {name}.", name=row["true"]))}</p>'
    bars = "".join(
        f"<li><span>{escape(answer['label'])}</span><b><em>: </em>{escape(percent(answer['confidence']))}</b>"
        f'<i aria-hidden="true"><i style="width:{100 * answer["confidence"]:.1f}%"></i></i></li>'
        for answer in row["top"]
    )
    alt, label = _("{name} as the network sees it", name=name), escape(_("Most likely classes, with confidence"))
    return (
        f'<figure role="listitem"><img alt="{alt}" src="data:image/png;base64,{row["png"]}">'
        f'<div><p class="name">{name}</p><ol aria-label="{label}">{bars}</ol>{verdict}</div>'
        "</figure>"
    )


def percent(share: float) -> str:
    """Whole per cent of 0..1, but never 0 or 100: no softmax is quite sure."""
    number = round(100 * share)
    if number >= 100:
        return "> 99 %"
    return f"{number} %" if number >= 1 else "< 1 %"


_STYLE = """<style>
.tl-tries { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 18px 28px; }
.tl-tries figure { display: grid; grid-template-columns: 112px 1fr; gap: 14px; margin: 0; min-width: 0; align-items: start; }
.tl-tries figure > div { min-width: 0; }
.tl-tries img { width: 112px; height: 112px; border-radius: 4px; image-rendering: pixelated; }
.tl-tries p { margin: 0; font-size: 0.85rem; line-height: 1.3; }
.tl-tries .name { opacity: 0.75; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; margin-bottom: 4px; }
.tl-tries ol { list-style: none; margin: 0; padding: 0; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
.tl-tries li { display: grid; grid-template-columns: 1fr auto; column-gap: 8px; margin: 0 0 5px; padding: 0; line-height: 1.3; }
.tl-tries li span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tl-tries li b { font-weight: 400; }
.tl-tries li em { position: absolute; width: 1px; overflow: hidden; clip-path: inset(50%); } /* for screen readers */
.tl-tries li:first-child :is(span, b) { font-weight: 600; }
.tl-tries li > i { grid-column: 1 / -1; height: 6px; border-radius: 3px; overflow: hidden;
  background: color-mix(in srgb, currentColor 12%, transparent); }
.tl-tries li > i > i { display: block; height: 100%; background: #0072B2; }
.tl-tries .wrong { font-weight: 600; }
</style>"""
