"""The process that does the work: `python -m tl_core.worker --lane training|interactive`.

JSON lines both ways. In: `run`, `stop`, `ask`. Out: `ready`, `event`, `progress`, `begun`, `answer`. When standard
input closes, the server has gone and so does the worker. It runs at nice 10, so that the pages stay quick while it trains.
"""

import argparse
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from tl_core.errors import UserError
from tl_core.experiment import Experiment

log = logging.getLogger(__name__)

NICE = 10
PROGRESS_EVERY = 0.2  # seconds between two progress lines


class Worker:
    """Takes one job after the other; `stop` reaches the running one through a flag."""

    def __init__(self, lane: str, output: TextIO):
        self.lane = lane
        self.output = output
        self.jobs: queue.Queue[dict[str, Any]] = queue.Queue()
        self.stopped: set[str] = set()

    def say(self, kind: str, **fields: Any) -> None:
        self.output.write(json.dumps({"kind": kind, **fields}) + "\n")
        self.output.flush()

    def listen(self) -> None:
        """Read orders until standard input closes; runs in a thread of its own."""
        try:
            for line in sys.stdin:
                order = json.loads(line)
                if order["op"] == "stop":
                    self.stopped.add(order["run_id"])
                else:
                    self.jobs.put(order)
        finally:
            os._exit(0)  # the server is gone: nothing that goes on here would be seen by anyone

    def work(self) -> None:
        if self.lane == "training":
            _import_torch()
        self.say("ready", pid=os.getpid())
        while True:
            job = self.jobs.get()
            if job["op"] == "run":
                self.run(job)
            else:
                self.answer(job)

    def run(self, job: dict[str, Any]) -> None:
        _import_torch()
        from tl_core.training import run

        run_id = job["run_id"]
        last = 0.0

        def on_progress(doing: str, done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if done == 0 or now - last >= PROGRESS_EVERY:
                last = now
                self.say("progress", run_id=run_id, doing=doing, done=done, total=total)

        for event in run(
            Experiment.from_json(job["experiment"]),
            run_id=run_id,
            device=job["device"],
            should_stop=lambda: run_id in self.stopped,
            on_progress=on_progress,
            save_to=Path(job["save_to"]) if job.get("save_to") else None,
        ):
            self.say("event", event=event.to_json())
        self.stopped.discard(run_id)

    def answer(self, job: dict[str, Any]) -> None:
        from tl_core.questions import QUESTIONS

        self.say("begun", id=job["id"])
        try:
            result = QUESTIONS[job["name"]](**job["args"])
        except UserError as error:
            self.say("answer", id=job["id"], error=str(error), user_error=True)
        except Exception as error:
            log.exception("question %s failed", job["name"])
            self.say("answer", id=job["id"], error=f"{type(error).__name__}: {error}", user_error=False)
        else:
            self.say("answer", id=job["id"], result=result)


def _import_torch() -> None:
    import torch

    threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    if threads:
        torch.set_num_threads(threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lane", choices=("training", "interactive"), required=True)
    lane = parser.parse_args().lane
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, and closing standard input ends us
    os.nice(NICE)
    logging.basicConfig(level=logging.WARNING, format=f"{lane} worker: %(levelname)s %(message)s")
    # whatever a library prints must not get between the JSON lines
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(lane, output)
    threading.Thread(target=worker.listen, daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main()
