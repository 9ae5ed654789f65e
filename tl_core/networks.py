"""The networks as data: stage tables and what each needs. No torch in here, so that pages can draw without it.

The tables of torchvision's networks are in `assets/networks.json`, written by `python -m scripts.make_network_tables`
from the very modules that run; a test compares them again.
"""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tl_core.errors import NetworkError, known
from tl_core.language import _
from tl_core.paths import ASSETS, weights_dir


@dataclass(frozen=True)
class Stage:
    """One block of a network, as wide as a student would draw it.

    - `output_shape`: without the batch: (C, H, W) for maps, (tokens, D) for a transformer, (D,) for a vector.
    - `num_weights`: all parameters, those of BatchNorm included.
    """

    name: str
    title: str
    detects: str
    output_shape: tuple[int, ...]
    num_weights: int
    has_bn: bool


@dataclass(frozen=True)
class Network:
    """A backbone with its last fully connected layer (always the last stage)."""

    name: str
    title: str
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    stages: tuple[Stage, ...]
    early_cut: str
    trained_on: str
    num_classes: int
    accuracy: float | None
    download_mb: float
    licence: str
    source: str
    weights_file: str
    builtin: bool
    reference_advantage: float | None  # see tl_core.similarity; None where it was not measured

    @property
    def num_weights(self) -> int:
        return sum(stage.num_weights for stage in self.stages)

    @property
    def weights_path(self) -> Path:
        """Where the official weights lie, or will lie once downloaded (torchvision's own file name and folder)."""
        return (ASSETS if self.builtin else weights_dir()) / self.weights_file

    @property
    def present(self) -> bool:
        return self.weights_path.is_file()

    @property
    def bring_sentence(self) -> str:
        """How missing weights come to this machine."""
        return _(
            "They are downloaded at the first run ({mb:.0f} MB); without internet, copy {file} from a machine that has it into "
            "TL_WEIGHTS_DIR.",
            mb=self.download_mb, file=self.weights_file,
        )  # fmt: skip

    def stage(self, name: str) -> Stage:
        """The stage called `name`. Raises `NetworkError` if there is none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise NetworkError(
            _("{network}: {error}", network=_(self.title), error=known("stage", name, [s.name for s in self.stages]))
        )

    def index(self, name: str) -> int:
        return self.stages.index(self.stage(name))

    def to_json(self) -> dict[str, Any]:
        """One line of `networks --json`."""
        return {
            "name": self.name,
            "title": self.title,
            "present": self.present,
            "input_size": self.input_size,
            "num_weights": self.num_weights,
            "accuracy": self.accuracy,
            "trained_on": self.trained_on,
            "num_classes": self.num_classes,
            "download_mb": self.download_mb,
            "licence": self.licence,
            "source": self.source,
            "stages": [
                {"name": s.name, "title": s.title, "detects": s.detects, "output_shape": list(s.output_shape),
                 "num_weights": s.num_weights, "has_bn": s.has_bn}
                for s in self.stages
            ],
        }  # fmt: skip


def network_from_table(row: dict[str, Any]) -> Network:
    """A network from one row of a table in `assets/`."""
    card = row.get("card", {})  # of the network's making; see tl_core.backbones
    row = {key: value for key, value in row.items() if key != "card"}
    row["reference_advantage"] = card.get("reference_advantage")
    stages = tuple(Stage(**{**stage, "output_shape": tuple(stage["output_shape"])}) for stage in row["stages"])
    return Network(**{**row, "stages": stages, "mean": tuple(row["mean"]), "std": tuple(row["std"])})


@cache
def _load_tables(stamp: tuple[float, ...]) -> dict[str, Network]:
    tables = [json.loads(path.read_text()) for path in _table_files()]
    rows = [row for table in tables for row in (table if isinstance(table, list) else [table])]
    return {network.name: network for network in map(network_from_table, rows)}


def _table_files() -> list[Path]:
    own = sorted(ASSETS.glob("demo*.json"), key=lambda path: path.stem)
    return [*own, ASSETS / "networks.json"]


def networks() -> dict[str, Network]:
    """The catalogue, our own networks first."""
    return _load_tables(tuple(os.stat(path).st_mtime for path in _table_files()))


def presence_sentence() -> str:
    """Which networks are here, which are not, and how to bring them."""
    here = [network.title for network in networks().values() if network.present]
    missing = [
        f"{network.title} ({network.download_mb:.0f} MB)" for network in networks().values() if not network.present
    ]
    if not missing:
        return "The weights of all networks are on this machine."
    return (
        f"On this machine: {', '.join(here)}. Not yet: {', '.join(missing)}; their weights are downloaded at the first run, or "
        "ahead of it with `python -m tl_core fetch NAME`, or copied into TL_WEIGHTS_DIR from a machine that has them."
    )


def get_network(name: str) -> Network:
    """Raises `NetworkError` for a name that is not in the catalogue."""
    catalogue = networks()
    if name not in catalogue:
        raise NetworkError(known("network", name, list(catalogue)))
    return catalogue[name]
