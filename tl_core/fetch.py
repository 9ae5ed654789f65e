"""`python -m tl_core fetch`: weights and data sets, brought here ahead of the lesson."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial

from tl_core.errors import UserError, did_you_mean
from tl_core.networks import networks

HELP = "Download data sets or the weights of networks ahead of the lesson; goes on where it was cut off."
NAMES_HELP = "a data set or network, as `datasets` and `networks` list them"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class ProgressLine:
    """One line on standard error that is written over; only on a terminal."""

    def __init__(self) -> None:
        self.open = False

    def __call__(self, doing: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{doing}: {done:,} of {total:,}\033[K", end="", file=sys.stderr, flush=True)
            self.open = True

    def close(self) -> None:
        if self.open:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self.open = False


def fetch(args: Namespace) -> int:
    """Bring what `args.names` names, in that order; all names are checked before anything is downloaded.

    Raises `UserError` for an unknown name, or where a download fails.
    """
    from tl_core.data import catalogue

    known_networks, known_sets = networks(), catalogue()
    for name in args.names:
        if name not in known_networks and name not in known_sets:
            raise UserError(_unknown(name, list(known_networks), list(known_sets)))
    for name in args.names:
        item = known_networks.get(name) or known_sets[name]
        was_here = item.present
        if not was_here:
            (_fetch_network if name in known_networks else _fetch_dataset)(name)
        if args.json:
            kind = "network" if name in known_networks else "data set"
            print(json.dumps({"name": name, "kind": kind, "was_here": was_here}), flush=True)
        else:
            say(f"{name}: {'already here' if was_here else 'downloaded'}")
    return 0


def _fetch_network(name: str) -> None:
    from tl_core.backbones import fetch_weights

    _with_progress(lambda report: fetch_weights(networks()[name], partial(_in_megabytes, report, name)))


def _fetch_dataset(name: str) -> None:
    from tl_core.data.fetching import fetch_dataset

    _with_progress(lambda report: fetch_dataset(name, partial(_in_megabytes, report)))


def _in_megabytes(report: Callable[[str, int, int], None], doing: str, done: int, total: int) -> None:
    report(f"{doing}, MB", round(done / 1e6), round(total / 1e6))


def _with_progress(work: Callable[[ProgressLine], object]) -> None:
    progress = ProgressLine()
    try:
        work(progress)
    finally:
        progress.close()


def _unknown(name: str, known_networks: list[str], known_sets: list[str]) -> str:
    hint = did_you_mean(name, [*known_networks, *known_sets])
    return (
        f"There is no network and no data set of this name. Received: '{name}'.{hint} "
        f"Data sets: {', '.join(known_sets)}. Networks: {', '.join(known_networks)}."
    )
