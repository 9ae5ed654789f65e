"""The filters of the first layer: the only ones that can be looked at as pictures, since they see colours themselves."""

from typing import Any

from torch import nn

from tl_core.explain.subject import Subject, open_subject
from tl_core.explain.tiles import filter_png

MOST_FILTERS = 64


def filters(network: str, run_id: str = "") -> dict[str, Any]:
    """The filters of the first convolution, before and, with a run, after it.

    - `stage`: the stage it is in; `side`: px of a filter; `count`: how many there are, of which `MOST_FILTERS` at most come.
    - `is_channel`: whether filter k makes channel k of that stage.
    - `before`, `after`: PNG in base64 each; `before` is None if the pre-trained weights are not here, `after` without a run.
    - `same`: whether the two are byte for byte equal, None if one is missing.

    Raises as `open_subject` does.
    """
    after = open_subject(run_id=run_id) if run_id else None
    before = open_subject(after.network.name if after else network) if _present(after, network) else None
    shown = before or after
    stage, (first, *others) = next(iter(shown.stages)), _convolutions(shown)
    both = [_weights(subject) for subject in (before, after)]
    return {
        "stage": stage,
        "side": first.kernel_size[0],
        "count": first.out_channels,
        "is_channel": not others,
        "before": _tiles(both[0]),
        "after": _tiles(both[1]),
        "same": None if None in (before, after) else both[0].tobytes() == both[1].tobytes(),
    }


def _present(after: Subject | None, network: str) -> bool:
    """Without a run the weights are asked for in any case, so that their absence is told."""
    return after is None or after.network.present


def _convolutions(subject: Subject) -> list[nn.Conv2d]:
    first = next(iter(subject.stages.values()))
    return [module for module in first.modules() if isinstance(module, nn.Conv2d)]


def _weights(subject: Subject | None) -> Any:
    if subject is None:
        return None
    return _convolutions(subject)[0].weight.detach().float().cpu().contiguous().numpy()


def _tiles(weights: Any) -> list[str] | None:
    return None if weights is None else [filter_png(one) for one in weights[:MOST_FILTERS]]
