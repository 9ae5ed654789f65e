"""Runs and their events, kept in a database (SQLite by default). What is on the screen was written here first."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, literal, or_, select, text, update
from sqlalchemy.orm import Session

from tl_core.database import is_shared, open_database
from tl_core.errors import RunNotFound
from tl_core.events import ENDINGS
from tl_core.language import _
from tl_core.paths import store_url
from tl_core.servers import is_alive, this_server
from tl_core.tables import Base, EventRow, RunRow

__all__ = [
    "ACTIVE",
    "INTERRUPTED",
    "OVER",
    "QUEUED",
    "REHEARSAL",
    "RUNNING",
    "Base",
    "EventRow",
    "Run",
    "RunRow",
    "Store",
]

QUEUED, RUNNING, INTERRUPTED = "queued", "running", "interrupted"
ACTIVE = (QUEUED, RUNNING)
OVER = (*ENDINGS, INTERRUPTED)
REHEARSAL = "rehearsal"  # owner of rehearsed runs; no visitor can have this name
MOST_RECORDS = 20  # equal runs that are looked at for one that may be used


@dataclass(frozen=True)
class Run:
    """One run as the pages see it; `created` and `ended` are seconds since 1970.

    - `recorded`: it was not computed when it was asked for: `ended` is when it was, on `hardware`.
    - `is_copy`: its numbers are those of another run of the same experiment, so they must not be counted twice.
    """

    id: str
    number: int
    experiment: dict[str, Any]
    owner: str
    status: str
    created: float
    ended: float | None
    error: str | None
    recorded: bool = False
    is_copy: bool = False
    hardware: str | None = None

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


class Store:
    """All reading and writing of runs and events. Safe to share between threads, and between processes.

    A run's events are written by the one process that executes it, and may be read by all.
    """

    def __init__(self, url: str | None = None):
        self.engine = open_database(url or store_url())
        self.mark_interrupted()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    # runs

    def add_run(
        self, run_id: str, experiment: dict[str, Any], experiment_id: str, owner: str, *, software: str | None = None,
        hardware: str | None = None, same_as: str | None = None,
    ) -> Run:  # fmt: skip
        """Write a run that waits. `same_as`: the run that is computed in its stead."""
        with self._session() as session:
            row = _add(
                session, id=run_id, experiment=experiment, experiment_id=experiment_id, owner=owner, status=QUEUED,
                created=time.time(), software=software, hardware=hardware, same_as=same_as,
            )  # fmt: skip
            return _to_run(row)

    def add_recorded(self, run_id: str, record_id: str, owner: str) -> Run:
        """Write a run that is over already: a copy of a finished one, with its events under the new id.

        Raises `RunNotFound` if that has been deleted.
        """
        with self._session() as session:
            record = _get(session, record_id)
            row = _add(
                session, id=run_id, experiment=record.experiment, experiment_id=record.experiment_id, owner=owner,
                status=record.status, created=time.time(), ended=record.ended, software=record.software,
                hardware=record.hardware, same_as=record.same_as or record.id, recorded=True,
            )  # fmt: skip
            _copy_events(session, record_id, run_id)
            return _to_run(row)

    def get_run(self, run_id: str) -> Run:
        """Raises `RunNotFound`."""
        with self._session() as session:
            return _to_run(_get(session, run_id))

    def get_runs(self, run_ids: Sequence[str]) -> list[Run]:
        """In this order. Raises `RunNotFound` if one of them is not there."""
        with self._session() as session:
            rows = {row.id: row for row in session.scalars(select(RunRow).where(RunRow.id.in_(run_ids)))}
            return [_to_run(rows[run_id] if run_id in rows else _get(session, run_id)) for run_id in run_ids]

    def list_runs(self, owner: str, limit: int = 50) -> list[Run]:
        """The owner's runs, newest first."""
        with self._session() as session:
            query = select(RunRow).where(RunRow.owner == owner).order_by(RunRow.number.desc()).limit(limit)
            return [_to_run(row) for row in session.scalars(query)]

    def set_running(self, run_id: str) -> None:
        with self._session() as session:
            session.execute(update(RunRow).where(RunRow.id == run_id, RunRow.status == QUEUED).values(status=RUNNING))

    def set_same_as(self, run_id: str, others: Sequence[str]) -> None:
        """From now on this run is the one that is computed, and the others share its numbers."""
        with self._session() as session:
            session.execute(update(RunRow).where(RunRow.id == run_id).values(same_as=None))
            session.execute(update(RunRow).where(RunRow.id.in_(others)).values(same_as=run_id))

    def mark_interrupted(self) -> int:
        """Runs whose server no longer lives are over, whatever they say; returns how many there were."""
        with self._session() as session:
            rows = session.scalars(select(RunRow).where(RunRow.status.in_(ACTIVE))).all()
            dead = [row for row in rows if not is_alive(row.server, shared=is_shared(self.engine))]
            for row in dead:
                row.status, row.ended = INTERRUPTED, time.time()
                row.error = _("The server ended while this run was going on. Start it again.")
            return len(dead)

    # a stop that is asked for on another server than the one that executes the run

    def ask_stop(self, run_id: str) -> None:
        with self._session() as session:
            query = update(RunRow).where(RunRow.id == run_id, RunRow.status.in_(ACTIVE))
            session.execute(query.values(stop_asked=True))

    def stops_asked(self) -> list[str]:
        """Ids of the active runs of this server that are to be stopped."""
        query = select(RunRow.id).where(RunRow.status.in_(ACTIVE), RunRow.server == this_server(), RunRow.stop_asked)
        with self._session() as session:
            return list(session.scalars(query))

    # records: finished runs that answer equal questions

    def set_data_stamp(self, run_ids: Sequence[str], stamp: str) -> None:
        """From now on these runs, once finished, may answer for others on the same pictures."""
        with self._session() as session:
            session.execute(update(RunRow).where(RunRow.id.in_(run_ids)).values(data_stamp=stamp))

    def find_records(
        self, experiment_id: str, stamp: str, software: str, hardware: str, owner: str | None = None
    ) -> list[Run]:
        """Finished runs of the same experiment on the same pictures, software and hardware, the best first.

        Rehearsed ones answer on any hardware: they are there for the day on which it fails. `owner`: only this person's.
        """
        query = select(RunRow).where(
            RunRow.experiment_id == experiment_id, RunRow.status == "finished", RunRow.data_stamp == stamp,
            RunRow.software == software, or_(RunRow.hardware == hardware, RunRow.owner == REHEARSAL),
        )  # fmt: skip
        if owner is not None:
            query = query.where(RunRow.owner == owner)
        query = query.order_by((RunRow.hardware == hardware).desc(), RunRow.ended.desc()).limit(MOST_RECORDS)
        with self._session() as session:
            return [_to_run(row) for row in session.scalars(query)]

    def past_runs(self, hardware: str, limit: int = 200) -> list[tuple[dict[str, Any], float]]:
        """Experiments of the last runs that went through on this hardware, with the seconds they took; oldest first."""
        kind = RunRow.status == "finished", RunRow.hardware == hardware, RunRow.same_as.is_(None)
        query = select(RunRow).where(*kind).order_by(RunRow.ended.desc()).limit(limit)
        with self._session() as session:
            runs = {row.id: row.experiment for row in session.scalars(query)}
        ends = self.endings(list(runs))
        return [(runs[run_id], ends[run_id]["seconds"]) for run_id in reversed(runs) if run_id in ends]

    # events

    def add_event(self, run_id: str, data: dict[str, Any]) -> None:
        """Write one event; an ending one also sets the run's status, in the same transaction."""
        self.add_event_to([run_id], data)

    def add_event_to(self, run_ids: Sequence[str], data: Mapping[str, Any]) -> None:
        """Write one event to several runs, all or none, each under its own id."""
        rows = [{"run_id": run_id, "seq": data["seq"], "event": {**data, "run_id": run_id}} for run_id in run_ids]
        with self._session() as session:
            session.execute(insert(EventRow), rows)
            if data["event"] in ENDINGS:
                values = {"status": data["event"], "ended": time.time(), "error": data.get("error")}
                session.execute(update(RunRow).where(RunRow.id.in_(run_ids)).values(**values))

    def copy_events(self, run_id: str, to: str) -> None:
        """Give another run all the events that this one has so far."""
        with self._session() as session:
            _copy_events(session, run_id, to)

    def next_seq(self, run_id: str) -> int:
        with self._session() as session:
            last = session.scalar(select(func.max(EventRow.seq)).where(EventRow.run_id == run_id))
            return 0 if last is None else last + 1

    def events(self, run_id: str, since: int = 0) -> list[dict[str, Any]]:
        """The run's events with `seq >= since`, in order."""
        with self._session() as session:
            query = (
                select(EventRow.event).where(EventRow.run_id == run_id, EventRow.seq >= since).order_by(EventRow.seq)
            )
            return list(session.scalars(query))

    def endings(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The last event of each of several runs, where it is an ending."""
        last = select(EventRow.run_id, func.max(EventRow.seq).label("seq"))
        last = last.where(EventRow.run_id.in_(run_ids)).group_by(EventRow.run_id).subquery()
        query = select(EventRow).join(last, (EventRow.run_id == last.c.run_id) & (EventRow.seq == last.c.seq))
        with self._session() as session:
            return {row.run_id: row.event for row in session.scalars(query) if row.event["event"] in ENDINGS}


def _add(session: Session, *, owner: str, **values: Any) -> RunRow:
    """A new row with its owner's next number, which no other process can take at the same moment."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:owner))"), {"owner": owner})
    number = select(func.coalesce(func.max(RunRow.number), literal(0)) + 1).where(RunRow.owner == owner)
    row = RunRow(number=number.scalar_subquery(), owner=owner, server=this_server(), **values)
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def _get(session: Session, run_id: str) -> RunRow:
    row = session.get(RunRow, run_id)
    if row is None:
        raise RunNotFound(
            _(
                "There is no run with this id. Received: '{value}'. It may have been deleted; start a new one.",
                value=run_id[:64],
            )
        )
    return row


def _copy_events(session: Session, run_id: str, to: str) -> None:
    query = select(EventRow.seq, EventRow.event).where(EventRow.run_id == run_id).order_by(EventRow.seq)
    rows = [{"run_id": to, "seq": seq, "event": {**event, "run_id": to}} for seq, event in session.execute(query)]
    if rows:
        session.execute(insert(EventRow), rows)


def _to_run(row: RunRow) -> Run:
    return Run(
        row.id, row.number, row.experiment, row.owner, row.status, row.created, row.ended, row.error,
        bool(row.recorded), row.same_as is not None, row.hardware,
    )  # fmt: skip
