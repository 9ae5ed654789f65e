"""The learning rates of one step of a budget, from its first batch to its last."""

import math
import time

from torch.optim import Optimizer

WARM_UP = 0.1  # share of the step over which the learning rate rises to its value


class Schedule:
    """Linear warm-up, then half a cosine down to zero, by the share of the step that lies behind.

    It counts epochs or, where that is more, the time that the step has: a run that a time limit ends has come down
    from its high rates by then, as one that ends by itself (Li et al., Budgeted Training, arXiv 1905.04753).
    """

    def __init__(self, optimizer: Optimizer):
        """The highest rates are those that the optimizer's groups have now; its time has no limit."""
        self.optimizer = optimizer
        self.base_rates = [group["lr"] for group in optimizer.param_groups]
        self.limit(0.0, math.inf)

    def limit(self, start: float, end: float) -> None:
        """The time that the step has, by `time.perf_counter`."""
        self._time = start, end

    def time_share(self) -> float:
        """From 0: how much of that time has passed."""
        start, end = self._time
        return (time.perf_counter() - start) / max(end - start, 1e-3)

    def set_rates(self, done: float) -> None:
        """`done`: from 0, the share of its epochs that lies behind."""
        done = min(max(done, self.time_share()), 1.0)
        if done < WARM_UP:
            factor = max(done / WARM_UP, 0.05)
        else:
            factor = 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
        for group, rate in zip(self.optimizer.param_groups, self.base_rates, strict=True):
            group["lr"] = rate * factor
