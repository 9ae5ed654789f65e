"""Whose runs are on a class's board: written when a run is submitted, read as rows when it has ended."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection, Row

from tl_core.class_tables import MEMBERS, RUNS, hold
from tl_core.classes import Classes
from tl_core.errors import RunNotFound
from tl_core.experiment import Experiment
from tl_core.store import Store

FINISHED = "finished"  # the event that a result comes with
MOST_RUNS = 5_000  # on one board


@dataclass(frozen=True)
class BoardRow:
    """A finished run of a class. Says nothing by which the run itself could be opened.

    - `number`: of the run in the class, from 1; `member`: of the person; `nickname`: None where the teacher hides it.
    - `num_images`: used to learn from, training and validation together; accuracies are 0..1; `seconds` of training.
    - `ended`: seconds since 1970; `hidden`: the teacher took it off the board.
    """

    number: int
    member: int
    nickname: str | None
    experiment: Experiment
    num_images: int
    accuracy: float
    low: float
    high: float
    epochs: int
    seconds: float
    ended: float
    hidden: bool


class ClassRuns:
    """The runs of all classes. What a finished run says is read once and kept; who is asking is the caller's to check."""

    def __init__(self, classes: Classes, store: Store):
        self.classes = classes
        self.store = store
        self._kept: dict[str, BoardRow | None] = {}  # by run id; None: over without a result
        self._lock = threading.Lock()

    def note(self, run_id: str, owner: str) -> bool:
        """Put a run that its owner has just submitted on the board of his class; False if he is in none, or not its owner."""
        now = self.classes.membership(owner)
        if now is None:
            return False
        try:
            if self.store.get_run(run_id).owner != owner:
                return False
        except RunNotFound:
            return False
        found, member = now
        with self.classes.begin() as connection:
            hold(connection, found.id)
            if connection.scalar(select(RUNS.c.run_id).where(RUNS.c.run_id == run_id)) is not None:
                return True
            last = connection.scalar(select(func.max(RUNS.c.number)).where(RUNS.c.class_id == found.id)) or 0
            if last >= MOST_RUNS:
                return False
            values = {"class_id": found.id, "member_id": member.id, "number": last + 1, "hidden": False}
            connection.execute(insert(RUNS).values(run_id=run_id, **values))
        return True

    def board(self, class_id: str) -> tuple[list[BoardRow], int]:
        """The finished runs in the order of their numbers, hidden ones included, and how many are not over yet."""
        with self.classes.begin() as connection:
            rows = _rows(connection, class_id)
        self._read([row.run_id for row in rows])
        board = []
        going_on = 0
        for row in rows:
            if row.run_id not in self._kept:
                going_on += 1
            elif (found := self._kept[row.run_id]) is not None:
                nickname = None if row.name_hidden else row.nickname
                board.append(
                    replace(found, number=row.number, member=row.member, nickname=nickname, hidden=row.run_hidden)
                )
        return board, going_on

    def _read(self, run_ids: Sequence[str]) -> None:
        """Read the result of those that have ended since."""
        with self._lock:
            for run_id in [run_id for run_id in run_ids if run_id not in self._kept]:
                try:
                    run = self.store.get_run(run_id)
                except RunNotFound:  # deleted since the list was read
                    self._kept[run_id] = None
                    continue
                if run.active:
                    continue
                events = {event["event"]: event for event in self.store.events(run_id)}
                finished = events.get(FINISHED)
                self._kept[run_id] = _result(run.experiment, run.ended, events) if finished is not None else None


def _result(experiment: dict[str, Any], ended: float | None, events: dict[str, dict[str, Any]]) -> BoardRow:
    started, finished = events["started"], events[FINISHED]
    return BoardRow(
        number=0,
        member=0,
        nickname=None,
        experiment=Experiment.from_json(experiment),
        num_images=started["num_train"] + started["num_val"],
        accuracy=finished["test_accuracy"],
        low=finished["test_accuracy_low"],
        high=finished["test_accuracy_high"],
        epochs=events["epoch"]["epoch"] if "epoch" in events else 0,
        seconds=finished["seconds"],
        ended=ended or 0.0,
        hidden=False,
    )


def _rows(connection: Connection, class_id: str) -> Sequence[Row]:
    query = select(
        RUNS.c.run_id,
        RUNS.c.number,
        RUNS.c.hidden.label("run_hidden"),
        MEMBERS.c.number.label("member"),
        MEMBERS.c.nickname,
        MEMBERS.c.hidden.label("name_hidden"),
    )
    query = query.join(MEMBERS, MEMBERS.c.id == RUNS.c.member_id).where(RUNS.c.class_id == class_id)
    return connection.execute(query.order_by(RUNS.c.number)).all()


def shown(rows: Sequence[BoardRow]) -> list[BoardRow]:
    """Those that the teacher has not hidden."""
    return [row for row in rows if not row.hidden]
