"""The layer plan: what a recipe does to each layer of a network. Plain data, so the page draws it without torch.

`tl_core.surgery` builds the real network from the same plan; a test checks that the two agree for every network.
"""

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from tl_core.cases import ALL, EARLY, LAST, NONE, Recipe
from tl_core.errors import ExperimentError
from tl_core.networks import Network, Stage

LayerState = Literal["sliced", "frozen", "new", "pretrained", "random"]

NEW_LAYER = "new"
MAX_HEAD_FEATURES = 4096  # as many as the demonstration network's own first fully connected layer sees


@dataclass(frozen=True)
class Layer:
    """One row of the plan. `num_trainable` is 0 for frozen and sliced layers, else `num_weights`."""

    name: str
    title: str
    detects: str
    state: LayerState
    num_weights: int
    num_trainable: int
    output_shape: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__, "output_shape": list(self.output_shape)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Layer":
        return cls(**{**data, "output_shape": tuple(data["output_shape"])})


def resolve_cut(network: Network, cut: str) -> str:
    """The name of the last kept stage. Raises `NetworkError` or `ExperimentError` if it cannot be cut there."""
    if cut == LAST:
        return network.stages[-2].name
    if cut == EARLY:
        return network.early_cut
    if network.stage(cut) == network.stages[-1]:
        choices = ", ".join(stage.name for stage in network.stages[:-1])
        raise ExperimentError(
            f"The cut must leave the last layer of {network.title} out: it is the one that is replaced. "
            f"Received: '{cut}'. Choose one of: {choices}."
        )
    return cut


def resolve_freeze(network: Network, recipe: Recipe) -> int:
    """How many stages, counted from the input, are frozen."""
    num_kept = network.index(resolve_cut(network, recipe.cut)) + 1
    if recipe.freeze == ALL:
        num_frozen = num_kept
    elif recipe.freeze == NONE:
        num_frozen = 0
    else:
        num_frozen = min(network.index(recipe.freeze) + 1, num_kept)
    if num_frozen and recipe.init == "random":
        raise ExperimentError(
            "Frozen random layers would never learn anything. Received: init 'random' with frozen layers. "
            "Freeze 'none', or start from the 'pretrained' weights."
        )
    return num_frozen


def pool_grid(shape: tuple[int, ...]) -> int:
    """Side of the grid that maps of `shape` (C, H, W) are averaged to before the new layer.

    4x4 keeps a little of *where* something is; it goes down to 2x2 or 1x1 where there would be more than
    `MAX_HEAD_FEATURES` features, since a new layer on a small data set cannot use more.
    """
    channels, height, width = shape
    for grid in (4, 2):
        if grid <= min(height, width) and channels * grid * grid <= MAX_HEAD_FEATURES:
            return grid
    return 1


def head_features(stage: Stage) -> int:
    """Number of inputs of a new layer put on `stage`: pooled maps, the mean over tokens, or the vector itself."""
    shape = stage.output_shape
    if len(shape) == 3:
        return shape[0] * pool_grid(shape) ** 2
    if len(shape) == 2:
        return shape[1]
    return prod(shape)


def layer_plan(network: Network, recipe: Recipe, num_classes: int) -> tuple[Layer, ...]:
    """Every stage of the network in order, then the new layer.

    Raises `NetworkError` for an unknown stage, `ExperimentError` for a recipe that makes no sense.
    """
    num_kept = network.index(resolve_cut(network, recipe.cut)) + 1
    num_frozen = resolve_freeze(network, recipe)
    layers = []
    for index, stage in enumerate(network.stages):
        if index >= num_kept:
            state: LayerState = "sliced"
        elif index < num_frozen:
            state = "frozen"
        else:
            state = "pretrained" if recipe.init == "pretrained" else "random"
        trainable = stage.num_weights if state in ("pretrained", "random") else 0
        layers.append(
            Layer(stage.name, stage.title, stage.detects, state, stage.num_weights, trainable, stage.output_shape)
        )
    num_weights = (head_features(network.stages[num_kept - 1]) + 1) * num_classes
    layers.append(
        Layer(NEW_LAYER, "new layer", f"your {num_classes} classes", "new", num_weights, num_weights, (num_classes,))
    )
    return tuple(layers)
