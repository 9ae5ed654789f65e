"""What the members of a class guessed before it was revealed, counted.

`kind` says what was guessed: `SIMILARITY` (0..1, as text) or another page's own word, as `"race"` (a recipe's name). `about`
is what it was guessed of, in a form that is equal for equal questions.
"""

import json
import time
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from tl_core.class_tables import GUESSES, hold
from tl_core.classes import Classes

SIMILARITY = "similarity"
MOST_ABOUT, MOST_ANSWER = 255, 80  # characters
MOST_GUESSES = 200  # of one member


@dataclass(frozen=True)
class Tally:
    """How often each answer was given to one question."""

    kind: str
    about: str
    answers: Counter[str]

    @property
    def total(self) -> int:
        return self.answers.total()


def about_similarity(data: str, network: str, distance: float) -> str:
    """The question 'how similar are these pictures to what the network knows?' as a key; see `read_about`."""
    return json.dumps([data, network, f"{distance:g}"])


def read_about(about: str) -> tuple[str, ...]:
    """What `about_similarity` was made from; `(about,)` for other questions."""
    try:
        parts = json.loads(about)
    except ValueError:
        return (about,)
    return tuple(str(part) for part in parts) if isinstance(parts, list) else (about,)


class ClassGuesses:
    """The guesses of all classes; who is asking is the caller's to check."""

    def __init__(self, classes: Classes):
        self.classes = classes

    def note(self, kind: str, about: str, answer: str, owner: str) -> bool:
        """Keep a member's first guess for each question, made before anything was revealed.

        False if the visitor is in no class, has guessed already or too often, or if the guess is too long.
        """
        now = self.classes.membership(owner)
        if now is None or len(kind) > 16 or len(about) > MOST_ABOUT or not 0 < len(answer) <= MOST_ANSWER:
            return False
        found, member = now
        mine = GUESSES.c.member_id == member.id
        one = mine & (GUESSES.c.kind == kind) & (GUESSES.c.about == about)
        with self.classes.begin() as connection:
            hold(connection, found.id)
            if connection.execute(select(GUESSES.c.answer).where(one)).first() is not None:
                return False
            if connection.scalar(select(func.count()).select_from(GUESSES).where(mine)) >= MOST_GUESSES:
                return False
            values = {"class_id": found.id, "member_id": member.id, "kind": kind, "about": about}
            connection.execute(insert(GUESSES).values(answer=answer, made=time.time(), **values))
        return True

    def tallies(self, class_id: str) -> list[Tally]:
        """One for each question, the one that was answered last first."""
        with self.classes.begin() as connection:
            query = select(GUESSES.c.kind, GUESSES.c.about, GUESSES.c.answer).where(GUESSES.c.class_id == class_id)
            rows = connection.execute(query.order_by(GUESSES.c.made.desc())).all()
        found: dict[tuple[str, str], Counter[str]] = {}
        for kind, about, answer in rows:
            found.setdefault((kind, about), Counter())[answer] += 1
        return [Tally(kind, about, answers) for (kind, about), answers in found.items()]
