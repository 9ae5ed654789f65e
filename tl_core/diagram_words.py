"""The words and numbers of the layer diagram, and the whole diagram in plain sentences."""

from collections.abc import Mapping, Sequence
from math import isfinite, sqrt

from tl_core.palette import BODY_SIZE, text_width
from tl_core.plan import Layer, LayerState

_THIN = "\u2009"


def shape_text(shape: Sequence[int], room: float = float("inf")) -> str:
    """(64, 16, 16) as "64 × 16 × 16", with thin spaces where `room` is short; (256,) as "256 values"."""
    if len(shape) == 1:
        return f"{shape[0]:,} values"
    words = " × ".join(str(size) for size in shape)
    return words if text_width(words, BODY_SIZE) <= room else words.replace(" ", _THIN)


def count_text(number: int) -> str:
    """1,542 in full; from a million on "25.6 M"."""
    return f"{number / 1e6:.1f} M" if number >= 1_000_000 else f"{number:,}"


def moved_text(moved: float) -> str:
    """A relative change as "12.3 %"; "0.0 %" only for a layer that did not move at all."""
    if not isfinite(moved):
        return "without bound"
    if 0 < moved < 0.001:
        return "< 0.1 %"
    return f"{moved:.1%}".replace("%", " %") if moved < 1 else f"{100 * moved:,.0f} %"


def meter_share(moved: float) -> float:
    """Share of a meter to fill: by the square root, since fine-tuning moves a layer by a few per cent of 100 %."""
    return sqrt(min(max(moved, 0.0), 1.0)) if isfinite(moved) else 1.0


def split(layers: Sequence[Layer]) -> tuple[list[Layer], list[Layer], list[Layer]]:
    """Kept, new and sliced layers, each in order."""
    kept = [layer for layer in layers if layer.state not in ("new", "sliced")]
    new = [layer for layer in layers if layer.state == "new"]
    return kept, new, [layer for layer in layers if layer.state == "sliced"]


def summary(layers: Sequence[Layer]) -> tuple[str, int, int]:
    """The words "1,542 of 1,234,567 weights are trained", and the two numbers."""
    total = sum(layer.num_weights for layer in layers if layer.state != "sliced")
    trained = sum(layer.num_trainable for layer in layers)
    words = f"all {total:,}" if trained == total else f"{trained:,} of {total:,}"
    return f"{words} weights are trained", trained, total


def extra_text(layers: Sequence[Layer]) -> str:
    """What the layers' states alone do not say: two steps of training, or a new layer that sees all stages; else ''."""
    if any(layer.to_new for layer in layers):
        return "The new layer sees what every kept layer has found, side by side."
    if any(layer.step for layer in layers):
        return "Step 1: only the new layer. Step 2: all that are not frozen." if _some_frozen(layers) else _TWO_STEPS
    return ""


def _some_frozen(layers: Sequence[Layer]) -> bool:
    return any(layer.state == "frozen" for layer in layers)


_TWO_STEPS = "Step 1: only the new layer is trained. Step 2: all layers."

_SENTENCES: dict[LayerState, str] = {
    "frozen": "frozen, its {weights} pre-trained weights stay as they are",
    "pretrained": "re-trained, its {weights} weights start from the pre-trained ones",
    "random": "random, trained: its {weights} weights start from random ones",
    "new": "new, its {weights} weights start random and are trained",
    "sliced": "sliced off",
}


def describe(layers: Sequence[Layer], weights_moved: Mapping[str, float] | None = None) -> str:
    """The diagram in plain sentences, layer by layer, for those who cannot see it."""
    moved = weights_moved or {}
    kept, new, sliced = split(layers)
    sentences = []
    for layer in (*kept, *new):
        what = _SENTENCES[layer.state].format(weights=f"{layer.num_weights:,}")
        change = f", moved by {moved_text(moved[layer.name])}" if layer.name in moved else ""
        change += f", from step {layer.step} on" if layer.step else ""
        change += "; its output also goes straight to the new layer" if layer.to_new else ""
        size = " × ".join(str(size) for size in layer.output_shape)
        sentences.append(f"{layer.title} ({layer.detects}, output {size}): {what}{change}.")
    if sliced:
        where = f" after {kept[-1].title}" if kept else ""
        titles = [layer.title for layer in sliced]
        names = titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
        sentences.append(f"The network is cut{where}; sliced off: {names}.")
    sentences.append(extra_text(layers))
    sentences.append(f"In all, {summary(layers)[0]}.")
    return " ".join(filter(None, sentences))
