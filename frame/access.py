"""Runs and races in an address: shown to whoever started them, and to nobody else."""

from frame.services import get_races, get_store, owner
from tl_core.errors import UserError
from tl_core.language import _

RUN, RACE = "run", "race"  # parameters of the address


def belongs_to_another(parameter: str, number: str) -> bool:
    """Whether there is such a run or race, and it is somebody else's."""
    try:
        found = get_store().get_run(number) if parameter == RUN else get_races().get(number)
    except UserError:
        return False  # the page says so
    return found.owner != owner()


def withheld(parameter: str) -> str:
    """What the page says instead."""
    if parameter == RUN:
        return _(
            "The run in this link is somebody else's, so it is not shown. The settings are those of the link: press Start for a "
            "run of your own, with the same numbers."
        )
    return _(
        "The race in this link is somebody else's, so it is not shown. Start one of your own with the same settings."
    )
