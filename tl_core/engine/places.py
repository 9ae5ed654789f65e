"""Where training workers are: on this machine, unless another engine says otherwise."""

from collections.abc import Callable
from typing import Any, Protocol

from tl_core.engine import machine
from tl_core.engine.process import WorkerProcess

OnMessage = Callable[[dict[str, Any]], None]
OnExit = Callable[[str], None]


class Worker(Protocol):
    """Computes one run at a time, and tells of it by messages; see `tl_core.worker` for the orders."""

    ready: bool
    pid: int | None  # None until it is there

    def send(self, **order: Any) -> None: ...
    def kill(self) -> None: ...
    def close(self) -> None: ...


class Places(Protocol):
    """As many workers as runs can be computed at the same time.

    `number`: of workers, from 1; `on_number` is called when it changes. `hardware`: for the screen, and the same for as long
    as runs give the same numbers.
    """

    number: int
    hardware: str
    on_number: Callable[[], None]

    def open(self, on_message: OnMessage, on_exit: OnExit) -> Worker:
        """One more worker; `on_exit(cause)` comes once when it has ended, and neither is called from within this call."""
        ...

    def close(self) -> None: ...


class OwnProcesses:
    """Processes of this machine. Raises `UserError` for a setting that is not taken."""

    def __init__(self, device: str = "auto", number: int | None = None, threads: int | None = None):
        self.number = machine.trainers(device) if number is None else number
        self.threads = machine.training_threads(self.number) if threads is None else threads
        self.hardware = machine.hardware(device, self.threads)
        self.on_number = lambda: None

    def open(self, on_message: OnMessage, on_exit: OnExit) -> WorkerProcess:
        return WorkerProcess("training", self.threads, on_message, on_exit)

    def close(self) -> None:
        """Each worker is closed for itself."""
