"""The process that speaks to a Ray cluster: runs go there as streaming tasks, and what happens comes back as messages.

`python -m tl_core.worker --lane ray`. Beyond the messages of other workers it says `places` (how many runs the cluster can
compute at a time), `lost` (a run that ended without an ending of its own, and why), and `gone` (why this process ends).
"""

import contextlib
import os
import socket
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, TextIO

from tl_core.data.packed import pack
from tl_core.data.source import open_source
from tl_core.engine.machine import software
from tl_core.engine.ray_places import address, cpus_each, gpus_each
from tl_core.errors import UserError
from tl_core.events import ENDINGS
from tl_core.language import _, mark
from tl_core.saved_weights import writing_weights
from tl_core.worker import Worker

REACH_SECONDS = 3.0  # for the cluster's head to answer
LOOK_EVERY = 1.0
GPU_SHARE = 0.25  # of a GPU, for each run on a cluster that has any
MOST_SETS = 8  # kept in the cluster's memory
MOST_BYTES = 2 * 2**30  # of a set that is sent; a larger one must lie on every node


class RayLane(Worker):
    def __init__(self, output: TextIO):
        super().__init__("ray", output)
        self.streams: dict[str, Any] = {}
        self.sets: OrderedDict[str, Any] = OrderedDict()
        self.connected = threading.Event()
        self.gpus = 0.0
        self._lock = threading.Lock()

    def take(self, order: dict[str, Any]) -> None:
        match order["op"]:
            case "run":
                threading.Thread(target=self.run, args=(order,), daemon=True).start()
            case "stop" | "kill":
                self.stopped.add(order["run_id"])
                if (stream := self.streams.get(order["run_id"])) is not None:
                    self.cancel(stream, force=order["op"] == "kill")

    def work(self) -> None:
        """Connect, and stay until the cluster cannot be reached any more."""
        try:
            head = connect()
        except UserError as error:
            self.leave(str(error))
        number = self.count()
        self.connected.set()
        self.say("ready", pid=os.getpid())
        self.say("places", number=number)
        while answers(head) or answers(head):
            time.sleep(LOOK_EVERY)
            if (now := self.count()) != number:
                number = now
                self.say("places", number=number)
        self.leave(unreachable(address(), _("It does not answer any more.")))

    def leave(self, cause: str) -> None:
        self.say("gone", cause=cause)
        os._exit(1)  # not through Ray's own farewell, which waits for a cluster that is not there

    def count(self) -> int:
        """How many runs the nodes that there are can compute at a time."""
        import ray

        number = 0
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        wish = gpus_each()
        self.gpus = wish if wish is not None else GPU_SHARE if any(node.get("GPU") for node in nodes) else 0.0
        for node in nodes:
            cpus = int(node.get("CPU", 0) / cpus_each() + 1e-6)
            number += min(cpus, int(node.get("GPU", 0) / self.gpus + 1e-6)) if self.gpus else cpus
        return number

    def run(self, order: dict[str, Any]) -> None:
        from tl_core.ray_task import cause_of, train

        import ray  # isort: skip

        run_id, ended = order["run_id"], False
        self.connected.wait()
        try:
            self.say("progress", run_id=run_id, doing=mark("Sending the pictures to the cluster"), done=0, total=1)
            pictures = self.send_set(order["experiment"]["data"])
            task = train.options(num_cpus=cpus_each(), num_gpus=self.gpus)
            keep = bool(order.get("save_to"))
            stream = self.streams[run_id] = task.remote(order, pictures, software(), keep)
            self.say("progress", run_id=run_id, doing=mark("Waiting for a node of the cluster"), done=0, total=1)
            if run_id in self.stopped:
                self.cancel(stream)
            for reference in stream:
                kind, value = ray.get(reference)
                if kind == "weights":
                    with writing_weights(Path(order["save_to"])) as temporary:
                        temporary.write_bytes(value)
                    continue
                ended = ended or (kind == "event" and value["event"]["event"] in ENDINGS)
                self.say(kind, **value)
        except Exception as error:
            if not ended:
                self.say("lost", run_id=run_id, cause=cause_of(error))
        finally:
            self.streams.pop(run_id, None)
            self.stopped.discard(run_id)

    def send_set(self, spec: str) -> Any:
        """The set in the cluster's memory, from which each node that needs it takes it once; None if each can make or find it."""
        import ray

        try:
            source = open_source(spec)
        except UserError:
            return None  # the run itself says so, in the words of a run
        if source.is_drawn or source.num_bytes > MOST_BYTES:
            return None
        with self._lock:
            if source.fingerprint not in self.sets:
                self.sets[source.fingerprint] = ray.put(pack(source))
            self.sets.move_to_end(source.fingerprint)
            while len(self.sets) > MOST_SETS:
                self.sets.popitem(last=False)
            return self.sets[source.fingerprint]

    def cancel(self, stream: Any, force: bool = False) -> None:
        import ray

        with contextlib.suppress(ValueError):
            ray.cancel(stream, force=force)


def connect() -> tuple[str, int]:
    """Connect to the cluster; returns where its head answers. Raises `UserError` if there is none."""
    given = address()
    if given != "auto":
        host, _colon, port = given.rpartition(":")
        if not host or not port.isdecimal():
            raise UserError(
                _(
                    "TL_RAY_ADDRESS must be 'host:port' of the cluster's head, or 'auto'. Received: '{given}'.",
                    given=given,
                )
            )
        if not answers((host, int(port))):
            raise UserError(unreachable(given, _("Nothing answers there.")))
    try:
        import ray
    except ImportError:
        raise UserError(
            _("TL_ENGINE is 'ray', but Ray is not installed: pip install -r requirements-ray.txt.")
        ) from None
    try:
        ray.init(address=given, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    except Exception as error:  # Ray raises a dozen kinds
        raise UserError(unreachable(given, str(error).strip().split("\n")[0])) from None
    host, _colon, port = ray.get_runtime_context().gcs_address.rpartition(":")
    return host, int(port)


def answers(head: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(head, REACH_SECONDS):
            return True
    except OSError:
        return False


def unreachable(where: str, why: str) -> str:
    return _("The Ray cluster ({where}) cannot be reached, so nothing can be trained. {why}", where=where, why=why)
