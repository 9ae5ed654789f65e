"""The network that is looked into: a pre-trained one of the catalogue, or the one that a run left behind."""

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tl_core.backbones import build_stages
from tl_core.device import choose_device
from tl_core.errors import NetworkError, known
from tl_core.export.kept_run import KeptRun, read_kept
from tl_core.networks import Network, Stage, get_network
from tl_core.plan import NEW_LAYER
from tl_core.predict import weights_path
from tl_core.surgery import AdaptedNetwork
from tl_core.torchvision_stages import official_weights

KEEP_MB = 512  # weights of the networks looked into last
at_work = threading.Lock()  # held while pictures pass: hooks on a module would also see those of another thread


@dataclass(frozen=True, eq=False)
class Subject:
    """Stages in eval mode, on `device`, float32.

    - `stages`: by name, in order; for a run only those it kept, without the new layer.
    - `run`, `model`: what the run left behind; None for a pre-trained network.
    - `stamp`: changes with the weights.
    """

    network: Network
    stages: dict[str, nn.Module]
    device: torch.device
    stamp: str
    run: KeptRun | None = None
    model: AdaptedNetwork | None = None

    @property
    def num_bytes(self) -> int:
        if self.model is not None:
            return self.model.num_bytes
        tensors = nn.ModuleList(self.stages.values()).state_dict().values()
        return sum(value.numel() * value.element_size() for value in tensors)

    def table(self, name: str) -> Stage:
        """The row of the network's table for a kept stage. Raises `NetworkError` for any other name."""
        if name not in self.stages:
            raise NetworkError(known("layer", name, list(self.stages)))
        return self.network.stage(name)

    def class_names(self) -> list[str]:
        """What the outputs of the last stage stand for; empty for a run, whose last stage is another, and where nobody says."""
        if self.run is not None:
            return []
        if not self.network.builtin:
            return list(official_weights(self.network.name).meta["categories"])
        card = json.loads(self.network.weights_path.with_suffix(".json").read_text()).get("card", {})
        return [name.replace("_", " ") for name in card.get("classes", [])]

    @torch.no_grad()
    def outputs(self, batch: Tensor) -> dict[str, Tensor]:
        """What every stage makes of normalised images (N, 3, H, W): (N, C, H, W), (N, tokens, D) or (N, D) float32.

        Never in bfloat16, so that equal weights give equal bytes.
        """
        outputs = {}
        for name, stage in self.stages.items():
            batch = stage(batch)
            outputs[name] = batch
        return outputs


def channels(output: Tensor) -> Tensor:
    """A stage's output as maps (N, C, h, w); a vector is (N, C, 1, 1), tokens lie where their patches do in the picture.

    The class token of a transformer belongs to no place and is left out.
    """
    if output.ndim == 4:
        return output
    if output.ndim == 2:
        return output[:, :, None, None]
    count, num_tokens, width = output.shape
    side = int((num_tokens - 1) ** 0.5)
    return output[:, num_tokens - side * side :].transpose(1, 2).reshape(count, width, side, side)


def open_subject(network: str = "", run_id: str = "") -> Subject:
    """A pre-trained network by its name, or the one of a run.

    Raises `NetworkError` for an unknown name, `RunNotFound` for what is no run id, `WeightsMissing` without the weights; those
    of a pre-trained network are downloaded if need be.
    """
    return _opened.get(network, run_id)


def _pretrained(name: str) -> Subject:
    network, device = get_network(name), choose_device()
    stages = build_stages(network, pretrained=True).to(device, memory_format=torch.channels_last).eval()
    stat = network.weights_path.stat()
    stamp = f"{name}-{stat.st_size}-{stat.st_mtime_ns}"
    return Subject(network, dict(stages.named_children()), device, stamp)


def _trained(run_id: str) -> Subject:
    run, device = read_kept(run_id), choose_device()
    model = run.rebuild().to(device, memory_format=torch.channels_last).eval()
    model.fold()
    model.requires_grad_(False)
    stages = {name: layer for name, layer in model.layers.items() if name != NEW_LAYER}
    return Subject(run.network, stages, device, run_id, run, model)


class _Opened:
    """The networks looked into last. Those of runs are asked for on disk each time: they may have been deleted."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Subject] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, network: str, run_id: str) -> Subject:
        key = ("", run_id) if run_id else (network, "")
        with self._lock:
            if run_id and not weights_path(run_id).is_file():
                self._kept.pop(key, None)
            if key not in self._kept:
                self._kept[key] = _trained(run_id) if run_id else _pretrained(network)
            self._kept.move_to_end(key)
            room = KEEP_MB * 2**20 - sum(subject.num_bytes for subject in self._kept.values())
            while room < 0 and len(self._kept) > 2:  # a run and what it started from
                room += self._kept.popitem(last=False)[1].num_bytes
            return self._kept[key]


_opened = _Opened()
