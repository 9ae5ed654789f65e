"""Stages in the form in which images pass them when nothing of them is learnt.

BatchNorm with fixed statistics is a scale and a shift, which the layer before it can do with its own weights. That spares a pass
over memory for each (Jacob et al., arXiv 1712.05877, section 3.2). PyTorch's own way to find the pairs (`torch.fx`) changes
`nn.Module` for all threads while it looks; here they are neighbours, which `tests/test_folding.py` holds against every network.
"""

import copy

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval


def folded(stage: nn.Module) -> nn.Module:
    """A copy of a stage, in eval mode, in which BatchNorm is part of the convolution or linear layer that is registered just
    before it; the stage itself where there is none. Equal up to rounding.
    """
    if not any(isinstance(module, _BatchNorm) for module in stage.modules()):
        return stage
    quick = copy.deepcopy(stage).eval()
    with torch.no_grad():
        for parent in quick.modules():
            _fold_children(parent)
    return quick.requires_grad_(False).to(memory_format=torch.channels_last)


def _fold_children(parent: nn.Module) -> None:
    children = list(parent.named_children())
    for (name, layer), (name_after, after) in zip(children, children[1:], strict=False):
        if isinstance(after, nn.BatchNorm2d) and isinstance(layer, nn.Conv2d):
            setattr(parent, name, fuse_conv_bn_eval(layer, after))
        elif isinstance(after, nn.BatchNorm1d) and isinstance(layer, nn.Linear):
            setattr(parent, name, fuse_linear_bn_eval(layer, after))
        else:
            continue
        setattr(parent, name_after, nn.Identity())
