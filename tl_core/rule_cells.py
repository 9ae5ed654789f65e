"""The cells of the map of who won: runs that differ in recipe and seed only, from the recorded study and from this machine."""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tl_core.cases import CUSTOM, Case, Thresholds, recommend
from tl_core.data.dial import POSITIONS, position, position_name
from tl_core.language import _, mark
from tl_core.paths import ASSETS
from tl_core.store import EventRow, RunRow, Store
from tl_core.study import read_header, read_rows
from tl_core.verdicts import Verdict, winner

Similarity = tuple[float, float, float]  # value, low and high end of its interval, each 0..1
Row = Mapping[str, Any]

# Sets of the study need not be on this machine, so their names in words are kept here.
SET_TITLES = {
    "animal_kinds": mark("Kinds of animals"),
    "things": mark("Things"),
    "textures10_128": mark("Textures"),
    "cifar_animals": mark("CIFAR animals"),
    "flowers5_128": mark("Flowers"),
    "digits": mark("Digits"),
    "wolves": mark("Drawn wolves"),
    "flowers": mark("Drawn flowers"),
}
DIAL_SHORT = (mark("as it is"), mark("2×2 tiles"), mark("4×4 tiles"), mark("8×8 tiles"), mark("8×8 + colours"))
# An experiment with one of these is a recipe of its own, which cannot be compared with another's.
OWN_SETTINGS = ("cut", "freeze", "init", "epochs", "seconds", "lr", "weight_decay", "batch_size", "mirror")


