"""What the store knows of a finished run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tl_core.experiment import Experiment


@dataclass(frozen=True)
class RunRecord:
    """What is known of a finished run. `title`, `data_title`: as on the page; `events`: all of them, as JSON."""

    title: str
    data_title: str
    events: Sequence[dict[str, Any]]

    def find(self, kind: str) -> dict[str, Any]:
        """The run's event of a kind that it has once."""
        return next(event for event in self.events if event["event"] == kind)

    @property
    def experiment(self) -> Experiment:
        return Experiment.from_json(self.find("started")["experiment"])

    @property
    def epochs(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == "epoch"]
