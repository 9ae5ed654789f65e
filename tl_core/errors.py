"""Every error a user can meet.

::

    UserError                 something the user can mend: one sentence, exit status 2
    ├── ExperimentError       a setting is out of range or names something unknown
    ├── DataError             the pictures cannot be used
    │   └── ArchiveError      the zip or tar cannot be read, or is not safe to read
    ├── Cancelled             what was asked for was called off
    ├── NetworkError          an unknown network or stage
    │   └── WeightsMissing    the network is known, its weights are not on this machine
    ├── StudyError            a file is not that of a study
    └── RunNotFound           no run has this id
    WorkerDied                a worker process ended without saying so: our failure, not the user's

The text of each says what was wrong, what was received and what to do.
"""

from tl_core.language import _, mark


class UserError(Exception):
    """Something the user can mend."""


class ExperimentError(UserError):
    """A setting is out of range or names something unknown."""


class DataError(UserError):
    """The pictures cannot be used."""


class ArchiveError(DataError):
    """The zip or tar cannot be read, or is not safe to read."""


class Cancelled(UserError):
    """What was asked for was called off, by whoever asked or by another."""

    def __init__(self, sentence: str = "It was cancelled."):
        super().__init__(sentence)


class NetworkError(UserError):
    """An unknown network or stage."""


class WeightsMissing(NetworkError):
    """The network is known, but its weights are not on this machine and could not be downloaded."""


class StudyError(UserError):
    """A file is not that of a study."""


class RunNotFound(UserError):
    """No run has this id."""


class WorkerDied(Exception):
    """A worker process ended without saying so."""


def known(kind: str, received: object, choices: list[str]) -> str:
    """Text for an unknown name: what was wrong, what was received, what there is (closest first)."""
    values = {"kind": _(kind), "received": received, "choices": ", ".join(choices)}
    hint = did_you_mean(received, choices)
    if hint:
        return _("Unknown {kind}. Received: '{received}'.{hint} Choose one of: {choices}.", hint=hint, **values)
    return _("Unknown {kind}. Received: '{received}'. Choose one of: {choices}.", **values)


# What a name may be unknown of; the callers of `known` write one of these.
_KINDS = (
    mark("recipe"),
    mark("engine (TL_ENGINE)"),
    mark("data set"),
    mark("network"),
    mark("stage"),
    mark("layer"),
    mark("form"),
    mark("field of an experiment"),
    mark("data set to download"),
)


def did_you_mean(received: object, choices: list[str]) -> str:
    """' Did you mean ...?' with the closest of the choices, '' if none is close."""
    from difflib import get_close_matches

    close = get_close_matches(str(received), choices, n=1)
    return _(" Did you mean '{name}'?", name=close[0]) if close else ""
