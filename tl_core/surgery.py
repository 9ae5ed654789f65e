"""Cut, freeze, new head: from (network, recipe, number of classes) to the network that is trained.

*Frozen* means: no gradient, BatchNorm statistics fixed and in eval mode, dropout off; not one byte changes. *Sliced* stages
are not in the module at all: never computed, saved or counted.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tl_core.backbones import build_stages
from tl_core.cases import Recipe
from tl_core.device import likes_bfloat16
from tl_core.folding import folded
from tl_core.networks import Network
from tl_core.plan import MAX_SHARE, NEW_LAYER, head_features, pool_grid, resolve_cut, resolve_trained

SMALL_BATCHNORM = 200  # training images below which BatchNorm keeps its pre-trained statistics when fine-tuning


def keeps_bn_statistics(recipe: Recipe, num_train: int) -> bool:
    """Whether BatchNorm in the trained layers goes on with its pre-trained statistics: few images tell too little of them, and
    a new layer that was fitted first was fitted to the features that they give.
    """
    return recipe.init == "pretrained" and (num_train < SMALL_BATCHNORM or recipe.head_first)


def pool(features: Tensor, grid: int) -> Tensor:
    """(N, C, H, W) to (N, C * grid * grid), (N, T, D) to (N, D); (N, D) stays. `grid` counts for maps only."""
    if grid:
        return F.adaptive_avg_pool2d(features, grid).flatten(1)
    return features.mean(1) if features.ndim == 3 else features


def floored_std(pooled: Tensor) -> Tensor:
    """(num_features,) deviation of each column of (N, num_features), at least a tenth of the median one."""
    std = pooled.float().std(0, correction=0)
    floor = 0.1 * std[std > 0].median() if (std > 0).any() else torch.tensor(1.0, device=std.device)
    return std.clamp_min(floor)


class NewLayer(nn.Module):
    """The new fully connected layer: pool, standardise, then one `nn.Linear`.

    Pooling averages maps (N, C, H, W) to at most 4x4 (see `plan.pool_grid`) and tokens (N, T, D) over T, so that a cut at
    an early stage does not give a small data set a hundred thousand inputs to overfit with. Standardising subtracts the
    mean of each feature over the training images and divides by its deviation, both fixed before training: stages differ
    a hundredfold in scale, and without it one learning rate cannot serve every cut. The deviation has a floor of a tenth
    of the median one, or features that are nearly constant in a small set explode on new images.
    """

    def __init__(self, shape: tuple[int, ...], num_features: int, num_classes: int):
        super().__init__()
        self.grid = pool_grid(shape) if len(shape) == 3 else 0
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("std", torch.ones(num_features))
        self.linear = nn.Linear(num_features, num_classes)

    def pool(self, features: Tensor) -> Tensor:
        """(N, C, H, W), (N, T, D) or (N, D) to (N, num_features)."""
        return pool(features, self.grid)

    def pool_all(self, outputs: Iterable[Tensor]) -> Tensor:
        """The outputs of all kept stages, in order, to (N, num_features); here the last one is all that counts."""
        (top,) = deque(outputs, maxlen=1)
        return self.pool(top)

    @torch.no_grad()
    def fit_standardisation(self, pooled: Tensor) -> None:
        """Take mean and deviation from the pooled features (N, num_features) of the training images."""
        self.mean.copy_(pooled.float().mean(0))
        self.std.copy_(floored_std(pooled))

    def classify(self, pooled: Tensor) -> Tensor:
        """(N, num_features) to logits (N, num_classes)."""
        return self.linear((pooled.float() - self.mean) / self.std)

    def forward(self, features: Tensor) -> Tensor:
        return self.classify(self.pool(features))


class NewLayerOnAll(NewLayer):
    """A new layer that sees the pooled features of all kept stages side by side, as in Head2Toe (arXiv 2201.03529).

    `shapes`: of the stages' outputs, without the batch. Maps give at most `plan.MAX_SHARE` features each where their
    channels allow it; standardising is done stage by stage.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], shares: Sequence[int], num_classes: int):
        super().__init__((sum(shares),), sum(shares), num_classes)
        self.grids = [pool_grid(shape, MAX_SHARE) if len(shape) == 3 else 0 for shape in shapes]
        self.shares = list(shares)

    def pool_all(self, outputs: Iterable[Tensor]) -> Tensor:
        return torch.cat([pool(features, grid) for features, grid in zip(outputs, self.grids, strict=True)], 1)

    @torch.no_grad()
    def fit_standardisation(self, pooled: Tensor) -> None:
        self.mean.copy_(pooled.float().mean(0))
        self.std.copy_(torch.cat([floored_std(part) for part in pooled.split(self.shares, 1)]))