@dataclass(frozen=True)
class Cell:
    """Runs on the same pictures with the same network. `num_images`: images to learn from; `similarity` None if not measured."""

    data: str
    title: str
    num_images: int
    distance: float
    network: str
    similarity: Similarity | None
    rows: tuple[Row, ...]

    @property
    def key(self) -> str:
        """A short name that is the same as long as the settings are, and gives nothing away."""
        settings = f"{self.data}\0{self.num_images}\0{self.distance:g}\0{self.network}"
        return hashlib.sha256(settings.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """'Flowers, 4 × 4 tiles'."""
        return f"{self.title}, {position_name(self.distance)}" if position(self.distance) else self.title

    @property
    def short_name(self) -> str:
        """'Flowers, 4×4 tiles', for where there is little room."""
        return f"{self.title}, {_(DIAL_SHORT[position(self.distance)])}" if position(self.distance) else self.title

    @functools.cached_property
    def verdict(self) -> Verdict:
        return _verdict(
            tuple((row["recipe"], row["seed"], row["test_accuracy"], row.get("num_test")) for row in self.rows)
        )

    def textbook(self, thresholds: Thresholds) -> Case | None:
        """The case that the rule prescribes; None without a similarity."""
        return recommend(self.num_images, self.similarity[0], thresholds) if self.similarity else None

    def close_call(self, thresholds: Thresholds) -> bool:
        """Whether the similarity's interval reaches over the line between similar and different."""
        if self.similarity is None:
            return False
        return len({recommend(self.num_images, value, thresholds).number for value in self.similarity}) > 1


@functools.lru_cache(maxsize=8192)
def _verdict(runs: tuple[tuple, ...]) -> Verdict:
    """Kept by value, since a page that is drawn again asks for the same hundred verdicts."""
    return winner(dict(zip(("recipe", "seed", "test_accuracy", "num_test"), run, strict=True)) for run in runs)


@dataclass(frozen=True)
class Study:
    """The recorded study: its header, its rows, similarity and cut scores by network, data set and dial."""

    header: Mapping[str, Any]
    rows: tuple[Row, ...]
    gauge: Mapping[str, Any]
    cuts: Mapping[str, Any]

    def similarity(self, network: str, data: str, distance: float) -> Similarity | None:
        found = self.gauge.get(network, {}).get(data, {}).get(_dial(distance))
        return tuple(found) if found else None

    def cut_scores(self, network: str, data: str, distance: float) -> Mapping[str, float] | None:
        """Accuracy 0..1 of a new layer after each stage, by its leave-one-out score."""
        return self.cuts.get(network, {}).get(data, {}).get(_dial(distance))


def recorded(folder: Path | None = None) -> Study:
    """The study that ships with the project; an empty one where there is none. Read again when its files change.

    Raises `StudyError` if the file of rows is no study.
    """
    paths = [(folder or ASSETS) / name for name in ("study.jsonl", "study_gauge.json", "study_cuts.json")]
    return _read(*paths, *(path.stat().st_mtime_ns if path.exists() else 0 for path in paths))


@functools.lru_cache(maxsize=2)
def _read(rows: Path, gauge: Path, cuts: Path, *_times: int) -> Study:
    tables = [json.loads(path.read_text("utf-8")) if path.exists() else {} for path in (gauge, cuts)]
    if not rows.exists():
        return Study({}, (), *tables)
    return Study(read_header(rows), tuple(read_rows(rows)), *tables)


def made_here(store: Store, may_see: Callable[[str, str], bool]) -> tuple[list[Row], int]:
    """A row for each finished run in the store, and how many were left out for settings of their own.

    `may_see(data, owner)`: whether the runs of a data set, made by that owner, may be shown.
    """
    query = (
        select(RunRow, EventRow.event)
        .join(EventRow, EventRow.run_id == RunRow.id)
        .where(RunRow.status == "finished")
        .order_by(RunRow.created, EventRow.seq)
    )
    events: dict[str, dict[str, Any]] = {}
    runs: dict[str, RunRow] = {}
    with Session(store.engine) as session:
        kinds = EventRow.event["event"].as_string()
        for run, event in session.execute(query.where(kinds.in_(("started", "finished")))):
            runs[run.id] = run
            events.setdefault(run.id, {})[event["event"]] = event
        session.expunge_all()
    rows: list[Row] = []
    left_out = 0
    for run_id, run in runs.items():
        found = events[run_id]
        if len(found) < 2 or not may_see(run.experiment["data"], run.owner):
            continue
        if run.experiment["recipe"] == CUSTOM or any(run.experiment.get(name) is not None for name in OWN_SETTINGS):
            left_out += 1
            continue
        started, finished = found["started"], found["finished"]
        counts = {key: started[key] for key in ("num_train", "num_val", "num_test")}
        rows.append({
            "id": run.experiment_id, **run.experiment, **counts, "test_accuracy": finished["test_accuracy"], "here": True,
        })  # fmt: skip
    return rows, left_out


def gather(
    rows: Iterable[Row],
    similarity: Callable[[str, str, float], Similarity | None],
    title: Callable[[str], str] = lambda data: _(SET_TITLES.get(data, data)),
    recipes: Sequence[str] | None = None,
) -> list[Cell]:
    """Rows put together into cells; an experiment that was run twice counts once. `recipes`: those that take part."""
    groups: dict[tuple, dict[str, Row]] = {}
    for row in rows:
        if recipes is None or row["recipe"] in recipes:
            size = row["num_images"] or row["num_train"] + row["num_val"]
            dial = POSITIONS[position(row["distance"])]
            groups.setdefault((row["network"], row["data"], dial, size), {}).setdefault(row["id"], row)
    return [
        Cell(data, title(data), size, dial, network, similarity(network, data, dial), tuple(found.values()))
        for (network, data, dial, size), found in sorted(groups.items(), key=lambda group: group[0])
    ]


def advisor_regret(folder: Path | None = None) -> list[Row]:
    """Rows `policy`, `mean`, `low`, `high`, `num_cells`, `hit_rate` of the advisor's own check; none where there is no such."""
    path = (folder or ASSETS) / "advisor.json"
    return json.loads(path.read_text("utf-8")).get("regret", []) if path.exists() else []


def _dial(distance: float) -> str:
    return f"{POSITIONS[position(distance)]:g}"
