"""How much of the picture one number of a stage sees: its receptive field."""

from weakref import WeakKeyDictionary

import torch
from torch import nn

from tl_core.explain.subject import Subject

_WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
_known: WeakKeyDictionary[Subject, dict[str, int]] = WeakKeyDictionary()


def receptive_fields(subject: Subject) -> dict[str, int]:
    """Side in px of the square of the input that one number of each stage depends on, at most the whole picture.

    A window of k numbers that lie `step` px apart widens the field by (k - 1) * step; `step` is told by the width of what
    comes in. Windows that run beside each other (shortcuts) count as if they came one after the other, which is right for
    networks whose shortcuts have windows of 1. Vectors and tokens see everything. What Squeeze-and-Excitation passes on from
    the rest of the picture is not counted: it turns whole channels up or down.
    """
    if subject not in _known:
        _known[subject] = _measure(subject)
    return _known[subject]


@torch.no_grad()
def _measure(subject: Subject) -> dict[str, int]:
    size = subject.network.input_size
    side, sides, grown = 1.0, {}, [0.0]

    def grow(window: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        width = inputs[0].shape[-1]
        kernel, dilation = (v if isinstance(v, int) else v[-1] for v in (window.kernel_size, _dilation(window)))
        if width > 1:
            grown[0] += dilation * (kernel - 1) * size / width

    batch = torch.zeros(1, 3, size, size, device=subject.device)
    for name, stage in subject.stages.items():
        grown[0] = 0.0
        hooks = [module.register_forward_hook(grow) for module in stage.modules() if isinstance(module, _WINDOWS)]
        try:
            batch = stage(batch)
        finally:
            for hook in hooks:
                hook.remove()
        side += grown[0]
        sides[name] = min(size, round(side)) if batch.ndim == 4 else size
    return sides


def _dilation(window: nn.Module) -> int | tuple[int, ...]:
    return getattr(window, "dilation", 1)
