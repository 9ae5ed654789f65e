"""The search through the data set for what excites each channel: begun once, followed with a bar, its findings asked for."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import streamlit as st

from frame.inside_answers import ask, get_searches
from frame.inside_subject import Subject
from frame.places import in_place
from frame.text import plain
from tl_core.engine.questions import Question
from tl_core.language import _, many, mark, retold

POLL_SECONDS = 0.5
DOING = {  # what the worker says it is doing, and how it is told
    "Reading the pictures": mark("Reading the pictures: {done:,} of {total:,}"),
    "Passing the pictures through the network": mark("Passing the pictures through the network: {done:,} of {total:,}"),
}


@dataclass(frozen=True)
class Search:
    """Of one side, before or after the run."""

    args: dict[str, Any]
    question: Question
    begun: float

    @property
    def found(self) -> bool:
        future = self.question.future
        return future.done() and future.exception() is None

    @property
    def error(self) -> str:
        future = self.question.future
        error = future.exception() if future.done() else None
        return retold(str(error)) if error is not None else ""

    def exciting(self, stage: str, channel: int) -> Future:
        """The pictures that excite a channel most; None if what was found has been removed since."""
        return ask("look_exciting", stamp=self.begun, stage=stage, channel=channel, **self.args)


def begin_searches(subject: Subject) -> dict[str, Search]:
    """By side; empty where there are no pictures to search."""
    if not subject.data:
        return {}
    sides = {"before": ""} if subject.has_before else {}
    if subject.run:
        sides["after"] = subject.run_id
    return {side: _begin(subject, run_id) for side, run_id in sides.items()}


def _begin(subject: Subject, run_id: str, again: bool = False) -> Search:
    args = {
        "network": "" if run_id else subject.network.name,
        "data": subject.data,
        "distance": subject.distance,
        "run_id": run_id,
    }
    question, begun = get_searches().begin(again, **args)
    return Search(args, question, begun)


def search_again(search: Search) -> None:
    """What was found is not there any more: the cache had no room for it, or the pictures have changed."""
    get_searches().begin(True, **search.args)


@in_place
def follow(searches: dict[str, Search], subject: Subject) -> None:
    """How far the searches are, always in the same height; draws the page again when they are over."""
    if not searches:
        return
    error = next((search.error for search in searches.values() if search.error), "")
    if error:
        st.warning(plain(_("The search for pictures that excite the channels failed: {error}", error=retold(error))))
        return
    if all(search.found for search in searches.values()):
        count = next(iter(searches.values())).question.future.result()["num_images"]
        text = many(
            "{number:,} picture of {title} was looked through for what excites each channel most.",
            "{number:,} pictures of {title} were looked through for what excites each channel most.",
            count,
            title=subject.data_title,
        )
        st.progress(1.0, plain(text))
        return

    @st.fragment(run_every=POLL_SECONDS)
    def watch() -> None:
        if all(search.question.future.done() for search in searches.values()):
            st.rerun()
        busy = [search.question for search in searches.values() if not search.question.future.done()]
        doing, done, total = (busy[0].progress if busy else None) or ("", 0, 1)
        text = (
            _(DOING[doing], done=done, total=total) if doing in DOING else _("The search through the pictures begins.")
        )
        over = len(searches) - len(busy)
        st.progress(min(1.0, (over + done / max(1, total)) / len(searches)), plain(text))

    watch()
