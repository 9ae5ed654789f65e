"""The network that a run left behind, read back from its file of weights."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from tl_core.backbones import build_stages
from tl_core.cases import Recipe
from tl_core.data.dial import GRIDS, position, position_name, tile_order, turn_colours
from tl_core.errors import WeightsMissing
from tl_core.experiment import Experiment
from tl_core.language import _
from tl_core.networks import Network, get_network
from tl_core.predict import weights_path
from tl_core.saved_weights import read_weights
from tl_core.surgery import AdaptedNetwork, adapt

SAVING_SECONDS = 30.0  # a run's weights are written after its result is told
_PARTS = ("frozen", "trained", "above")  # of `AdaptedNetwork`, before the names of the stages


@dataclass(frozen=True, eq=False)
class KeptRun:
    """What a run's file of weights holds. `tensors`: the state of an `AdaptedNetwork`, on the CPU."""

    experiment: Experiment
    recipe: Recipe
    classes: list[str]
    tensors: dict[str, Tensor]

    @property
    def network(self) -> Network:
        return get_network(self.experiment.network)

    def rebuild(self) -> AdaptedNetwork:
        """The network as it was at the end of the run: float32, on the CPU, in eval mode. Raises `WeightsMissing`."""
        try:
            with torch.device("meta"):  # no memory and no time for random weights that are replaced at once
                stages = build_stages(self.network, pretrained=False)
                model = adapt(self.network, self.recipe, len(self.classes), stages=stages)
            model.load_state_dict(self.tensors, strict=True, assign=True)
        except (RuntimeError, ValueError) as error:
            raise _unusable(error) from error
        return model.eval()


def read_kept(run_id: str) -> KeptRun:
    """Raises `RunNotFound` for what is no run id, `WeightsMissing` where the weights are gone or cannot be used."""
    path = weights_path(run_id)
    _wait_until_saved(path)
    try:
        tensors, beside = read_weights(path)
        meta = json.loads(beside["tl"])
        return KeptRun(
            Experiment.from_json(meta["experiment"]), Recipe(**meta["recipe"]), list(meta["classes"]), tensors
        )
    except FileNotFoundError:
        raise WeightsMissing(
            _(
                "The weights of this run are no longer kept: only those of the latest runs are. Start the run again, then "
                "take its weights home."
            )
        ) from None
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise _unusable(error) from error


def plain_name(key: str) -> str:
    """'frozen.conv1.conv.weight' as 'body.conv1.conv.weight': outside of training it does not matter what was frozen."""
    part, _unused, rest = key.partition(".")
    return f"body.{rest}" if part in _PARTS else key


def description(kept: KeptRun) -> dict[str, Any]:
    """What one must know to use the network: classes in the order of its outputs, preprocessing, recipe, origin."""
    network, experiment = kept.network, kept.experiment
    preprocessing: dict[str, Any] = {
        "input": "float32, (N, 3, height, width), RGB",
        "size": [network.input_size, network.input_size],
        "resize": "centre square, then to the size",
        "scale": "divide by 255",
        "mean": list(network.mean),
        "std": list(network.std),
    }
    if position(experiment.distance):
        grid = GRIDS[position(experiment.distance)]
        preprocessing["distance_dial"] = {
            "distance": experiment.distance,
            "what": f"{position_name(experiment.distance)}: before scaling, place i of the grid, row by row, gets tile "
            "tile_order[i] of the picture",
            "grid": grid,
            "tile_order": tile_order(grid).tolist() if grid > 1 else [0],
            "colours_turned": turn_colours(experiment.distance),
        }
    settings = {key: value for key, value in experiment.to_json().items() if key != "data"}  # may be a private name
    return {
        "classes": kept.classes,
        "preprocessing": preprocessing,
        "recipe": kept.recipe.__dict__,
        "settings": settings,
        "network": {"name": network.name, "title": network.title, "source": network.source, "licence": network.licence},
        "outputs": "logits, one for each class; softmax makes them confidences",
    }


def _wait_until_saved(path: Path) -> None:
    end = time.monotonic() + SAVING_SECONDS
    while not path.is_file() and path.with_suffix(".part").is_file() and time.monotonic() < end:
        time.sleep(0.1)


def _unusable(error: Exception) -> WeightsMissing:
    return WeightsMissing(
        _(
            "The weights of this run cannot be used: its file is damaged ({detail}). Start the run again.",
            detail=type(error).__name__,
        )
    )
