"""How much one person may have in the queue."""

from collections.abc import Mapping, Set

from tl_core.engine.job import Job
from tl_core.errors import UserError
from tl_core.language import _

MOST_WAITING = 5  # single runs
MOST_BATCHES = 2  # races and the like
MOST_IN_A_BATCH = 40  # runs


def check_size(num_runs: int) -> None:
    """Raises `UserError` for a batch of a size that is not taken."""
    if not 0 < num_runs <= MOST_IN_A_BATCH:
        raise UserError(
            _("A batch must have from 1 to {most} runs. Received: {number:,}.", most=MOST_IN_A_BATCH, number=num_runs)
        )


def check_room(owner: str, batch: str, job_of: Mapping[str, Job], running: Set[Job]) -> None:
    """Raises `UserError` if a person may not have one more run, or batch where `batch` is not ''.

    `job_of`: of all runs that wait or run. A run that follows another person's counts like one that waits; those in
    `running` do not count.
    """
    mine = [(part, job) for run_id, job in job_of.items() if (part := job.parts[run_id]).owner == owner]
    if batch:
        batches = {part.batch for part, job in mine if part.batch and job not in running}
        if len(batches) >= MOST_BATCHES:
            raise UserError(
                _(
                    "You have {number} batches of runs waiting already. Stop one of them, or wait until one has ended.",
                    number=len(batches),
                )
            )
        return
    singles = [job for part, job in mine if not part.batch]
    waiting = len(singles) - len(running & set(singles))
    if waiting >= MOST_WAITING:
        raise UserError(
            _(
                "You have {number} runs waiting already. Stop one of them, or wait until one has ended.",
                number=waiting,
            )
        )
