"""Which server process a run belongs to, and whether it still lives."""

import os
import socket


def this_server() -> str:
    """Name of this process; a run whose server is gone is known to be interrupted."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started_at(os.getpid())}"


def is_alive(server: str, shared: bool) -> bool:
    """Whether a server still runs. Only a `shared` store can hold runs of another machine, which answers for its own."""
    host, pid, started = server.rsplit(":", 2)
    if host != socket.gethostname():
        return shared
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _started_at(int(pid)) == started


def _started_at(pid: int) -> str:
    """When a process began, as the kernel counts it, so that a reused pid is not taken for the old process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[19]
    except OSError:
        return "0"
