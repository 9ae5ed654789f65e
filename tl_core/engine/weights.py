"""One file of trained weights for all the runs that it belongs to."""

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Sequence

from tl_core.paths import run_weights

log = logging.getLogger(__name__)

SAVING_SECONDS = 60.0  # the worker writes the weights after the result is told


def share_weights(run_id: str, others: Sequence[str], *, patience: float, keep: bool = True) -> None:
    """Give the weights of one run to others as well, as soon as they are there: in this call, or later in a thread.

    Each gets a file (a hard link, where the disk knows such) under its own id, so that nobody has to be told another's id.
    `keep` False takes them from the first. Nothing happens if they are not there within `patience` seconds.
    """
    if not others and keep:
        return
    if run_weights(run_id).is_file() or patience <= 0:
        _share(run_id, others, keep)
    else:
        threading.Thread(target=_wait_and_share, args=(run_id, others, patience, keep), daemon=True).start()


def _wait_and_share(run_id: str, others: Sequence[str], patience: float, keep: bool) -> None:
    end = time.monotonic() + patience
    while not run_weights(run_id).is_file() and time.monotonic() < end:
        time.sleep(0.05)
    _share(run_id, others, keep)


def _share(run_id: str, others: Sequence[str], keep: bool) -> None:
    source = run_weights(run_id)
    try:
        for other in others:
            target = run_weights(other)
            temporary = target.with_suffix(".part")
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            try:
                os.link(source, temporary)
            except FileNotFoundError:
                raise
            except OSError:
                shutil.copyfile(source, temporary)
            temporary.replace(target)
        if others:
            os.utime(source)  # all links have one date: they were used just now
        if not keep:
            source.unlink()
    except FileNotFoundError:
        pass  # never saved, or no longer kept
    except OSError:
        log.exception("the weights of a run could not be shared")
