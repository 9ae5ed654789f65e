"""What each stage of a network makes of pictures, as a new layer put there would see it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from tl_core.device import autocast
from tl_core.networks import Network
from tl_core.plan import head_features
from tl_core.preprocess import Preprocess
from tl_core.surgery import NewLayer
from tl_core.trainer import as_tensor

LOOKS_STAGES = 2  # the first ones show what pictures look like, not what is on them


@dataclass
class StageFeatures:
    """Features of n images.

    - `pooled`: by stage (n, d) float32, as a new layer sees them.
    - `looks`: (n, 2 * channels) float32, mean and deviation of every map of the first `LOOKS_STAGES` stages.
    """

    pooled: dict[str, np.ndarray] = field(default_factory=dict)
    looks: np.ndarray | None = None


@torch.no_grad()
def stage_features(
    network: Network,
    stages: torch.nn.Sequential,
    preprocess: Preprocess,
    images: np.ndarray,
    tick: Callable[[int], None] = lambda count: None,
) -> StageFeatures:
    """Pass images (n, H, W, 3) uint8 through all stages but the last; `tick(count)` after every batch.

    `looks` is None for networks whose early stages do not give maps.
    """
    device = preprocess.device
    stages = stages.to(device, memory_format=torch.channels_last).eval()
    kept = network.stages[:-1]
    pools = [NewLayer(stage.output_shape, head_features(stage), 1).pool for stage in kept]
    pooled: dict[str, list[Tensor]] = {stage.name: [] for stage in kept}
    looks: list[Tensor] = []
    size = 128 if network.input_size <= 64 else 16
    for part in range(0, len(images), size):
        batch = preprocess(as_tensor(images[part : part + size]))
        count, early = len(batch), []
        for number, (stage, pool) in enumerate(zip(kept, pools, strict=True)):
            with autocast(device):
                batch = getattr(stages, stage.name)(batch)
            pooled[stage.name].append(pool(batch).float().cpu())
            if number < LOOKS_STAGES and batch.ndim == 4:
                early += [batch.float().mean((2, 3)), batch.float().std((2, 3), correction=0)]
        if early:
            looks.append(torch.cat(early, 1).cpu())
        tick(count)
    return StageFeatures(
        {name: torch.cat(parts).numpy() for name, parts in pooled.items()}, torch.cat(looks).numpy() if looks else None
    )
