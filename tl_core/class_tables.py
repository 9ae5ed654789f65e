"""The tables of the classes: who teaches and who learns in them, whose runs are theirs, what was guessed, who tried a PIN."""

import time

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, String, Table, Text, UniqueConstraint, update
from sqlalchemy.engine import Connection, Engine

from tl_core.tables import Base

_METADATA = Base.metadata


def _class_id(**options: bool) -> Column:
    return Column("class_id", String(32), ForeignKey("classes.id", ondelete="CASCADE"), nullable=False, **options)


CLASSES = Table(
    "classes",
    _METADATA,
    Column("id", String(32), primary_key=True),
    Column("code", String(16), nullable=False, unique=True),
    Column("title", String(80), nullable=False),
    Column("pin", String(200), nullable=False),
    Column("rules", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("used", Float, nullable=False),
)
TEACHERS = Table(
    "class_teachers",
    _METADATA,
    _class_id(primary_key=True),
    Column("owner", String(64), primary_key=True, index=True),
)
MEMBERS = Table(
    "class_members",
    _METADATA,
    Column("id", String(32), primary_key=True),
    _class_id(index=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("nickname", String(64), nullable=False),
    Column("name_key", String(200), nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("joined", Float, nullable=False),
    Column("left_at", Float),
    UniqueConstraint("class_id", "number"),
    UniqueConstraint("class_id", "owner"),
    UniqueConstraint("class_id", "name_key"),
)
RUNS = Table(
    "class_runs",
    _METADATA,
    Column("run_id", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    _class_id(index=True),
    Column("member_id", String(32), ForeignKey("class_members.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("hidden", Boolean, nullable=False),
    UniqueConstraint("class_id", "number"),
)
GUESSES = Table(
    "class_guesses",
    _METADATA,
    _class_id(primary_key=True),
    Column("member_id", String(32), ForeignKey("class_members.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("about", String(255), primary_key=True),
    Column("answer", Text, nullable=False),
    Column("made", Float, nullable=False),
)
TRIES = Table(
    "class_tries",
    _METADATA,
    Column("id", String(32), primary_key=True),
    _class_id(index=True),
    Column("owner", String(64), nullable=False),
    Column("at", Float, nullable=False),
)
_ALL = (CLASSES, TEACHERS, MEMBERS, RUNS, GUESSES, TRIES)


def make_tables(engine: Engine) -> None:
    """Make those of the tables that the database does not have yet."""
    _METADATA.create_all(engine, tables=list(_ALL))


def hold(connection: Connection, class_id: str) -> None:
    """Until this transaction ends no other one gets past here for the same class; also notes that the class is used."""
    connection.execute(update(CLASSES).where(CLASSES.c.id == class_id).values(used=time.time()))
