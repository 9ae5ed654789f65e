"""A finished run's exam, picture by picture: asked once from the interactive worker for all who look at the run, and kept."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import streamlit as st

from frame.datasets import redraw_when_done
from frame.places import in_place
from frame.saving import is_being_saved, wait_for_weights
from frame.services import get_answers, get_catalogue, get_engine, owner
from frame.text import plain
from tl_core.engine.questions import Question
from tl_core.errors import UserError, WorkerDied
from tl_core.experiment import Experiment
from tl_core.language import _, mark, retold
from tl_core.mistakes import ExamAnswers
from tl_core.networks import get_network
from tl_core.paths import run_weights
from tl_core.store import Run

MOST_KEPT = 32
POLL_SECONDS = 0.4
QUIET_SECONDS = 1.0  # what takes longer gets a progress bar
LOOKING = mark("Looking at the test pictures ...")
PATIENCE = 0.4  # seconds a page waits before it is drawn without the pictures
UNASKED_PIXELS = 25_000_000  # test images x pixels that are looked at without being asked for: some seconds of work


class Exams:
    """The exams of the runs looked at last, by the run's id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Question, float]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run_id: str) -> tuple[Question, float] | None:
        """The question and when it was asked, if it was."""
        with self._lock:
            return self._kept.get(run_id)

    def ask(self, run_id: str) -> None:
        """Ask, unless it is being answered or was."""
        with self._lock:
            known = self._kept.get(run_id)
            if known is not None and not (known[0].future.done() and known[0].future.exception()):
                self._kept.move_to_end(run_id)
                return
            self._kept[run_id] = get_engine().begin("exam", run_id=run_id), time.monotonic()
            self._kept.move_to_end(run_id)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


@st.cache_resource
def get_exams() -> Exams:
    return Exams()


@in_place
def exam_of(run: Run, num_test: int) -> ExamAnswers | None:
    """The answers, or None where they are not here; then the page says why, how far they are, or offers to get them."""
    experiment = Experiment.from_json(run.experiment)
    if not (experiment.data in get_catalogue() or run.owner == owner()):
        st.markdown(_("The pictures were uploaded by somebody else, so only the counts are shown, not the pictures."))
        return None
    is_long = num_test * get_network(experiment.network).input_size ** 2 > UNASKED_PIXELS
    known = get_exams().of(run.id)
    if known is None or known[0].future.done() and known[0].future.exception() is not None:
        if not run_weights(run.id).is_file():
            if is_being_saved(run):
                wait_for_weights(run)
            else:
                st.markdown(
                    _(
                        "The weights of this run are no longer kept, so the counts are all that is left of its exam. Run it "
                        "again to see the pictures."
                    )
                )
            return None
        if known is not None:
            _failed(known[0].future.exception(), run.id)
            return None
        if is_long:
            st.button(
                _("Show the pictures"),
                key=f"exam_ask_{run.id}",
                on_click=get_exams().ask,
                args=(run.id,),
                help=_("All {n:,} test images go through the network once more, which takes a while.", n=num_test),
            )
            return None
        get_exams().ask(run.id)
        known = get_exams().of(run.id)
    try:
        return ExamAnswers.from_json(known[0].future.result(PATIENCE))
    except NotYet:
        if is_long:
            _progress(*known)
        else:
            st.markdown(_(LOOKING))
            redraw_when_done((known[0].future,))
    except (UserError, WorkerDied) as error:
        _failed(error, run.id)
    return None


def pictures_of(run: Run, answers: ExamAnswers, rows: Sequence[int]) -> Future:
    """The pictures of these test images to come, see `tl_core.exam.exam_pictures`."""
    experiment = Experiment.from_json(run.experiment)
    return get_answers().ask(
        "exam_pictures",
        spec=experiment.data,
        size=get_network(experiment.network).input_size,
        distance=experiment.distance,
        rows=tuple(int(row) for row in rows),
        fingerprint=answers.fingerprint,
    )


def ready(future: Future) -> bool:
    """Whether the answer, or why there is none, is here within `PATIENCE`."""
    try:
        future.exception(PATIENCE)
    except NotYet:
        return False
    return True


def _failed(error: Any, run_id: str) -> None:
    st.error(plain(retold(str(error))))
    st.button(_("Try again"), key=f"exam_again_{run_id}", on_click=get_exams().ask, args=(run_id,))


@st.fragment(run_every=POLL_SECONDS)
def _progress(question: Question, since: float) -> None:
    if question.future.done():
        st.rerun()
    waited = time.monotonic() - since
    if waited < QUIET_SECONDS:
        st.markdown(_(LOOKING))
        return
    doing, done, total = question.progress or (_("Waiting for its turn"), 0, 1)
    count = _(": {done:,} of {total:,}", done=done, total=total) if total > 1 else ""
    st.progress(min(1.0, done / max(1, total)), plain(retold(doing) + count + _(", {n:.0f} s", n=waited)))
