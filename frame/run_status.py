"""Where a run stands: its place in line, what is being done at this moment, or how it ended."""

from typing import Any

import streamlit as st

from frame.recorded import show_recorded, show_replay_bar
from frame.replay import is_replayed
from frame.run_fitting import epochs_of
from frame.services import get_engine
from frame.text import plain
from tl_core.engine.job import TIME_LIMIT
from tl_core.language import _, many, mark, retold
from tl_core.store import INTERRUPTED, QUEUED, Run

_ENDS = {
    "finished": (
        mark("Finished before the first epoch."),
        mark("Finished after epoch {epoch} of {num_epochs}, {time}"),
    ),
    "stopped": (mark("Stopped before the first epoch."), mark("Stopped after epoch {epoch} of {num_epochs}, {time}")),
    "failed": (mark("Failed before the first epoch."), mark("Failed after epoch {epoch} of {num_epochs}, {time}")),
    INTERRUPTED: (
        mark("Interrupted before the first epoch."),
        mark("Interrupted after epoch {epoch} of {num_epochs}, {time}"),
    ),
}


def show_status(run: Run, events: list[dict[str, Any]]) -> None:
    """A bar, and what else must be known of a run that is over or replayed."""
    replayed = is_replayed(run.id)
    st.progress(*standing(run, events, replayed))
    if replayed:
        show_replay_bar(run)
    elif run.recorded:
        show_recorded(run)
    for kind, text in lines(run, events, replayed):
        {"error": st.error, "warning": st.warning, "note": st.markdown}[kind](plain(text))


def standing(run: Run, events: list[dict[str, Any]], replayed: bool = False) -> tuple[float, str]:
    """How far it is, 0..1, and where it stands in words."""
    epochs = epochs_of(events)
    if run.status == QUEUED:
        engine = get_engine()
        return 0.0, _waiting_text(engine.position(run.id), engine.expected_wait(run.id))
    if run.active:
        share, text = _progress(epochs, None if replayed else get_engine().progress(run.id), replayed)
        if not epochs and not replayed and get_engine().so_far(run.id) is not None:  # within the first epoch
            share /= next((event["num_epochs"] for event in events if event["event"] == "started"), 1)
        return share, text
    return _end(run, epochs, events)


def lines(run: Run, events: list[dict[str, Any]], replayed: bool = False) -> list[tuple[str, str]]:
    """What else must be known: ('note', 'warning' or 'error', words)."""
    found = []
    if run.active and not replayed:
        if run.is_copy:
            text = _("Someone else has started the same run. It is computed once, and you both see it.")
            found.append(("note", text))
        if trouble := get_engine().trouble(run.id):
            found.append(("error", retold(trouble)))
    if run.error and not replayed:
        found.append(("error" if run.status == "failed" else "warning", _error_text(run, events)))
    notes = {note: None for event in events for note in event.get("notes", [])}
    return found + [("note", retold(note)) for note in notes]


def duration(seconds: float) -> str:
    """'4.2 s', '75 s', '3.5 minutes'."""
    if seconds < 10:
        return _("{seconds:.1f} s", seconds=seconds)
    if seconds < 90:
        return _("{seconds:.0f} s", seconds=seconds)
    return _("{minutes:.1f} minutes", minutes=seconds / 60)


def _waiting_text(place: int | None, seconds: float | None) -> str:
    if not place:
        return _("Waiting in line. It starts by itself.")
    if seconds is None:
        return _("Waiting: place {place} in line. It starts by itself.", place=place)
    return _("Waiting: place {place} in line, {time}. It starts by itself.", place=place, time=_about(seconds))


def _about(seconds: float) -> str:
    """A time that is only estimated, in words that do not pretend more."""
    if seconds < 10:
        return _("a few seconds")
    if seconds < 90:
        return _("about {seconds} s", seconds=round(seconds, -1))
    return many("about {number} minute", "about {number} minutes", round(seconds / 60))


def _progress(epochs: list[dict[str, Any]], step: dict[str, Any] | None, replayed: bool) -> tuple[float, str]:
    """What is being done at this moment, down to the batch."""
    if replayed:
        share, text = 0.0, _("Getting ready")
    else:
        step = step or {"doing": _("Getting ready"), "done": 0, "total": 1}
        share, text = min(1.0, step["done"] / max(1, step["total"])), retold(step["doing"])
        if step["total"] > 1:
            text = _("{doing}: {done:,} of {total:,}", doing=text, done=step["done"], total=step["total"])
    if epochs:
        last = epochs[-1]
        share = min(1.0, (last["epoch"] + (share if share < 1 else 0)) / last["num_epochs"])
        if replayed:
            text = _("Epoch {epoch} of {num_epochs}", epoch=last["epoch"], num_epochs=last["num_epochs"])
        else:
            text = _(
                "{doing}; {rate:,.0f} images per second, {time} left",
                doing=text, rate=last["images_per_second"], time=duration(last["eta_seconds"]),
            )  # fmt: skip
    return share, text


def _end(run: Run, epochs: list[dict[str, Any]], events: list[dict[str, Any]]) -> tuple[float, str]:
    before, after = _ENDS[run.status]
    if not epochs:
        return 0.0, _(before)
    last = epochs[-1]
    text = _(
        after, epoch=last["epoch"], num_epochs=last["num_epochs"], time=duration(last["elapsed_seconds"])
    )  # fmt: skip
    finished = next((event for event in events if event["event"] == "finished"), None)
    if finished:
        if last["epoch"] < last["num_epochs"]:
            text = _("{text}, since nothing improved after epoch {best}", text=text, best=finished["best_epoch"])
        right = 100 * finished["test_accuracy"]
        text = _("{text}: {share:.1f} % of the test images are right", text=text, share=right)
    return 1.0 if finished else last["epoch"] / last["num_epochs"], f"{text}."


def _error_text(run: Run, events: list[dict[str, Any]]) -> str:
    last = events[-1] if events else {}
    if last.get("reason") != TIME_LIMIT:
        return retold(run.error)
    return _(
        "The run took longer than a run may take here, {minutes:g} minutes, and was stopped. "
        "Choose fewer images or fewer epochs.",
        minutes=last["limit_seconds"] / 60,
    )
