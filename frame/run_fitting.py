"""Over- and underfitting on the page: in a sentence, live and at the end, and as marks in the curves."""

from html import escape
from typing import Any

import streamlit as st

from frame.glossary import tell
from tl_core.figures import CurveMark
from tl_core.fitting import Fitting, contradiction, judge, switch_epoch
from tl_core.fitting_words import mark_words, say_contradiction, say_fitting
from tl_core.language import _


def fitting_of(events: list[dict[str, Any]]) -> Fitting | None:
    """What the recorded events say so far; None before there are any."""
    started = next((event for event in events if event["event"] == "started"), None)
    if started is None:
        return None
    trainable = sum(layer["num_trainable"] for layer in started["layers"])
    over = any(event["event"] == "finished" for event in events)
    return judge(epochs_of(events), started["num_train"], started["num_val"], trainable, over=over)


def marks_of(events: list[dict[str, Any]], metric: str) -> tuple[CurveMark, ...]:
    """What is marked in the curves of 'loss' or 'accuracy'."""
    marks = []
    switch = switch_epoch(epochs_of(events))
    if switch is not None:
        started = next(event for event in events if event["event"] == "started")
        frozen = any(layer["state"] == "frozen" for layer in started["layers"])
        words = _("from here more layers train") if frozen else _("from here all layers train")
        marks.append(CurveMark(switch, words, line=True))
    fitting = fitting_of(events)
    words_at = mark_words(fitting) if fitting else None
    if words_at is not None and words_at[1] == metric:
        marks.append(CurveMark(fitting.since, words_at[0]))
    return tuple(marks)


def fitting_now(events: list[dict[str, Any]]) -> str:
    """The sentence of a run that has no result, '' until there is something to name."""
    fitting = fitting_of(events)
    return say_fitting(fitting, over=False) if fitting is not None else ""


def show_fitting_now(events: list[dict[str, Any]]) -> None:
    """A screen reader says it when it comes."""
    text = fitting_now(events)
    if not any(event["event"] == "finished" for event in events):
        st.html(f'<p role="status" style="min-height:3em;margin:0">{escape(text)}</p>')


def show_fitting_result(events: list[dict[str, Any]], started: dict[str, Any], finished: dict[str, Any]) -> None:
    """The sentence of a finished run, and one more if held-out and test images contradict each other."""
    tell(say_fitting(fitting_of(events)))
    interval = finished["test_accuracy_low"], finished["test_accuracy_high"]
    found = contradiction(epochs_of(events), started["num_val"], finished["test_accuracy"], interval)
    if found is not None:
        tell(say_contradiction(found))


def epochs_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == "epoch"]
