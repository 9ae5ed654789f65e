"""A Ray cluster of three nodes on this machine, each a set of real processes of its own."""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

NUM_NODES = 3


@contextlib.contextmanager
def cluster(num_nodes: int = NUM_NODES) -> Iterator["object"]:
    """Each node has one core to give away. The first one is the head."""
    ray_cluster = pytest.importorskip("ray.cluster_utils")
    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
    with pytest.MonkeyPatch.context() as patch:
        # a node that has died is known to be dead within two seconds, not fifteen
        patch.setenv("RAY_health_check_period_ms", "500")
        patch.setenv("RAY_health_check_failure_threshold", "3")
        found = ray_cluster.Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        try:
            for _ in range(num_nodes - 1):
                found.add_node(**node)
            yield found
        finally:
            found.shutdown()


def kill_node(node: object) -> None:
    """As when its plug is pulled: the node's own processes, and the workers that are its children."""
    pids = [info.process.pid for infos in node.all_processes.values() for info in infos]
    workers = [child for pid in pids for child in children(pid)]
    for pid in [*workers, *pids]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []
