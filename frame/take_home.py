"""Take it home: a finished run as a report, a notebook, weights or ONNX, each made in the interactive worker when asked for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import streamlit as st

from frame.places import in_place
from frame.services import get_catalogue, get_engine, get_events, owner
from frame.settings import Settings
from frame.text import plain
from tl_core.engine.questions import Question
from tl_core.errors import UserError, WorkerDied
from tl_core.experiment import Experiment
from tl_core.export.take_home import FORMS, sweep
from tl_core.language import ENGLISH, _, language, mark, retold, speaking
from tl_core.store import Run

POLL_SECONDS = 0.5
QUIET_SECONDS = 1.0  # what takes longer gets a progress bar
SILENCE = 600.0  # seconds in which a large network may be written without a word
MOST_ASKED = 12  # files of a visit that are remembered

_WORDS = {  # form: its title, the end of "Prepare ..." and what it is
    "report": (
        mark("Report"),
        mark("the report"),
        mark(
            "One page with settings, layers, curves and result. It opens in any browser, without internet, and prints on A4."
        ),
    ),
    "notebook": (
        mark("Notebook"),
        mark("the notebook"),
        mark(
            "This very run in plain PyTorch, step by step, to run and to change: a zip with the notebook and its pictures."
        ),
    ),
    "weights": (
        mark("Weights"),
        mark("the weights"),
        mark(
            "The trained network as a safetensors file, with class names and preprocessing inside. The notebook can load it."
        ),
    ),
    "onnx": (
        mark("ONNX"),
        mark("ONNX"),
        mark("The trained network for other programs, also without Python, checked against PyTorch."),
    ),
}


@dataclass
class _Asked:
    question: Question
    since: float

    @property
    def going_on(self) -> bool:
        return not self.question.future.done()


@in_place
def show_take_home(run: Run, titles: Callable[[], tuple[str, str]]) -> None:
    """The panel; nothing for a run that has not finished. `titles`: of the run and of its data, in the language spoken."""
    if run.status != "finished":
        return
    sweep(time.time())
    experiment = Experiment.from_json(run.experiment)
    public = experiment.data in get_catalogue()
    st.subheader(_("Take it home"), anchor=False)
    busy = any(asked.going_on for asked in _every(run.id).values())

    @st.fragment(run_every=POLL_SECONDS if busy else None)
    def panel() -> None:
        drawn_busy = False
        for column, form in zip(st.columns(len(FORMS), gap="medium"), FORMS, strict=True):
            with column:
                heading, _named, what = _WORDS[form]
                st.markdown(f"**{_(heading)}**")
                st.markdown(_(what))
                if form == "notebook" and not (public or run.owner == owner()):
                    st.markdown(_("The pictures are in it, so only the person who uploaded them can have it."))
                elif _form(run, form, titles, _link(experiment) if public else ""):
                    drawn_busy = True
        if busy != drawn_busy:  # what was drawn counts: the answer may have come since, and nothing would show it
            st.rerun()

    panel()


def _every(run_id: str) -> dict[tuple[str, str, str], _Asked]:
    """What was asked for of this run, by (run, form, language)."""
    return {key: asked for key, asked in _remembered().items() if key[0] == run_id}


def _remembered() -> dict[tuple[str, str, str], _Asked]:
    return st.session_state.setdefault("take_home", {})


def _link(experiment: Experiment) -> str:
    """The address of this page with the run's settings; '' where the address is not known."""
    here = urlsplit(st.context.url or "")
    if not here.netloc:
        return ""
    return f"{here.scheme}://{here.netloc}{here.path}?{urlencode(Settings(experiment, auto=False).to_query())}"


def _form(run: Run, form: str, titles: Callable[[], tuple[str, str]], link: str) -> bool:
    """One form: the button that makes it, how far that is, or the button that downloads it. True if it is being made."""

    spoken = language() if form == "report" else ENGLISH  # what is code, or read by programs, is English
    asked_for = run.id, form, spoken

    def begin() -> None:
        remembered = _remembered()
        if asked_for in remembered and remembered[asked_for].going_on:
            return  # pressed twice
        with speaking(spoken):
            title, data_title = titles()
        question = get_engine().begin(
            "take_home", run_id=run.id, form=form, title=title, data_title=data_title,
            events=get_events().of(run.id), ended=run.ended, link=link,
            language=spoken,
        )  # fmt: skip
        question.silence = SILENCE
        remembered.pop(asked_for, None)
        remembered[asked_for] = _Asked(question, time.monotonic())
        while len(remembered) > MOST_ASKED:
            del remembered[next(iter(remembered))]

    def prepare(label: str) -> None:
        st.button(label, key=f"take_{form}_{run.id}", on_click=begin)

    words = _(_WORDS[form][1])
    asked = _remembered().get(asked_for)
    if asked is None:
        prepare(_("Prepare {form}", form=words))
    elif asked.going_on:
        _progress(asked)
        return True
    elif isinstance(error := asked.question.future.exception(), UserError | WorkerDied):
        st.error(plain(retold(str(error))))
        prepare(_("Try {form} again", form=words))
    else:
        made = asked.question.future.result()
        path = Path(made["path"])
        if not path.is_file():
            prepare(_("Prepare {form} again", form=words))
            return False
        st.download_button(
            _("Download {form} ({size})", form=words, size=_size(path.stat().st_size)),
            path.read_bytes,
            f"run-{run.number}-{form}{path.suffix}",
            _MIME.get(path.suffix, "application/octet-stream"),
            key=f"take_{form}_file_{run.id}",
            on_click="ignore",
        )
        if made["note"]:
            st.markdown(plain(retold(made["note"])))
    return False


_MIME = {".html": "text/html", ".zip": "application/zip"}


def _progress(asked: _Asked) -> None:
    doing, done, total = asked.question.progress or (mark("Waiting for its turn"), 0, 1)
    waited = time.monotonic() - asked.since
    if waited < QUIET_SECONDS:
        st.markdown(_("Preparing ..."))
        return
    count = _(": {done:,} of {total:,}", done=done, total=total) if total > 1 else ""
    text = retold(doing) + count + _(", {n:.0f} s", n=waited)
    st.progress(min(1.0, done / max(1, total)), plain(text))


def _size(num_bytes: int) -> str:
    if num_bytes < 1_000_000:
        return _("{n:,} kB", n=max(1, round(num_bytes / 1000)))
    return _("{n:,.1f} MB", n=num_bytes / 1e6)
