"""The process that does the work: `python -m tl_core.worker --lane training|interactive|ray`.

JSON lines both ways. In: `run`, `stop`; `ask`, `cancel`, `abandon`. Out: `ready`; `event`, `progress`, `so_far`; `begun`,
`answer`. When standard input closes, the server has gone and so does the worker. It runs at nice 10, so that the pages stay quick
while it trains.
"""

import argparse
import contextlib
import json
import logging
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

from tl_core.answering import Answering, throttled
from tl_core.experiment import Experiment
from tl_core.memory import keep_memory

NICE = 10


class Worker:
    """Takes one run after the other, which `stop` reaches through a flag; questions are left to `Answering`."""

    def __init__(self, lane: str, output: TextIO):
        self.lane = lane
        self.output = output
        self.runs: queue.Queue[dict[str, Any]] = queue.Queue()
        self.stopped: set[str] = set()
        self.answering = Answering(self.say)
        self._writing = threading.Lock()

    def say(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"kind": kind, **fields}) + "\n"
        with self._writing:
            self.output.write(line)
            self.output.flush()

    def listen(self) -> None:
        """Read orders until standard input closes; runs in a thread of its own."""
        try:
            for line in sys.stdin:
                self.take(json.loads(line))
        finally:
            os._exit(0)  # the server is gone: nothing that goes on here would be seen by anyone

    def take(self, order: dict[str, Any]) -> None:
        match order["op"]:
            case "run":
                self.runs.put(order)
            case "stop":
                self.stopped.add(order["run_id"])
            case "ask":
                self.answering.ask(order)
            case "cancel":
                self.answering.cancel(order["id"])
            case "abandon":
                self.answering.abandon(order["id"])

    def work(self) -> None:
        if self.lane == "training":
            import_all()
        else:
            self.answering.start()
        self.say("ready", pid=os.getpid())
        while True:
            self.run(self.runs.get())

    def run(self, job: dict[str, Any]) -> None:
        _import_torch()
        from tl_core.training import run

        run_id = job["run_id"]
        on_progress = throttled(
            lambda doing, done, total: self.say("progress", run_id=run_id, doing=doing, done=done, total=total)
        )
        for event in run(
            Experiment.from_json(job["experiment"]),
            run_id=run_id,
            device=job["device"],
            should_stop=lambda: run_id in self.stopped,
            on_progress=on_progress,
            on_so_far=lambda so_far: self.say("so_far", run_id=run_id, so_far=so_far.to_json()),
            save_to=Path(job["save_to"]) if job.get("save_to") else None,
        ):
            self.say("event", event=event.to_json())
        self.stopped.discard(run_id)


def _import_torch() -> None:
    import torch

    threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    if threads:
        torch.set_num_threads(threads)


def import_all() -> None:
    """What the first run would have to wait for otherwise: the first optimizer imports more than a second's worth, and an
    accelerator's context takes seconds to make. On a CPU nothing is computed: workers are forked from who has done this."""
    _import_torch()
    import torch

    import tl_core.training  # noqa: F401
    from tl_core import device
    from tl_core.errors import ExperimentError

    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])
    with contextlib.suppress(ExperimentError):  # no such device: the first run says so
        if (chosen := device.choose_device()).type != "cpu":
            device.warm_up(chosen)


def _make_worker(lane: str, output: TextIO) -> Worker:
    if lane != "ray":
        return Worker(lane, output)
    from tl_core.ray_lane import RayLane

    return RayLane(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lane", choices=("training", "interactive", "ray"), required=True)
    lane = parser.parse_args().lane
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, and closing standard input ends us
    os.nice(NICE)
    serve(lane)


def serve(lane: str) -> None:
    """Be a worker from now on, with the standard streams as its pipes."""
    keep_memory()
    logging.basicConfig(level=logging.WARNING, format=f"{lane} worker: %(levelname)s %(message)s")
    # whatever a library prints must not get between the JSON lines
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = _make_worker(lane, output)
    threading.Thread(target=worker.listen, daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main()
