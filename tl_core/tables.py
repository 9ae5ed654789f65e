"""The tables of runs and their events. Other rooms add theirs to the same `Base`.

A change here needs a migration in `tl_core/migrations/versions`; a test compares the two.
"""

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON}


class RunRow(Base):
    """A run of one person.

    - `data_stamp`, `software`, `hardware`: what it was computed from and on; the stamp is set when the run has gone through
      and the pictures are known not to have changed meanwhile.
    - `same_as`: the id of another person's run that was computed in its stead; None where it was computed itself.
    - `recorded`: whether it was answered from the store.
    """

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
    data_stamp: Mapped[str | None] = mapped_column(String(32))
    software: Mapped[str | None] = mapped_column(String(255))
    hardware: Mapped[str | None] = mapped_column(String(255))
    same_as: Mapped[str | None] = mapped_column(String(32))
    recorded: Mapped[bool | None]
    stop_asked: Mapped[bool | None]


class EventRow(Base):
    __tablename__ = "events"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    event: Mapped[dict[str, Any]]
