"""The networks that run, each an `nn.Sequential` of the stages its table names; the download of official weights."""

import json
import os
import pickle
import re
from collections import OrderedDict
from contextlib import nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import nn

from tl_core.download import DownloadError, Progress, check_digest, fetch_file
from tl_core.errors import NetworkError, WeightsMissing
from tl_core.language import _
from tl_core.networks import Network
from tl_core.saved_weights import read_weights
from tl_core.torchvision_stages import build_model, official_weights, take_apart


@dataclass(frozen=True)
class DemoArchitecture:
    """Sizes of the demonstration network: one entry of `channels` and `kernels` for each convolution, of `widths` for
    each fully connected layer but the last. `dropout` follows each of the latter (0 for none)."""

    channels: tuple[int, ...] = (64, 96, 192)
    kernels: tuple[int, ...] = (5, 5, 5)
    widths: tuple[int, ...] = (256, 256)
    dropout: float = 0.0

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "DemoArchitecture":
        """Fields that are not there keep their defaults; others than these are ignored."""
        names = {f.name for f in fields(cls)}
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in names})

    def to_json(self) -> dict[str, Any]:
        return {f.name: list(v) if isinstance(v := getattr(self, f.name), tuple) else v for f in fields(self)}

    @classmethod
    def of(cls, network: Network) -> "DemoArchitecture":
        """What the table beside one of our own networks' weights says."""
        table = network.weights_path.with_suffix(".json")
        card = json.loads(table.read_text()).get("card") or {} if table.is_file() else {}
        return cls.from_json(card.get("architecture") or {})


def demo_stages(architecture: DemoArchitecture, num_classes: int, input_size: int = 32) -> nn.Sequential:
    """The demonstration network, random weights: conv1 .. conv3, fc1 .. fc3; each convolution halves the resolution."""
    stages = OrderedDict[str, nn.Module]()
    channels = 3
    for number, (width, kernel) in enumerate(zip(architecture.channels, architecture.kernels, strict=True), start=1):
        conv = nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=False)  # BatchNorm brings its own bias
        # ReLU after the pooling: the same numbers and gradients as before it, on a quarter of the values
        modules = [("conv", conv), ("bn", nn.BatchNorm2d(width)), ("pool", nn.MaxPool2d(2)), ("relu", nn.ReLU())]
        stages[f"conv{number}"] = nn.Sequential(OrderedDict(modules))
        channels = width
    features = channels * (input_size // 2 ** len(architecture.channels)) ** 2
    for number, width in enumerate(architecture.widths, start=1):
        modules = [("flatten", nn.Flatten())] if number == 1 else []
        linear = nn.Linear(features, width, bias=False)
        modules += [("linear", linear), ("bn", nn.BatchNorm1d(width)), ("relu", nn.ReLU())]
        if architecture.dropout > 0:
            modules.append(("dropout", nn.Dropout(architecture.dropout)))
        stages[f"fc{number}"] = nn.Sequential(OrderedDict(modules))
        features = width
    stages[f"fc{len(architecture.widths) + 1}"] = nn.Linear(features, num_classes)
    return nn.Sequential(stages)


def build_stages(
    network: Network, *, pretrained: bool, seed: int | None = None, progress: Progress | None = None
) -> nn.Sequential:
    """A network as its named stages; (N, 3, H, W) normalised images to (N, num_classes) scores.

    - `pretrained`: with the official weights, downloaded first if need be (`progress`: see `fetch_weights`); else
      random ones as the constructors make them. Pre-trained networks leave torch's random state alone.
    - `seed`: of the random weights; torch's own state is then left as it was. None: they come from that state.

    Raises `WeightsMissing`, or `NetworkError` for a file of weights that cannot be used.
    """
    if pretrained:
        return _build_pretrained(network, fetch_weights(network, progress))
    with torch.random.fork_rng(devices=[]) if seed is not None else nullcontext():
        if seed is not None:
            torch.default_generator.manual_seed(seed)  # not torch.manual_seed, which would seed CUDA for good
        whole = _build_whole(network)
    return whole if network.builtin else take_apart(network.name, whole)


def _build_whole(network: Network) -> Any:
    if network.builtin:
        return demo_stages(DemoArchitecture.of(network), network.num_classes, network.input_size)
    return build_model(network.name, network.num_classes)


def _build_pretrained(network: Network, path: Path) -> nn.Sequential:
    with torch.device("meta"):  # no memory and no time for random weights that are replaced at once
        whole = _build_whole(network)
    try:
        whole.load_state_dict(_read_weights(path), strict=True, assign=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError) as error:
        cure = "restore it" if network.builtin else f"delete it and run `python -m tl_core fetch {network.name}`"
        raise NetworkError(
            _(
                "The weights of {title} cannot be used: the file is damaged or belongs to another network. Received: {path}. "
                "To mend it, {cure}.",
                title=network.title,
                path=path,
                cure=cure,
            )
        ) from error
    return whole if network.builtin else take_apart(network.name, whole)


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError

        try:
            return read_weights(path)[0]
        except SafetensorError as error:
            raise ValueError(str(error)) from error
    return torch.load(path, map_location="cpu", weights_only=True)


def fetch_weights(network: Network, progress: Progress | None = None) -> Path:
    """Bring a network's weights to this machine, unless they are there, and give the path of the file.

    A download that was cut off is taken up where it stopped. The file gets its name only once it is whole and its
    SHA-256 begins with the digits in that name. `TL_WEIGHTS_URL` replaces the folder it is downloaded from.
    Raises `WeightsMissing`.
    """
    path = network.weights_path
    if path.is_file():
        return path
    if network.builtin:
        raise WeightsMissing(
            _(
                "{title} is part of this project, but its weights are not there: restore {path}.",
                title=network.title,
                path=path,
            )
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock")):  # two workers may want the same weights at once
            if not path.is_file():
                fetch_file(_weights_url(network), path, progress, lambda part: _check_sha256(part, path.name))
    except (DownloadError, OSError) as error:
        raise WeightsMissing(_missing_text(network, str(error))) from error
    return path


def _missing_text(network: Network, reason: str) -> str:
    return _(
        "The weights of {title} ({download_mb:,.0f} MB) are not on this machine and could not be downloaded ({reason}): run "
        "`python -m tl_core fetch {name}` on a machine with network, then copy {weights_file} to {parent}.",
        title=network.title,
        download_mb=network.download_mb,
        reason=reason.rstrip("."),
        name=network.name,
        weights_file=network.weights_file,
        parent=network.weights_path.parent,
    )


def _weights_url(network: Network) -> str:
    base = os.environ.get("TL_WEIGHTS_URL") or official_weights(network.name).url.rpartition("/")[0]
    return f"{base.rstrip('/')}/{network.weights_file}"


def _check_sha256(part: Path, name: str) -> None:
    """Compare with the digits after the last '-' in torchvision's file names."""
    match = re.search(r"-([0-9a-f]{8,})\.[a-z]+$", name)
    if match is not None:
        check_digest(part, "sha256", match[1])
