"""A run on one page of HTML that needs nothing else: no network, no script; it prints on A4."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from importlib.metadata import version
from typing import Any

from tl_core.budget import Budget, make_budget
from tl_core.cases import CUSTOM, find_recipe
from tl_core.data.dial import position, position_name
from tl_core.diagram import diagram_svg
from tl_core.export.curves_svg import curves_svg
from tl_core.export.record import RunRecord
from tl_core.networks import get_network
from tl_core.plan import Layer, resolve_trained

MOST_CLASSES = 15  # in a confusion table that fits on the page
MOST_MISTAKES = 12  # in the list that stands in its place
_ROOM = 70  # letters that fit beside each other above the table
_PACKAGES = ("torch", "torchvision", "numpy")


def report_html(record: RunRecord, ended: float | None, link: str) -> str:
    """The whole page. `ended`: seconds since 1970, in this machine's time; `link`: address with the run's settings, or ''.

    The versions are those of now.
    """
    finished, started = record.find("finished"), record.find("started")
    title = escape(record.title)
    network = get_network(record.experiment.network)
    layers = tuple(Layer.from_json(layer) for layer in started["layers"])
    diagram = "".join(
        f'<div class="{way}">'
        + diagram_svg(
            layers, input_shape=(3, network.input_size, network.input_size), orientation=way,
            weights_moved=finished["weights_moved"], title_id=f"report-{way}",
        )
        + "</div>"
        for way in ("horizontal", "vertical")
    )  # fmt: skip
    charts = "".join(
        f"<figure>{curves_svg(record.epochs, metric, finished['best_epoch'])}<figcaption>{caption}</figcaption></figure>"
        for metric, caption in (
            ("accuracy", "Accuracy by epoch"),
            ("loss", "Loss by epoch: how wrong the network is, weighted by how sure it was"),
        )
    )
    sections = (
        ("Result", _result(finished, started)),
        ("What was done", f"{_recipe(record)}{diagram}"),
        ("How it learnt", f'<div class="pair">{charts}</div><p>Solid: training pictures. Dashed: held-out pictures, which say '
         "after each epoch how good the network is on pictures it does not learn from. The ring is the epoch whose weights were "
         "kept.</p>"),
        ("What was taken for what", _confusion(finished["confusion"], started["classes"])),
        ("Settings", _settings(record, ended, link)),
    )  # fmt: skip
    body = "".join(f"<section><h2>{heading}</h2>{content}</section>" for heading, content in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>\n"
    )


def _result(finished: dict[str, Any], started: dict[str, Any]) -> str:
    low, high = (100 * finished[f"test_accuracy_{end}"] for end in ("low", "high"))
    return (
        f'<p class="result"><strong>{100 * finished["test_accuracy"]:.1f} %</strong> of {started["num_test"]:,} test pictures '
        f"are right (95 % interval {low:.1f} to {high:.1f} %).</p><p>{escape(finished['verdict'])}</p>"
    )


def _recipe(record: RunRecord) -> str:
    name = record.experiment.make_recipe().name
    if name == CUSTOM:
        return "<p>A recipe of one's own; the drawing shows what happened to each layer.</p>"
    entry = find_recipe(name)
    steps = "".join(f"<li>{escape(step)}</li>" for step in entry.steps)
    heading = f"Case {entry.number}: {entry.title}" if entry.number else entry.title
    return f"<p><strong>{escape(heading)}.</strong> {escape(entry.why)}</p><ol>{steps}</ol>"


def _confusion(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    if len(classes) > MOST_CLASSES:
        return _mistakes(confusion, classes)
    head = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in classes)
    rows = ""
    for name, row in zip(classes, confusion, strict=True):
        total = max(1, sum(row))
        cells = "".join(
            f'<td style="background: rgba(0, 114, 178, {0.45 * count / total:.2f})">{count}</td>' for count in row
        )
        rows += f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
    turned = " turned" if sum(len(name) + 3 for name in classes) > _ROOM else ""
    return (
        f'<div class="wide" role="region" aria-label="Confusion table" tabindex="0"><table class="confusion{turned}"><caption>'
        "A row for each true class, a column for each class that the network chose; the numbers are test pictures.</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _mistakes(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    pairs = [
        (count, true, chosen)
        for true, row in enumerate(confusion)
        for chosen, count in enumerate(row)
        if count and true != chosen
    ]
    most = sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:MOST_MISTAKES]
    rows = "".join(
        f"<tr><td>{escape(classes[true])}</td><td>{escape(classes[chosen])}</td><td>{count}</td></tr>"
        for count, true, chosen in most
    )
    return (
        f"<table><caption>The most frequent mistakes; a table of all {len(classes)} classes would not fit here.</caption>"
        '<thead><tr><th scope="col">It is</th><th scope="col">Taken for</th><th scope="col">Pictures</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _settings(record: RunRecord, ended: float | None, link: str) -> str:
    experiment, started, finished = record.experiment, record.find("started"), record.find("finished")
    network = get_network(experiment.network)
    budget = make_budget(experiment, experiment.make_recipe(), started["num_train"])
    body_learns = len(resolve_trained(network, experiment.make_recipe())) > 0
    rows = {
        "Pictures": f"{record.data_title}: {started['num_train']:,} to train, {started['num_val']:,} held out, "
        f"{started['num_test']:,} to test; {len(started['classes']):,} classes",
        "Distance dial": position_name(experiment.distance)
        if position(experiment.distance)
        else "pictures as they are",
        "Network": f"{network.title}, trained on {network.trained_on}",
        "Budget": _budget(budget, record.epochs, body_learns),
        "Best epoch": f"{finished['best_epoch']}",
        "Seed": f"{experiment.seed}",
        "Hardware": f"{started['device']}, {finished['seconds']:.1f} s",
        "Date of the run": datetime.fromtimestamp(ended).strftime("%d %B %Y, %H:%M") if ended else "",
        "Versions": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
    }
    table = "".join(
        f'<tr><th scope="row">{name}</th><td>{escape(value)}</td></tr>' for name, value in rows.items() if value
    )
    if link:
        address = f'<a href="{escape(link)}">{escape(link)}</a>'
        table += f'<tr><th scope="row">The same settings</th><td class="link">{address}</td></tr>'
    return f'<table class="settings"><tbody>{table}</tbody></table>'


def _budget(budget: Budget, epochs: Sequence[dict[str, Any]], body_learns: bool) -> str:
    words = f"{len(epochs)} of at most {budget.total_epochs} epochs, batches of {budget.batch_size}, learning rate {budget.lr:g}"
    if budget.then is not None:
        return f"{words} for the new layer, then {budget.then.lr:g} for all that learns; weight decay {budget.weight_decay:g}"
    if body_learns and budget.body_lr_factor < 1:
        words += f" ({budget.lr * budget.body_lr_factor:g} for pre-trained layers)"
    return f"{words}, weight decay {budget.weight_decay:g}"


_STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1f2933; line-height: 1.45;
  font: 15px/1.45 "Source Sans 3", "Source Sans", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 24px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 22px 0 6px; }
p, ol { margin: 6px 0; }
.result strong { font-size: 26px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 18px; }
figure { margin: 0; } figcaption { font-size: 13px; }
svg { max-width: 100%; height: auto; }
caption { min-width: 260px; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 6px; }
th, td { border: 1px solid #c9ced6; padding: 3px 8px; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; }
.confusion td { text-align: right; } .confusion thead td { border: 0; }
.confusion th[scope=row] { min-width: 80px; }
.vertical { display: none; }
@media screen and (max-width: 700px) { .horizontal { display: none; } .vertical { display: block; } }
.turned thead th { vertical-align: bottom; } .turned thead span { writing-mode: vertical-rl; max-height: 140px; }
.settings th { min-width: 90px; overflow-wrap: normal; }
a { color: #004f7c; }
section { break-inside: auto; } h2 { break-after: avoid; } figure, table, svg { break-inside: avoid; }
@page { size: A4; margin: 14mm; }
@media print { body { font-size: 11px; } main { max-width: none; padding: 0; } h1 { font-size: 18px; } h2 { font-size: 14px; }
  .pair { grid-template-columns: 1fr 1fr; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""
