"""What a worker costs until it is ready: `python -m benchmarks.worker`

Started for itself, and forked from a process that has imported everything; seconds until it says that it is ready, and the memory
that is its own then. Interleaved; medians of `--repeats`.
"""

import argparse
import queue
import statistics
import time
from pathlib import Path

from tl_core.engine import forking
from tl_core.engine.machine import hardware, software
from tl_core.engine.process import WorkerProcess


def start() -> tuple[float, float]:
    """Seconds, and megabytes that no other process has."""
    heard: queue.Queue = queue.Queue()
    begin = time.perf_counter()
    worker = WorkerProcess("training", 1, heard.put, heard.put)
    message = heard.get(timeout=120)
    seconds = time.perf_counter() - begin
    assert message["kind"] == "ready", message
    lines = Path(f"/proc/{worker.pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split()[0]: int(line.split()[1]) for line in lines}
    worker.close()
    return seconds, kilobytes["Private_Dirty:"] * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    print(f"{hardware(threads=1)}; {software()}")
    first, _ = start()
    print(f"the first one, with the process that it is forked from: {first:.1f} s")
    really, forked, alone = forking.fork, [], []
    for _ in range(args.repeats):
        forked.append(start())
        forking.fork = lambda *_: None
        alone.append(start())
        forking.fork = really
    for name, found in (("started for itself", alone), ("forked", forked)):
        seconds, megabytes = (statistics.median(values) for values in zip(*found, strict=True))
        print(f"{name + ':':20} ready after {seconds:.3f} s, {megabytes:.0f} MB of its own (n = {len(found)})")


if __name__ == "__main__":
    main()