class AdaptedNetwork(nn.Module):
    """The kept stages of a network with a new layer on top; `trained` are the indices of the stages that learn.

    Frozen stages below the first trained one are in `frozen`, run without gradients; those above the last one are
    in `above` and let the gradient through.
    """

    def __init__(self, stages: OrderedDict[str, nn.Module], trained: range, new_layer: NewLayer):
        super().__init__()
        self.keep_bn_statistics = False
        self.after_stage: Callable[[Tensor], None] = lambda output: None  # called with the output of each
        self._folded: list[nn.Module] = []
        parts = list(stages.items())
        self.frozen = nn.Sequential(OrderedDict(parts[: trained.start]))
        self.trained = nn.Sequential(OrderedDict(parts[trained.start : trained.stop]))
        self.above = nn.Sequential(OrderedDict(parts[trained.stop :]))
        self.new = new_layer
        self.frozen.requires_grad_(False)
        self.above.requires_grad_(False)
        self.train()

    @property
    def layers(self) -> dict[str, nn.Module]:
        """Kept stages by name, then the new layer."""
        parts = (self.frozen, self.trained, self.above)
        return {name: stage for part in parts for name, stage in part.named_children()} | {NEW_LAYER: self.new}

    @property
    def only_head_trains(self) -> bool:
        return len(self.trained) == 0

    @property
    def all_train(self) -> bool:
        return len(self.frozen) == len(self.above) == 0

    def train(self, mode: bool = True) -> "AdaptedNetwork":
        """As usual, but frozen stages stay in eval mode whatever `mode` is."""
        super().train(mode)
        self.frozen.eval()
        self.above.eval()
        if self.keep_bn_statistics:
            for module in self.trained.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self

    @property
    def stages(self) -> list[nn.Module]:
        """All that are kept, in order."""
        return [*self.frozen, *self.trained, *self.above]

    def fold(self, on: bool = True) -> None:
        """Let images pass the stages in their quicker form (`tl_core.folding`), made from what their weights are now, in eval
        mode: nothing but the new layer can learn until `fold(False)`. Steps in which a stage learns stay as they are, to the bit.

        In bfloat16 it changes nothing: there, other roundings are enough for a small set to end at another test picture.
        """
        on = on and not likes_bfloat16(self.new.mean.device)
        self._folded = [folded(stage) for stage in self.stages] if on else []

    @property
    def is_folded(self) -> bool:
        return bool(self._folded)

    @property
    def num_bytes(self) -> int:
        """In memory, the folded form included."""
        twice = [stage for stage, plain in zip(self._folded, self.stages, strict=False) if stage is not plain]
        return sum(
            value.numel() * value.element_size() for part in (self, *twice) for value in part.state_dict().values()
        )

    def features(self, images: Tensor) -> Tensor:
        """Pooled features (N, num_features) of normalised images (N, 3, H, W)."""
        return self.new.pool_all(self._outputs(images))

    def _outputs(self, images: Tensor) -> Iterator[Tensor]:
        """The output of each kept stage in turn."""
        features = images
        for number, stage in enumerate(self._folded or self.stages):
            learns = number >= len(self.frozen) and not self._folded
            with torch.set_grad_enabled(learns and torch.is_grad_enabled()):
                features = stage(features)
            self.after_stage(features)
            yield features

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, num_classes) of normalised images (N, 3, H, W) float32."""
        return self.new.classify(self.features(images))


def adapt(
    network: Network,
    recipe: Recipe,
    num_classes: int,
    stages: nn.Sequential | None = None,
    on_download: Callable[[int, int], None] | None = None,
) -> AdaptedNetwork:
    """The network that `recipe` makes of `network`, for `num_classes` classes. Random parts come from torch's current seed.

    `stages`, if given, are used instead of building the network's own; `on_download(done, total)` counts the bytes of
    weights that have to be fetched first. Raises `NetworkError` or `ExperimentError` for a recipe that does not fit,
    `WeightsMissing` without the weights.
    """
    num_kept = network.index(resolve_cut(network, recipe.cut)) + 1
    trained = resolve_trained(network, recipe)
    if stages is None:
        stages = build_stages(network, pretrained=recipe.init == "pretrained", progress=on_download)
    kept = network.stages[:num_kept]
    if recipe.features == "all":
        shares = [head_features(stage, MAX_SHARE) for stage in kept]
        new_layer = NewLayerOnAll([stage.output_shape for stage in kept], shares, num_classes)
    else:
        new_layer = NewLayer(kept[-1].output_shape, head_features(kept[-1]), num_classes)
    return AdaptedNetwork(OrderedDict(list(stages.named_children())[:num_kept]), trained, new_layer)


@dataclass
class Snapshot:
    """A copy of a network's numbers by layer, and how often each tensor had been written to when it was made."""

    numbers: dict[str, dict[str, Tensor]]
    writes: dict[str, list[int]]


