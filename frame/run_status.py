"""Where a run stands: its place in line, what is being done at this moment, or how it ended."""

from typing import Any

import streamlit as st

from frame.recorded import show_recorded, show_replay_bar
from frame.replay import is_replayed
from frame.services import get_engine, owner
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
    """A bar with Stop beside it while it goes on, and what else must be known of the run."""
    replayed = is_replayed(run.id)
    stoppable = run.active and not replayed and run.owner == owner()
    bar, button = st.columns([8, 1], vertical_alignment="bottom") if stoppable else (st.container(), None)
    engine = get_engine()
    epochs = [event for event in events if event["event"] == "epoch"]
    with bar:
        if run.status == QUEUED:
            st.progress(0.0, _waiting_text(engine.position(run.id), engine.expected_wait(run.id)))
        elif run.active:
            _progress_bar(epochs, engine.progress(run.id), replayed)
        else:
            _end_bar(run, epochs, events)
    if button is not None:
        button.button(_("Stop"), key="stop", on_click=engine.cancel, args=(run.id,), width="stretch")
    if replayed:
        show_replay_bar(run)
    elif run.recorded:
        show_recorded(run)
    elif run.active and run.is_copy:
        st.markdown(_("Someone else has started the same run. It is computed once, and you both see it."))
    if run.active and not replayed and (trouble := engine.trouble(run.id)):
        st.error(plain(retold(trouble)))
    if run.error and not replayed:
        (st.error if run.status == "failed" else st.warning)(plain(_error_text(run, events)))
    for note in {note: None for event in events for note in event.get("notes", [])}:
        st.markdown(plain(retold(note)))


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


def _progress_bar(epochs: list[dict[str, Any]], step: dict[str, Any] | None, replayed: bool) -> None:
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
    st.progress(share, text)


def _end_bar(run: Run, epochs: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    before, after = _ENDS[run.status]
    if not epochs:
        st.progress(0.0, _(before))
        return
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
    st.progress(1.0 if finished else last["epoch"] / last["num_epochs"], f"{text}.")


def _error_text(run: Run, events: list[dict[str, Any]]) -> str:
    last = events[-1] if events else {}
    if last.get("reason") != TIME_LIMIT:
        return retold(run.error)
    return _(
        "The run took longer than a run may take here, {minutes:g} minutes, and was stopped. "
        "Choose fewer images or fewer epochs.",
        minutes=last["limit_seconds"] / 60,
    )
