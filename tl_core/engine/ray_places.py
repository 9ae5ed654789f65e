"""Places on a Ray cluster. Ray decides on which node a run is computed; here is only how many are handed to it at a time."""

import logging
import os
import threading
from typing import Any

from tl_core.engine import machine
from tl_core.engine.places import OnExit, OnMessage
from tl_core.engine.process import WorkerProcess
from tl_core.errors import UserError
from tl_core.language import _

log = logging.getLogger(__name__)


def cpus_each() -> float:
    """`TL_RAY_CPUS`: processor cores that Ray sets aside for each run, and torch threads that it has; 1 unless it is set.

    Raises `UserError` if it is not a number above 0.
    """
    return _number("TL_RAY_CPUS", "1", lowest=0.01)


def gpus_each() -> float | None:
    """`TL_RAY_GPUS`: the share of a GPU for each run, 0 for none; None, where it is not set, leaves it to what the cluster has.

    Raises `UserError` if it is not a number from 0.
    """
    return _number("TL_RAY_GPUS", "") if os.environ.get("TL_RAY_GPUS") else None


def address() -> str:
    """`TL_RAY_ADDRESS`: 'host:port' of the cluster's head, or 'auto' for the one that this machine belongs to."""
    return os.environ.get("TL_RAY_ADDRESS") or "auto"


class RayPlaces:
    """One process of ours (`python -m tl_core.worker --lane ray`) speaks to the cluster for all places.

    A process of its own, since Ray ends the process that uses it when the cluster goes away, and the pages must stay. It is
    started with the first place, and again with the next one when it has ended.
    """

    def __init__(self) -> None:
        cpus, gpus = cpus_each(), gpus_each()
        share = f", {gpus:g} GPU" if gpus else ""
        self.hardware = f"Ray cluster, {cpus:g} {'core' if cpus == 1 else 'cores'}{share} a run"
        most = os.environ.get("TL_TRAINERS")
        self.most = machine.whole_number("TL_TRAINERS", most) if most else 10**6
        self.number = 1
        self.on_number = lambda: None
        self._lock = threading.RLock()
        self._driver: WorkerProcess | None = None
        self._places: list[RayPlace] = []
        self._cause = ""  # why the driver is about to end, or has ended
        self._closed = False
        self._known = threading.Event()  # it has said how many places there are, or has ended

    def connect(self) -> int:
        """Wait until the cluster has said how many places it has. Raises `UserError` if it cannot be reached."""
        self._start()
        self._known.wait()
        if self._cause:
            raise UserError(self._cause)
        return self.number

    def open(self, on_message: OnMessage, on_exit: OnExit) -> "RayPlace":
        with self._lock:
            place = RayPlace(self, self._start(), on_message, on_exit)
            self._places.append(place)
            return place

    def leave(self, place: "RayPlace") -> None:
        with self._lock:
            if place in self._places:
                self._places.remove(place)

    def close(self) -> None:
        """The runs that are computed are called off."""
        with self._lock:
            driver, self._closed = self._driver, True
        if driver is not None:
            driver.close()

    def _start(self) -> WorkerProcess:
        with self._lock:
            if self._driver is None:
                self._cause = ""
                self._known.clear()
                self._driver = WorkerProcess("ray", 1, self._on_message, self._on_exit)
            return self._driver

    def _on_message(self, message: dict[str, Any]) -> None:
        with self._lock:
            places = list(self._places)
        match message["kind"]:
            case "places":
                self.number = max(1, min(message["number"], self.most))
                self._known.set()
                self.on_number()
            case "ready":
                for place in places:
                    place.on_message(message)
            case "gone":
                self._cause = message["cause"]
            case "lost":
                for place in places:
                    if place.run_id == message["run_id"]:
                        self.leave(place)
                        place.on_exit(message["cause"])
            case _:
                run_id = message["event"]["run_id"] if message["kind"] == "event" else message["run_id"]
                for place in places:
                    if place.run_id == run_id:
                        place.on_message(message)

    def _on_exit(self, cause: str) -> None:
        with self._lock:
            places, self._places, self._driver = self._places, [], None
            if not self._cause and not self._closed:
                log.warning("the process that speaks to the Ray cluster: %s", cause)
                self._cause = _("The connection to the Ray cluster ({where}) has broken.", where=address())
        if not self._closed:
            log.warning("%s", self._cause)
        self._known.set()
        for place in places:
            place.on_exit(self._cause)


class RayPlace:
    """A `Worker` somewhere on the cluster."""

    def __init__(self, places: RayPlaces, driver: WorkerProcess, on_message: OnMessage, on_exit: OnExit):
        self.on_message = on_message
        self.on_exit = on_exit
        self.run_id = ""
        self._places = places
        self._driver = driver

    @property
    def ready(self) -> bool:
        return self._driver.ready

    @property
    def pid(self) -> int:
        """Of the process that speaks to the cluster."""
        return self._driver.pid

    def send(self, **order: Any) -> None:
        if order["op"] == "run":
            self.run_id = order["run_id"]
        self._driver.send(**order)

    def kill(self) -> None:
        self._driver.send(op="kill", run_id=self.run_id)

    def close(self) -> None:
        """Nothing more is heard of it."""
        self._places.leave(self)


def _number(setting: str, default: str, lowest: float = 0.0) -> float:
    given = os.environ.get(setting) or default
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not lowest <= value < 1e6:
        raise UserError(
            _(
                "{setting} must be a number from {lowest:g}. Received: '{given}'.",
                setting=setting,
                lowest=lowest,
                given=given,
            )
        )
    return value