def _numbers(model: AdaptedNetwork) -> dict[str, dict[str, Tensor]]:
    """Every layer's weights, and the buffers (BatchNorm statistics) too where the layer is frozen."""
    trained = {NEW_LAYER, *dict(model.trained.named_children())}
    return {
        name: dict(layer.named_parameters() if name in trained else layer.state_dict())
        for name, layer in model.layers.items()
    }


def _writes(layer: dict[str, Tensor]) -> list[int]:
    """PyTorch's own count of each tensor's in-place changes, by which autograd finds out what was overwritten."""
    return [value._version for value in layer.values()]


def snapshot(model: AdaptedNetwork) -> Snapshot:
    """All numbers that `weights_moved` compares, copied on the model's own device."""
    numbers = _numbers(model)
    return Snapshot(
        {name: {key: value.detach().clone() for key, value in layer.items()} for name, layer in numbers.items()},
        {name: _writes(layer) for name, layer in numbers.items()},
    )


@torch.no_grad()
def weights_moved(before: Snapshot, model: AdaptedNetwork, *, reread: bool = True) -> dict[str, float]:
    """Relative L2 change of each layer, `|w - w0| / |w0|`; exactly 0.0 where not one number changed.

    `reread`: compare every number of frozen layers too, rather than only where something was written to them.
    """
    moved = {}
    learning = {NEW_LAYER, *dict(model.trained.named_children())}  # fused optimisers' writes are not counted
    for name, now in _numbers(model).items():
        old = before.numbers[name]
        untouched = not reread and name not in learning and _writes(now) == before.writes[name]
        if untouched or all(torch.equal(now[key], value) for key, value in old.items()):
            moved[name] = 0.0
            continue
        change = torch.stack([torch.linalg.vector_norm((now[key] - value).float()) for key, value in old.items()])
        size = torch.stack([torch.linalg.vector_norm(value.float()) for value in old.values()])
        moved[name] = float(torch.linalg.vector_norm(change) / torch.linalg.vector_norm(size).clamp_min(1e-12))
    return moved
