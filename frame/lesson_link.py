"""Lesson links: an experiment, the controls to show and a text of the teacher's own, all in one address. No Streamlit in here."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from frame.settings import Settings, is_upload
from tl_core.class_rules import CONTROLS
from tl_core.experiment import Experiment
from tl_core.language import _

SHOW, TEXT = "show", "text"  # URL parameters
NONE = "none"  # shows no control at all
TEXT_LONGEST = 600  # characters
_LINES_MOST = 12
_OTHER_PARTS = {"similarity", "small", "similar", "guess", "lang", "run", "race", "join", "embed", "embed_options"}


@dataclass(frozen=True)
class Lesson:
    """`hidden`: names of `CONTROLS` that are not shown; `text`: as written, never Markdown or HTML."""

    hidden: tuple[str, ...] = ()
    text: str = ""

    def to_query(self) -> dict[str, str]:
        query = {}
        if self.hidden:
            query[SHOW] = ",".join(name for name in CONTROLS if name not in self.hidden) or NONE
        if self.text:
            query[TEXT] = self.text
        return query

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple["Lesson", list[str]]:
        """A lesson from URL parameters, and one sentence for each part that was ignored. An ordinary link is an empty lesson."""
        if SHOW not in query and TEXT not in query:
            return cls(), []
        notes = []
        hidden: tuple[str, ...] = ()
        if SHOW in query:
            names = [name.strip() for name in query[SHOW].split(",") if name.strip()][:40]
            unknown = [name for name in names if name not in CONTROLS and name != NONE]
            notes += [
                _(
                    "The link's control '{name}' was ignored: it is not one of {controls}.",
                    name=name[:40],
                    controls=", ".join(CONTROLS),
                )
                for name in unknown[:5]
            ]
            if len(unknown) < len(names):
                hidden = tuple(name for name in CONTROLS if name not in names)
        text = clean_text(query.get(TEXT, ""))
        if len(query.get(TEXT, "").strip()) > TEXT_LONGEST:
            notes.append(
                _(
                    "The link's text was cut off: it may have {most:,} characters. Received: {number:,}.",
                    most=TEXT_LONGEST,
                    number=len(query[TEXT].strip()),
                )
            )
        strange = sorted(set(query) - set(_known_parts()))
        notes += [
            _("The link's part '{name}' was ignored: it means nothing here.", name=key[:40]) for key in strange[:5]
        ]
        return cls(hidden, text), notes


def clean_text(text: str) -> str:
    """At most `TEXT_LONGEST` characters in a few lines; without control characters and what turns the direction of writing."""
    kept = []
    for character in text.replace("\r\n", "\n").strip()[:TEXT_LONGEST]:
        if character == "\n" or unicodedata.category(character)[0] != "C":
            kept.append(character)
        elif character == "\t":
            kept.append(" ")
    lines = "".join(kept).split("\n")
    return "\n".join([*lines[: _LINES_MOST - 1], " ".join(lines[_LINES_MOST - 1 :])]).strip()


def lesson_address(base: str, settings: Settings, shown: Iterable[str], text: str) -> str:
    """The link for the settings, the controls to show and the text; `base` ends with the page's name."""
    shown = set(shown)
    lesson = Lesson(tuple(name for name in CONTROLS if name not in shown), clean_text(text))
    query = settings.to_query()
    if is_upload(settings.experiment.data):  # of no use to anybody else
        query.pop("data")
    return f"{base}?{urlencode({**query, **lesson.to_query()})}"


def _known_parts() -> set[str]:
    every = Experiment(
        "x", 2, 0.5, "x", "custom", "x", "x", "random", 1, 1, 1.0, 1.0, 1.0, 2, False
    )  # names all the parameters that an experiment may have
    return {*every.to_query(), *_OTHER_PARTS, SHOW, TEXT}
