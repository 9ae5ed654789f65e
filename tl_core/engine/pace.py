"""How long a run will take, from how long runs of its kind took."""

from collections import defaultdict, deque
from statistics import median

from tl_core.cases import ALL
from tl_core.experiment import Experiment
from tl_core.study import expected_work

LAST_RUNS = 20  # of a kind, whose median counts


class Pace:
    """Seconds for each unit of `tl_core.study.expected_work`, by network and by whether its frozen layers run only once."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, bool | None], deque[float]] = defaultdict(lambda: deque(maxlen=LAST_RUNS))

    def note(self, experiment: Experiment, seconds: float) -> None:
        """A run went through; `seconds` is what all of it took. One that had a time limit says nothing of its kind."""
        if experiment.seconds is not None:
            return
        rate = seconds / expected_work(experiment)
        self._rates[_kind(experiment)].append(rate)
        self._rates[experiment.network, None].append(rate)

    def expect(self, experiment: Experiment) -> float | None:
        """Seconds that the whole run may take; None where no run with its network is known."""
        rates = self._rates.get(_kind(experiment)) or self._rates.get((experiment.network, None))
        if not rates:
            return None
        seconds = median(rates) * expected_work(experiment)
        return seconds if experiment.seconds is None else min(seconds, experiment.seconds)


def _kind(experiment: Experiment) -> tuple[str, bool]:
    return experiment.network, experiment.make_recipe().freeze == ALL
