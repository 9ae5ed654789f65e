"""The words and numbers of the layer diagram, and the whole diagram in plain sentences."""

from collections.abc import Mapping, Sequence
from math import isfinite, sqrt

from tl_core.language import _, joined, mark, retold
from tl_core.palette import BODY_SIZE, text_width
from tl_core.plan import Layer, LayerState

_THIN = "\u2009"


def shape_text(shape: Sequence[int], room: float = float("inf")) -> str:
    """(64, 16, 16) as "64 × 16 × 16", with thin spaces where `room` is short; (256,) as "256 values"."""
    if len(shape) == 1:
        return _("{n:,} values", n=shape[0])
    words = " × ".join(str(size) for size in shape)
    return words if text_width(words, BODY_SIZE) <= room else words.replace(" ", _THIN)


def count_text(number: int) -> str:
    """1,542 in full; from a million on "25.6 M"."""
    return _("{n:.1f} M", n=number / 1e6) if number >= 1_000_000 else _("{n:,}", n=number)


def weights_text(number: int) -> str:
    return _("{count} weights", count=count_text(number))


def moved_text(moved: float) -> str:
    """A relative change as "12.3 %"; "0.0 %" only for a layer that did not move at all."""
    if not isfinite(moved):
        return _("without bound")
    if 0 < moved < 0.001:
        return _("< 0.1 %")
    return _("{n:.1f} %", n=100 * moved) if moved < 1 else _("{n:,.0f} %", n=100 * moved)


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
    if trained == total:
        words = _("all {n:,} weights are trained", n=total)
    else:
        words = _("{trained:,} of {n:,} weights are trained", trained=trained, n=total)
    return words, trained, total


def extra_text(layers: Sequence[Layer]) -> str:
    """What the layers' states alone do not say: two steps of training, or a new layer that sees all stages; else ''."""
    if any(layer.to_new for layer in layers):
        return _("The new layer sees what every kept layer has found, side by side.")
    if any(layer.step for layer in layers):
        if _some_frozen(layers):
            return _("Step 1: only the new layer. Step 2: all that are not frozen.")
        return _("Step 1: only the new layer is trained. Step 2: all layers.")
    return ""


def _some_frozen(layers: Sequence[Layer]) -> bool:
    return any(layer.state == "frozen" for layer in layers)


_SENTENCES: dict[LayerState, str] = {
    "frozen": mark("frozen, its {weights:,} pre-trained weights stay as they are"),
    "pretrained": mark("re-trained, its {weights:,} weights start from the pre-trained ones"),
    "random": mark("random, trained: its {weights:,} weights start from random ones"),
    "new": mark("new, its {weights:,} weights start random and are trained"),
    "sliced": mark("sliced off"),
}


def describe(layers: Sequence[Layer], weights_moved: Mapping[str, float] | None = None) -> str:
    """The diagram in plain sentences, layer by layer, for those who cannot see it."""
    moved = weights_moved or {}
    kept, new, sliced = split(layers)
    sentences = []
    for layer in (*kept, *new):
        what = _(_SENTENCES[layer.state], weights=layer.num_weights)
        change = _(", moved by {share}", share=moved_text(moved[layer.name])) if layer.name in moved else ""
        change += _(", from step {number} on", number=layer.step) if layer.step else ""
        change += _("; its output also goes straight to the new layer") if layer.to_new else ""
        size = " × ".join(str(size) for size in layer.output_shape)
        sentences.append(
            _(
                "{title} ({detects}, output {size}): {state}{change}.",
                title=retold(layer.title),
                detects=retold(layer.detects),
                size=size,
                state=what,
                change=change,
            )
        )
    if sliced:
        names = joined([retold(layer.title) for layer in sliced])
        if kept:
            where = retold(kept[-1].title)
            sentences.append(_("The network is cut after {layer}; sliced off: {names}.", layer=where, names=names))
        else:
            sentences.append(_("The network is cut; sliced off: {names}.", names=names))
    sentences.append(extra_text(layers))
    sentences.append(_("In all, {count}.", count=summary(layers)[0]))
    return " ".join(filter(None, sentences))
