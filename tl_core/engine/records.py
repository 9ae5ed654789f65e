"""Answers from the store: a run that went through before need not be computed again."""

import time

from tl_core.engine.job import Part
from tl_core.engine.stamp import is_private
from tl_core.engine.weights import SAVING_SECONDS, share_weights
from tl_core.errors import RunNotFound
from tl_core.experiment import Experiment
from tl_core.paths import run_weights
from tl_core.store import Run, Store


class Records:
    """Finished runs that may answer for others on this machine as it is now."""

    def __init__(self, store: Store, software: str, hardware: str):
        self.store = store
        self.software = software
        self.hardware = hardware

    def find(self, experiment: Experiment, stamp: str, owner: str, only_own: bool = False) -> Run | None:
        """A finished run of this experiment on these very pictures, one with its weights if there is such.

        Runs on somebody's own pictures answer for that person alone. `only_own`: so do all.
        """
        if not stamp:
            return None
        only = owner if only_own or is_private(experiment.data) else None
        runs = self.store.find_records(experiment.id, stamp, self.software, self.hardware, only)
        return next((run for run in runs if run_weights(run.id).is_file()), runs[0] if runs else None)

    def answer(self, record: Run, part: Part) -> bool:
        """Write the person's run as a copy of the record; False if the record was deleted meanwhile."""
        try:
            self.store.add_recorded(part.run_id, record.id, part.owner)
        except RunNotFound:
            return False
        being_saved = time.time() - (record.ended or 0.0) < SAVING_SECONDS
        share_weights(record.id, [part.run_id], patience=SAVING_SECONDS if being_saved else 0.0)
        return True
