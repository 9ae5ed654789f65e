"""Frozen stages as they are passed through: BatchNorm with fixed statistics is a scale and a shift, which the layer before it
can do with its own weights. That spares a pass over memory for each (Jacob et al., arXiv 1712.05877, section 3.2)."""

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse


def folded(stage: nn.Module) -> nn.Module:
    """A copy of a stage in eval mode in which BatchNorm is part of the convolution or linear layer before it; the stage itself
    where there is nothing to fold. Equal up to rounding: it is for passes in which nothing of it is learnt.
    """
    if not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in stage.modules()):
        return stage
    with torch.no_grad():
        return fuse(stage).requires_grad_(False).to(memory_format=torch.channels_last)
