"""The visitor's class as every page meets it: what may run, and where a run or a guess is noted. All of it is nothing for those
who are in no class.

A page that starts runs calls `allowed(experiment)` before `engine.submit` and `note_run(run_id, visitor)` after it.
"""

from collections.abc import Collection

from frame.class_fixed import check_fixed
from frame.class_store import get_guesses, get_runs, rules
from frame.services import get_catalogue
from tl_core.class_errors import RunRefused
from tl_core.class_rules import allowed_with
from tl_core.experiment import Experiment


def allowed(experiment: Experiment, varied: Collection[str] = ()) -> Experiment:
    """The experiment as this visitor may run it now; raises `RunRefused`, whose text is for the visitor.

    `varied`: names of settings in which the runs of a race differ, so that the teacher's locks do not hold for them.
    """
    binding = rules()
    if binding is None:
        return experiment
    check_fixed(experiment, varied)
    entry = get_catalogue().get(experiment.data)
    return allowed_with(binding, experiment, entry.default_images if entry is not None else None)


def as_allowed(experiment: Experiment) -> Experiment:
    """The same, and the experiment as it is where it is refused."""
    try:
        return allowed(experiment)
    except RunRefused:
        return experiment


def most_images() -> int | None:
    """The limit of this visitor's class for one run, None without."""
    binding = rules()
    return binding.max_images if binding is not None else None


def note_run(run_id: str, visitor: str) -> None:
    """A run that this visitor has just submitted goes on the board of his class when it has ended."""
    get_runs().note(run_id, visitor)


def note_guess(kind: str, about: str, answer: str, visitor: str) -> None:
    """A guess that this visitor made before the answer was revealed goes into the tally of his class.

    `kind`: what was guessed, `tl_core.class_guesses.SIMILARITY` or a word of the page's own; `about`: equal for equal questions,
    and fit to be shown; `answer`: a recipe's name, say.
    """
    get_guesses().note(kind, about, answer, visitor)
