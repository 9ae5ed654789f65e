"""Runs and their events, kept in a database (SQLite by default). What is on the screen was written here first."""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Integer, String, create_engine, event, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tl_core.errors import RunNotFound
from tl_core.events import ENDINGS
from tl_core.paths import home, store_url

QUEUED, RUNNING, INTERRUPTED = "queued", "running", "interrupted"
ACTIVE = (QUEUED, RUNNING)
OVER = (*ENDINGS, INTERRUPTED)


class _Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON}


class RunRow(_Base):
    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, index=True)
    experiment_id: Mapped[str] = mapped_column(String(16), index=True)
    experiment: Mapped[dict[str, Any]]
    owner: Mapped[str] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    server: Mapped[str] = mapped_column(String(128))
    created: Mapped[float] = mapped_column(Float)
    ended: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str | None]


class EventRow(_Base):
    __tablename__ = "events"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    event: Mapped[dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """One run as the pages see it; `created` and `ended` are seconds since 1970."""

    id: str
    number: int
    experiment: dict[str, Any]
    owner: str
    status: str
    created: float
    ended: float | None
    error: str | None

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


def this_server() -> str:
    """Name of this process; a run whose server is gone is known to be interrupted."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started_at(os.getpid())}"


def _started_at(pid: int) -> str:
    """When a process began, as the kernel counts it, so that a reused pid is not taken for the old process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[19]
    except OSError:
        return "0"


def _is_alive(server: str, shared: bool) -> bool:
    """Whether a server still runs. Only a `shared` store can hold runs of another machine, which answers for its own."""
    host, pid, started = server.rsplit(":", 2)
    if host != socket.gethostname():
        return shared
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _started_at(int(pid)) == started


class Store:
    """All reading and writing of runs and events. Safe to share between threads."""

    def __init__(self, url: str | None = None):
        url = url or store_url()
        if url.startswith("sqlite:///"):
            home().mkdir(parents=True, exist_ok=True)
        self.engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _set_up_sqlite)
        _Base.metadata.create_all(self.engine)
        self.mark_interrupted()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    def add_run(self, run_id: str, experiment: dict[str, Any], experiment_id: str, owner: str) -> Run:
        with self._session() as session:
            number = (session.scalar(select(func.max(RunRow.number)).where(RunRow.owner == owner)) or 0) + 1
            row = RunRow(
                id=run_id, number=number, experiment=experiment, experiment_id=experiment_id, owner=owner,
                status=QUEUED, server=this_server(), created=time.time(),
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _to_run(row)

    def get_run(self, run_id: str) -> Run:
        """Raises `RunNotFound`."""
        with self._session() as session:
            row = session.get(RunRow, run_id)
            if row is None:
                raise RunNotFound(
                    f"There is no run with this id. Received: '{run_id[:64]}'. It may have been deleted; start a new one."
                )
            return _to_run(row)

    def list_runs(self, owner: str, limit: int = 50) -> list[Run]:
        """The owner's runs, newest first."""
        with self._session() as session:
            query = select(RunRow).where(RunRow.owner == owner).order_by(RunRow.number.desc()).limit(limit)
            return [_to_run(row) for row in session.scalars(query)]

    def set_running(self, run_id: str) -> None:
        with self._session() as session:
            session.execute(update(RunRow).where(RunRow.id == run_id, RunRow.status == QUEUED).values(status=RUNNING))

    def add_event(self, run_id: str, data: dict[str, Any]) -> None:
        """Write one event; an ending one also sets the run's status, in the same transaction."""
        with self._session() as session:
            session.add(EventRow(run_id=run_id, seq=data["seq"], event=data))
            if data["event"] in ENDINGS:
                values = {"status": data["event"], "ended": time.time(), "error": data.get("error")}
                session.execute(update(RunRow).where(RunRow.id == run_id).values(**values))

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

    def mark_interrupted(self) -> int:
        """Runs whose server no longer lives are over, whatever they say; returns how many there were."""
        with self._session() as session:
            rows = session.scalars(select(RunRow).where(RunRow.status.in_(ACTIVE))).all()
            dead = [row for row in rows if not _is_alive(row.server, shared=self.engine.dialect.name != "sqlite")]
            for row in dead:
                row.status, row.ended = INTERRUPTED, time.time()
                row.error = "The server ended while this run was going on. Start it again."
            return len(dead)


def _set_up_sqlite(connection: Any, _: Any) -> None:
    """Readers do not wait for the writer, and a short wait is better than an error."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _to_run(row: RunRow) -> Run:
    return Run(row.id, row.number, row.experiment, row.owner, row.status, row.created, row.ended, row.error)
