"""A class at once: `python -m benchmarks.crowd lessons` and `python -m benchmarks.crowd watch`

`lessons`: so many visitors each start two lessons within ten seconds; once the same two, once each their own. Says whether every
run was answered, how many were computed, whether anybody's first run waited for anybody's second, and what a slider took
meanwhile. `watch`: so many visitors watch a run for some minutes, leave and come back; then the server's memory.
"""

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from benchmarks.browser import Moves, open_cases, server_and_browser, slider_to_diagram, spread
from benchmarks.visitor import Visitor
from tests.browser.conftest import Server
from tl_core.engine.machine import hardware, software, trainers, training_threads
from tl_core.status import resident
from tl_core.tables import EventRow, RunRow

LESSONS = ("data=stripes&images=120&recipe=case-1&epochs=8", "data=stripes&images=120&recipe=case-3&epochs=8")
WATCHED = "data=digits&recipe=case-4&epochs=400"
WITHIN = 10.0  # seconds in which all begin


async def take_lessons(visitor: Visitor, delay: float, seed: int) -> list[float]:
    """Seconds from Start to the result, of both lessons; the second is started at once, while the first waits or runs."""
    await asyncio.sleep(delay)
    other = Visitor(visitor.url, visitor.id)  # a second tab of the same person
    tabs, seconds = (visitor, other), []
    for tab, lesson in zip(tabs, LESSONS, strict=True):
        await tab.open("train", f"{lesson}&seed={seed}")
    starts = []
    for tab in tabs:
        await tab.press("Start")
        starts.append(time.perf_counter())

    async def result(tab: Visitor, start: float) -> None:
        await tab.until(lambda: b"Finished after" in tab.said or b"Recorded on" in tab.said)
        seconds.append(time.perf_counter() - start)

    await asyncio.gather(*(result(tab, start) for tab, start in zip(tabs, starts, strict=True)))
    visitor.answers += other.answers
    visitor.errors += other.errors
    for tab in tabs:
        await tab.leave()
    return seconds


def in_thread(work) -> tuple[threading.Thread, list]:
    """Run a coroutine beside a browser, which wants this thread for itself; its result, once it is over."""
    found: list = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    return thread, found


def lessons(server: Server, page, count: int, own: bool) -> None:
    visitors = [Visitor(server.url) for _ in range(count)]

    async def everybody() -> list[list[float]]:
        return await asyncio.gather(*(
            take_lessons(visitor, WITHIN * number / count, 1_000 + number if own else 0)
            for number, visitor in enumerate(visitors)
        ))  # fmt: skip

    begin = time.time()
    thread, found = in_thread(everybody())
    meanwhile = Moves()
    while thread.is_alive():
        meanwhile += slider_to_diagram(page, 2, pause=0.5)
    thread.join()
    seconds = sorted(one for pair in found[0] for one in pair)
    computed, late = order(server, begin)
    answers = [1000 * one for visitor in visitors for one in visitor.answers]
    errors = [error for visitor in visitors for error in visitor.errors]
    print(f"{count} visitors, {'lessons of their own' if own else 'the same two lessons'}:")
    print(f"  {len(seconds)} of {2 * count} runs answered, {computed} computed, {len(errors)} errors {errors[:2]}")
    print(f"  Start to result: median {statistics.median(seconds):.1f} s, longest {seconds[-1]:.1f} s")
    print(f"  first runs that waited while somebody's second began: {late}")
    print(f"  slider to diagram in a browser meanwhile: {meanwhile}")
    print(f"  the state of a run, or a part of the page, as a watching visitor asks for it: {spread(answers)}")


