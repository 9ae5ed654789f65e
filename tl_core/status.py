"""How the servers on one store are doing: `python -m tl_core status`, for whoever looks after them, and for their monitoring."""

import argparse
import json
import os
import shutil
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from tl_core.database import is_shared, open_database
from tl_core.fetch import say
from tl_core.paths import home, store_url
from tl_core.servers import is_alive
from tl_core.store import ACTIVE, INTERRUPTED, QUEUED, RUNNING, RunRow

HOUR = 3600.0
UNHEALTHY = 1
_WORDS = {  # of a figure: unit and help of its metric
    "waiting": "runs that wait for their turn",
    "running": "runs that are being computed",
    "oldest_wait_seconds": "how long the run that has waited longest waits",
    "ended_last_hour": "runs that ended in the last hour",
    "failed_last_hour": "runs that failed or were interrupted in the last hour",
    "memory_bytes": "memory of the server and its workers on this machine, what they share counted once",
}


@dataclass(frozen=True)
class ServerStatus:
    """One server that has runs in the store. `alive`: True too for one on another machine, which cannot be looked at from here;
    `memory_bytes`: None for those."""

    server: str
    alive: bool
    waiting: int
    running: int
    oldest_wait_seconds: float
    ended_last_hour: int
    failed_last_hour: int
    memory_bytes: int | None


@dataclass(frozen=True)
class Status:
    """Of all servers that have had something to do in the last hour; `disk_free_bytes`: where `TL_HOME` lies."""

    servers: tuple[ServerStatus, ...]
    disk_free_bytes: int

    @property
    def healthy(self) -> bool:
        return all(one.alive for one in self.servers)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "healthy": self.healthy}


def read_status(engine: Engine, now: float | None = None) -> Status:
    """`engine`: as `open_database` gives it; `now`: seconds since 1970. Nothing is written."""
    now = time.time() if now is None else now
    recent = (RunRow.status.in_(ACTIVE)) | (RunRow.ended > now - HOUR)
    query = (
        select(RunRow.server, RunRow.status, func.count(), func.min(RunRow.created))
        .where(recent, RunRow.recorded.is_not(True))
        .group_by(RunRow.server, RunRow.status)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    shared = is_shared(engine)
    found = []
    for server in sorted({row.server for row in rows}):
        own = {status: (count, oldest) for name, status, count, oldest in rows if name == server}
        numbers = {status: count for status, (count, _) in own.items()}
        over = {status: count for status, count in numbers.items() if status not in ACTIVE}
        alive = is_alive(server, shared)
        if not alive and not set(numbers) & set(ACTIVE):
            continue  # it has gone, and left nothing undone
        found.append(
            ServerStatus(
                server, alive, numbers.get(QUEUED, 0), numbers.get(RUNNING, 0),
                round(max(0.0, now - own[QUEUED][1]), 1) if QUEUED in own else 0.0, sum(over.values()),
                over.get("failed", 0) + over.get(INTERRUPTED, 0), memory_of(server) if alive else None,
            )
        )  # fmt: skip
    return Status(tuple(found), shutil.disk_usage(home()).free)


def memory_of(server: str) -> int | None:
    """Memory of a server's process and all below it, in bytes, what they share counted once; None for another machine's, or
    without `/proc`."""
    host, pid, _ = server.rsplit(":", 2)
    if host != socket.gethostname() or not Path("/proc/self/statm").exists():
        return None
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass  # it ended meanwhile
    family, new = {int(pid)}, {int(pid)}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - family
        family |= new
    return sum(_proportional(one) for one in family)


def _proportional(pid: int) -> int:
    """Resident memory of one process in bytes, where a page that others hold too counts for its share; 0 if it is not there."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return resident(pid)
    return 1024 * next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def resident(pid: int) -> int:
    """Resident memory of one process in bytes; 0 if it is not there."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def as_text(status: Status) -> str:
    """A table for people."""
    if not status.servers:
        lines = ["No server has had anything to do in the last hour."]
    else:
        lines = []
        for one in status.servers:
            memory = f"{one.memory_bytes / 1e6:,.0f} MB" if one.memory_bytes else "memory not known"
            wait = f" (the oldest for {one.oldest_wait_seconds:,.0f} s)" if one.waiting else ""
            lines.append(
                f"{one.server}: {'alive' if one.alive else 'GONE'}; {one.waiting:,} waiting{wait}, {one.running:,} running; "
                f"in the last hour {one.ended_last_hour:,} over, {one.failed_last_hour:,} of them failed; {memory}"
            )
    return "\n".join([*lines, f"Free disk: {status.disk_free_bytes / 1e9:,.1f} GB"])


def as_metrics(status: Status) -> str:
    """Prometheus' text format, for the text file collector of its node exporter.

    https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    lines = []
    for name, words in _WORDS.items():
        lines += [f"# HELP tl_{name} {words}", f"# TYPE tl_{name} gauge"]
        for one in status.servers:
            value = getattr(one, name)
            if value is not None:
                lines.append(f'tl_{name}{{server="{one.server}"}} {value}')
    lines += [
        "# HELP tl_server_alive whether a server with runs in the store still runs",
        "# TYPE tl_server_alive gauge",
    ]
    lines += [f'tl_server_alive{{server="{one.server}"}} {int(one.alive)}' for one in status.servers]
    lines += ["# HELP tl_disk_free_bytes room left where TL_HOME lies", "# TYPE tl_disk_free_bytes gauge"]
    return "\n".join([*lines, f"tl_disk_free_bytes {status.disk_free_bytes}"]) + "\n"


def command(args: argparse.Namespace) -> int:
    status = read_status(open_database(store_url()))
    if args.json:
        print(json.dumps(status.to_json()))
    elif args.prometheus:
        print(as_metrics(status), end="")
    else:
        print(as_text(status))
    if not status.healthy:
        say("A server is gone that had runs left: they are marked as interrupted when the next one starts.")
    return 0 if status.healthy else UNHEALTHY
