"""What is drawn of a run's recorded events: its curves and its layers, as figures and SVG that any page can show."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from frame.drawings import diagram
from frame.run_fitting import epochs_of, marks_of
from tl_core.figures import RunCurve, curves_figure
from tl_core.language import _, mark
from tl_core.networks import get_network
from tl_core.plan import Layer
from tl_core.store import Run

Events = list[dict[str, Any]]
METRICS = ("accuracy", "loss")
_ACCURACY_ALT = mark(
    "Chart of the accuracy by epoch. {run} after epoch {epoch}: training {train:.2f} %, held-out {held_out:.2f} %."
)
_FIRST_ACCURACY_ALT = mark("Chart of the accuracy by epoch. The first epoch so far: training {train:.2f} %.")
_FIRST_LOSS_ALT = mark("Chart of the loss by epoch. The first epoch so far: training {train:.2f}.")
_LOSS_ALT = mark(
    "Chart of the loss by epoch. {run} after epoch {epoch}: training {train:.2f}, held-out {held_out:.2f}."
)


def last_of(events: Events, kind: str) -> dict[str, Any] | None:
    """The last event of a kind."""
    return next((event for event in reversed(events) if event["event"] == kind), None)


def run_figures(
    run: Run,
    events: Events,
    others: Sequence[tuple[Run, Events]],
    dark: bool,
    so_far: dict[str, Any] | None = None,
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """For each of `METRICS` its figure and what a screen reader says of it; `others` are laid over the run.

    `so_far`: what the epoch that goes on has shown until now, see `tl_core.events.SoFar`.
    """
    shown = [(run, epochs_of(events)), *((other, epochs_of(theirs)) for other, theirs in others)]
    num_epochs = max((epochs[-1]["num_epochs"] for _, epochs in shown if epochs), default=None)
    if num_epochs is None:
        started = last_of(events, "started")
        num_epochs = started["num_epochs"] if started else 10
    for metric in METRICS:
        curves = [_curve(each, epochs, metric, index) for index, (each, epochs) in enumerate(shown)]
        until_now = (so_far["epoch"], so_far[f"train_{metric}"]) if so_far else None
        curves[0] = replace(curves[0], marks=marks_of(events, metric), so_far=until_now)
        yield metric, curves_figure(curves, metric, num_epochs=num_epochs, dark=dark), _curve_alt(metric, curves[0])


def run_layers(events: Events) -> tuple[tuple[str, str], str] | None:
    """The diagram of this run's own layers, with how far the weights of each have moved, and what stands under it."""
    started = last_of(events, "started")
    if started is None:
        return None
    moved = next((event["weights_moved"] for event in reversed(events) if event.get("weights_moved")), None)
    layers = tuple(Layer.from_json(layer) for layer in started["layers"])
    network = get_network(started["experiment"]["network"])
    moved = moved or {layer.name: 0.0 for layer in layers if layer.state != "sliced"}
    text = _(
        "{train:,} training, {val:,} held-out and {test:,} test images; {n} classes; trained on {device}. *Moved*: the "
        "size of the change of a layer's weights, compared with their size at the start; so that a few per cent can be seen, a "
        "bar is full at 100 % and more, half full at 25 % and a tenth full at 1 %.",
        train=started["num_train"], val=started["num_val"], test=started["num_test"], n=len(started["classes"]),
        device=started["device"],
    )  # fmt: skip
    return diagram(layers, network.input_size, moved), text


def _curve(run: Run, epochs: list[dict[str, Any]], metric: str, index: int) -> RunCurve:
    best = max(epochs, key=lambda e: (e["val_accuracy"], -e["val_loss"]))["epoch"] if epochs else None
    return RunCurve(
        label=_("Run {number}", number=run.number),
        colour_index=index,
        epochs=[e["epoch"] for e in epochs],
        train=[e[f"train_{metric}"] for e in epochs],
        held_out=[e[f"val_{metric}"] for e in epochs],
        best_epoch=best if not run.active else None,
    )


def _curve_alt(metric: str, curve: RunCurve) -> str:
    scale, empty, first, text = 1, _("Chart of the loss by epoch; no point yet."), _FIRST_LOSS_ALT, _LOSS_ALT
    if metric == "accuracy":
        empty, first, text = _("Chart of the accuracy by epoch; no point yet."), _FIRST_ACCURACY_ALT, _ACCURACY_ALT
        scale = 100
    if not curve.epochs:
        return _(first, train=scale * curve.so_far[1]) if curve.so_far else empty
    train, held_out = scale * curve.train[-1], scale * curve.held_out[-1]
    said = _(text, run=curve.label, epoch=curve.epochs[-1], train=train, held_out=held_out)
    return said + "".join(_(" Epoch {epoch}: {words}.", epoch=at.epoch, words=at.words) for at in curve.marks)