def order(server: Server, since: float) -> tuple[int, int]:
    """How many runs were computed, and how many first runs waited when somebody else's second one began.

    Of a person's two runs the first is the one that was asked for first; a run begins its own seconds before its end.
    """
    with Session(create_engine(f"sqlite:///{server.home}/store.sqlite")) as session:
        runs = session.scalars(select(RunRow).where(RunRow.created >= since)).all()
        ends = session.scalars(select(EventRow).where(EventRow.run_id.in_([run.id for run in runs]))).all()
        seconds = {row.run_id: row.event["seconds"] for row in ends if row.event["event"] == "finished"}
        by_owner = defaultdict(list)
        for run in sorted(runs, key=lambda run: run.created):
            by_owner[run.owner].append(run)
        computed = [run for run in runs if run.same_as is None and not run.recorded]
        began = {run.id: run.ended - seconds[run.id] for run in computed if run.id in seconds}
        firsts = [own[0] for own in by_owner.values() if own[0].id in began]
        seconds_of = [own[1] for own in by_owner.values() if len(own) > 1 and own[1].id in began]
        slack = 0.2  # of the clock: what passes between the end of a run and its row
        late = sum(
            any(first.created + slack < began[other.id] < began[first.id] - slack and other.owner != first.owner
                for other in seconds_of)
            for first in firsts
        )  # fmt: skip
        return len(computed), late


def watch(server: Server, count: int, minutes: float, after: float) -> None:
    """`minutes` of watching; `after`: minutes until the memory is looked at again."""

    async def one(visitor: Visitor, run: str, number: int) -> None:
        end = time.perf_counter() + 60 * minutes
        await asyncio.sleep(WITHIN * number / count)
        while time.perf_counter() < end:
            await visitor.open("train", f"{WATCHED}&run={run}")
            await asyncio.sleep(min(45 + number % 60, max(1.0, end - time.perf_counter())))
            await visitor.leave()
            await asyncio.sleep(1 + number % 7)

    async def everybody() -> list[Visitor]:
        owner = Visitor(server.url)
        await owner.open("train", WATCHED)
        await owner.press("Start")
        await owner.until(lambda: "Stop" in owner.buttons)
        with Session(create_engine(f"sqlite:///{server.home}/store.sqlite")) as session:
            run = session.scalars(select(RunRow.id).where(RunRow.owner == owner.id)).one()
        await owner.leave()
        visitors = [Visitor(server.url, owner.id) for _ in range(count)]  # a run is shown to its owner alone
        await asyncio.gather(*(one(visitor, run, number) for number, visitor in enumerate(visitors)))
        return visitors

    async def warm() -> None:
        visitor = Visitor(server.url)
        for page in ("", "race"):
            await visitor.open(page, "data=digits")
            await asyncio.sleep(3)
        await visitor.open("train", f"{WATCHED}&seed=1")  # what is loaded with the first run is not the crowd's
        await visitor.press("Start")
        await asyncio.sleep(10)
        await visitor.press("Stop")
        await asyncio.sleep(3)
        await visitor.leave()

    in_thread(warm())[0].join()  # Playwright has a loop in this thread
    before = resident(server.process.pid)
    thread, found = in_thread(everybody())
    peak = before
    while thread.is_alive():
        time.sleep(1)
        peak = max(peak, resident(server.process.pid))
    time.sleep(60 * after)
    left = resident(server.process.pid)
    visitors = found[0]
    answers = [1000 * one for visitor in visitors for one in visitor.answers]
    errors = [error for visitor in visitors for error in visitor.errors]
    print(f"{count} visitors watched a run for {minutes:g} min, left and came back: {len(errors)} errors {errors[:2]}")
    print(f"  the state of the run, or a part of the page, asked for: {spread(answers)}")
    print(
        f"  memory of the server: {before / 1e6:.1f} MB before, {peak / 1e6:.1f} MB at most "
        f"({(peak - before) / count / 1e6:.1f} MB a visitor), {left / 1e6:.1f} MB {after:g} min after ({left / before - 1:+.1%})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("lessons", "watch"))
    parser.add_argument("--visitors", type=int, default=None, help="default: 30 for lessons, 60 to watch")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--after", type=float, default=5.0, help="minutes until the memory is looked at again")
    args = parser.parse_args()
    count = trainers()
    print(f"{hardware(threads=training_threads(count))} in each of {count} workers; {software()}")
    with tempfile.TemporaryDirectory() as home, server_and_browser(Path(home)) as (server, browser):
        if args.what == "watch":
            watch(server, args.visitors or 60, args.minutes, args.after)
            return
        page = open_cases(browser, server.url)
        print("slider to diagram in a browser, alone:", slider_to_diagram(page, 50, pause=0.3))
        for own in (False, True):
            lessons(server, page, args.visitors or 30, own)


if __name__ == "__main__":
    main()
