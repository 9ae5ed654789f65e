"""What each stage makes of one picture, before and after a run."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tl_core.explain.pictures import load_picture
from tl_core.explain.receptive import receptive_fields
from tl_core.explain.subject import Subject, at_work, channels, open_subject
from tl_core.explain.tiles import map_png, picture_png, strip_png
from tl_core.preprocess import Preprocess
from tl_core.trainer import as_tensor

NUM_CHANNELS = 16  # the strongest ones are shown


def feature_maps(
    network: str,
    data: str = "",
    index: int = -1,
    png: str = "",
    distance: float = 0.0,
    run_id: str = "",
    chosen: tuple[tuple[str, int], ...] = (),
) -> dict[str, Any]:
    """The maps of every stage for one picture: of the pre-trained network, and with a run also of what it became.

    The picture is number `index` of `data`, or `png` as `pictures.receive` gave it; `distance` turns the dial, a run's own
    setting goes before. `chosen`: (stage, channel) that are to be among those shown, however weak.

    - `picture`: PNG in base64, as the network sees it; `label`: its class, None for a received one.
    - `before`: whether the pre-trained weights are here.
    - `stages`: one for each stage of the network:
      `name`; `kind`: 'maps' or 'vector'; `shape`: (C, h, w) as shown; `sees`: side of the receptive field, px;
      `channels`: the strongest `NUM_CHANNELS`, by the largest number in the map before the run (after it, if that is all
      there is); `before`, `after`: `{values, tiles, strip}` or None where that side has no such stage: for each channel its
      largest number and, for maps, its picture; for vectors `strip` is all of it. A channel has one scale for both.
      `same_weights`, `same_outputs`: byte for byte, None if one side is missing; `weights_moved`, `outputs_moved`: relative
      L2 change, |after - before| / |before|; `names`: of the shown channels, where they are classes that have names.

    Raises as `open_subject` and `load_picture` do.
    """
    after = open_subject(run_id=run_id) if run_id else None
    name = after.network.name if after else network
    before = open_subject(name) if after is None or after.network.present else None
    subject = before or after
    turn = after.run.experiment.distance if after else distance
    image, label = load_picture(subject.network.input_size, data, index, png)
    batch = Preprocess(subject.network, turn, False, subject.device)(as_tensor(image[None]))
    with at_work:
        sees = receptive_fields(subject)
        sides = [side.outputs(batch) if side else {} for side in (before, after)]
    stages = [
        _stage(name, sides[0].get(name), sides[1].get(name), sees[name], dict(chosen).get(name))
        | _changes(name, before, after, sides)
        | {"names": None}
        for name in subject.stages
    ]
    if before is not None:
        classes = before.class_names()
        stages[-1]["names"] = [classes[k] for k in stages[-1]["channels"]] if classes else None
    return {
        "picture": picture_png(pixels_seen(subject, batch)),
        "label": label,
        "before": before is not None,
        "stages": stages,
    }


def pixels_seen(subject: Subject, batch: Tensor) -> np.ndarray:
    """(1, 3, S, S) normalised as (S, S, 3) uint8."""
    mean, std = (torch.tensor(v).view(3, 1, 1) * 255 for v in (subject.network.mean, subject.network.std))
    return (batch[0].cpu() * std + mean).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def _stage(name: str, before: Tensor | None, after: Tensor | None, sees: int, chosen: int | None) -> dict[str, Any]:
    maps = [None if output is None else channels(output)[0].float().cpu().numpy() for output in (before, after)]
    first = maps[0] if maps[0] is not None else maps[1]
    peaks = first.max((1, 2))
    strongest = np.argsort(-peaks, kind="stable")[:NUM_CHANNELS].tolist()
    if chosen is not None and 0 <= chosen < len(peaks) and chosen not in strongest:
        strongest[-1] = chosen
    both = [one for one in maps if one is not None]
    low = np.minimum(0, np.min([one.min((1, 2)) for one in both], axis=0))
    high = np.max([one.max((1, 2)) for one in both], axis=0)
    is_vector = first.shape[1:] == (1, 1)

    def side(values: np.ndarray | None) -> dict[str, Any] | None:
        if values is None:
            return None
        tiles = [] if is_vector else [map_png(values[k], low[k], high[k]) for k in strongest]
        strip = strip_png(values[:, 0, 0], float(low.min()), float(high.max())) if is_vector else ""
        return {"values": [float(values[k].max()) for k in strongest], "tiles": tiles, "strip": strip}

    return {
        "name": name,
        "kind": "vector" if is_vector else "maps",
        "shape": list(first.shape),
        "sees": sees,
        "channels": strongest,
        "before": side(maps[0]),
        "after": side(maps[1]),
    }


def _changes(
    name: str, before: Subject | None, after: Subject | None, sides: list[dict[str, Tensor]]
) -> dict[str, Any]:
    if before is None or after is None or name not in after.stages:
        return {"same_weights": None, "same_outputs": None, "weights_moved": None, "outputs_moved": None}
    old, new = (list(side.stages[name].state_dict().values()) for side in (before, after))
    maps = [side[name].float() for side in sides]
    return {
        "same_weights": all(_same(a, b) for a, b in zip(old, new, strict=True)),
        "same_outputs": _same(*maps),
        "weights_moved": relative_change(*(list(side.stages[name].parameters()) for side in (before, after))),
        "outputs_moved": relative_change(maps[:1], maps[1:]),
    }


def _same(one: Tensor, other: Tensor) -> bool:
    """Byte for byte: NaN equals itself, and 0 is not -0."""
    return one.cpu().contiguous().numpy().tobytes() == other.cpu().contiguous().numpy().tobytes()


@torch.no_grad()
def relative_change(before: list[Tensor], after: list[Tensor]) -> float:
    """|after - before| / |before|, over all numbers together."""
    change = sum(float((a - b).float().square().sum()) for a, b in zip(after, before, strict=True))
    size = sum(float(b.float().square().sum()) for b in before)
    return (change / max(size, 1e-24)) ** 0.5
