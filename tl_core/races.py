"""Races kept in the store, so that a refreshed page or another tab finds them: a table of its own beside the runs."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import JSON, Boolean, Column, Float, Integer, String, Table, func, insert, select, update

from tl_core.errors import UserError
from tl_core.language import _
from tl_core.race import Race
from tl_core.store import Base, Store

RACES = Table(
    "races",
    Base.metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("race", JSON, nullable=False),
    Column("run_ids", JSON, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("created", Float, nullable=False),
)


class RaceNotFound(UserError):
    """No race has this id."""


@dataclass(frozen=True)
class KeptRace:
    """A race that was started: `number` counts its owner's from 1, `run_ids` are in the order of `race.entries()`,
    `created` is in seconds since 1970."""

    id: str
    owner: str
    number: int
    race: Race
    run_ids: tuple[str, ...]
    stopped: bool
    created: float


class Races:
    """All races. Their ids cannot be guessed; whoever knows one may look, and who may stop it is the caller's to check."""

    def __init__(self, store: Store):
        self.engine = store.engine
        Base.metadata.create_all(self.engine, tables=[RACES])

    def add(self, race: Race, run_ids: Sequence[str], owner: str) -> str:
        """Keep a race whose runs have been submitted; returns its id (32 hexadecimal digits)."""
        race_id = uuid.uuid4().hex
        number = select(func.coalesce(func.max(RACES.c.number), 0) + 1).where(RACES.c.owner == owner).scalar_subquery()
        values = {"id": race_id, "owner": owner, "race": race.to_json(), "run_ids": list(run_ids)}
        with self.engine.begin() as connection:
            connection.execute(insert(RACES).values(number=number, stopped=False, created=time.time(), **values))
        return race_id

    def get(self, race_id: str) -> KeptRace:
        """Raises `RaceNotFound`."""
        with self.engine.begin() as connection:
            row = connection.execute(select(RACES).where(RACES.c.id == race_id)).one_or_none()
        if row is None:
            raise RaceNotFound(
                _("There is no race with this id. Received: '{id}'. Start a new one.", id=str(race_id)[:64])
            )
        return _to_race(row)

    def list(self, owner: str, limit: int = 50) -> list[KeptRace]:
        """The owner's races, newest first."""
        query = select(RACES).where(RACES.c.owner == owner).order_by(RACES.c.number.desc()).limit(limit)
        with self.engine.begin() as connection:
            return [_to_race(row) for row in connection.execute(query)]

    def set_stopped(self, race_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(RACES).where(RACES.c.id == race_id).values(stopped=True))


def _to_race(row: object) -> KeptRace:
    return KeptRace(
        row.id, row.owner, row.number, Race.from_json(row.race), tuple(row.run_ids), row.stopped, row.created
    )
