"""The layer plan: what a recipe does to each layer of a network. Plain data, so the page draws it without torch.

`tl_core.surgery` builds the real network from the same plan; a test checks that the two agree for every network.
"""

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from tl_core.cases import ALL, EARLY, EXCEPT, EXCEPT_FIRST, LAST, NONE, Recipe
from tl_core.errors import ExperimentError
from tl_core.language import _, english, mark
from tl_core.networks import Network, Stage

LayerState = Literal["sliced", "frozen", "new", "pretrained", "random"]

NEW_LAYER = "new"
MAX_HEAD_FEATURES = 4096  # as many as the demonstration network's own first fully connected layer sees
MAX_SHARE = 1024  # of the maps of one stage, where the new layer sees all stages


@dataclass(frozen=True)
class Layer:
    """One row of the plan.

    - `num_trainable`: 0 for frozen and sliced layers, else `num_weights`.
    - `to_new`: the new layer sees this layer's output beside that of the last kept one.
    - `step`: the training step, 1 or 2, from which on the layer is trained; 0 where there is only one, or it is not.
    """

    name: str
    title: str
    detects: str
    state: LayerState
    num_weights: int
    num_trainable: int
    output_shape: tuple[int, ...]
    to_new: bool = False
    step: int = 0

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
            _(
                "The cut must leave the last layer of {network} out: it is the one that is replaced. Received: '{cut}'. Choose "
                "one of: {choices}.",
                network=_(network.title),
                cut=cut,
                choices=choices,
            )
        )
    return cut


def resolve_trained(network: Network, recipe: Recipe) -> range:
    """Indices of the kept stages that are trained, counted from the input; all other kept ones are frozen.

    Raises `NetworkError` or `ExperimentError` for a recipe that makes no sense.
    """
    num_kept = network.index(resolve_cut(network, recipe.cut)) + 1
    if recipe.freeze == ALL:
        trained = range(num_kept, num_kept)
    elif recipe.freeze == NONE:
        trained = range(num_kept)
    elif recipe.freeze.startswith(EXCEPT):
        name = recipe.freeze.removeprefix(EXCEPT)
        block = 0 if recipe.freeze == EXCEPT_FIRST else network.index(name)
        if block >= num_kept:
            kept = ", ".join(stage.name for stage in network.stages[:num_kept])
            raise ExperimentError(
                _(
                    "The one block that is tuned must be kept, and '{name}' is sliced off. Received: freeze '{freeze}'. Choose "
                    "one of: {choices}.",
                    name=name,
                    freeze=recipe.freeze,
                    choices=kept,
                )
            )
        trained = range(block, block + 1)
    else:
        trained = range(min(network.index(recipe.freeze) + 1, num_kept), num_kept)
    if recipe.init == "random" and (len(trained) < num_kept or recipe.head_first):
        raise ExperimentError(
            _(
                "Frozen random layers would never learn anything. Received: init 'random' with frozen layers. Freeze 'none', "
                "or start from the 'pretrained' weights."
            )
        )
    return trained


def pool_grid(shape: tuple[int, ...], most: int = MAX_HEAD_FEATURES) -> int:
    """Side of the grid that maps of `shape` (C, H, W) are averaged to before the new layer.

    4x4 keeps a little of *where* something is; it goes down to 2x2 or 1x1 where there would be more than
    `most` features, since a new layer on a small data set cannot use more.
    """
    channels, height, width = shape
    for grid in (4, 2):
        if grid <= min(height, width) and channels * grid * grid <= most:
            return grid
    return 1


def head_features(stage: Stage, most: int = MAX_HEAD_FEATURES) -> int:
    """Number of inputs of a new layer put on `stage`: pooled maps, the mean over tokens, or the vector itself."""
    shape = stage.output_shape
    if len(shape) == 3:
        return shape[0] * pool_grid(shape, most) ** 2
    if len(shape) == 2:
        return shape[1]
    return prod(shape)


def layer_plan(network: Network, recipe: Recipe, num_classes: int) -> tuple[Layer, ...]:
    """Every stage of the network in order, then the new layer.

    Raises `NetworkError` for an unknown stage, `ExperimentError` for a recipe that makes no sense.
    """
    num_kept = network.index(resolve_cut(network, recipe.cut)) + 1
    trained = resolve_trained(network, recipe)
    steps = recipe.head_first and len(trained) > 0
    layers = []
    for index, stage in enumerate(network.stages):
        if index >= num_kept:
            state: LayerState = "sliced"
        elif index not in trained:
            state = "frozen"
        else:
            state = recipe.init
        learns = index in trained
        layers.append(
            Layer(
                stage.name, stage.title, stage.detects, state, stage.num_weights, stage.num_weights if learns else 0,
                stage.output_shape, recipe.features == "all" and index < num_kept - 1, 2 if steps and learns else 0,
            )
        )  # fmt: skip
    kept = network.stages[:num_kept]
    if recipe.features == "all":
        num_features = sum(head_features(stage, MAX_SHARE) for stage in kept)
    else:
        num_features = head_features(kept[-1])
    num_weights = (num_features + 1) * num_classes
    layers.append(
        Layer(
            NEW_LAYER, mark("new layer"), english("your {n} classes", n=num_classes), "new", num_weights, num_weights,
            (num_classes,), step=1 if steps else 0,
        )
    )  # fmt: skip
    return tuple(layers)
