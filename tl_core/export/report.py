"""A run on one page of HTML that needs nothing else: no network, no script; it prints on A4."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from importlib.metadata import version
from typing import Any

from babel.dates import format_date

from tl_core.budget import Budget, make_budget
from tl_core.cases import CUSTOM, find_recipe
from tl_core.data.dial import position, position_name
from tl_core.diagram import diagram_svg
from tl_core.export.curves_svg import curves_svg
from tl_core.export.record import RunRecord
from tl_core.language import _, language, mark, retold
from tl_core.networks import get_network
from tl_core.plan import Layer, resolve_trained

MOST_CLASSES = 15  # in a confusion table that fits on the page
MOST_MISTAKES = 12  # in the list that stands in its place
_ROOM = 70  # letters that fit beside each other above the table
_PACKAGES = ("torch", "torchvision", "numpy")


def report_html(record: RunRecord, ended: float | None, link: str) -> str:
    """The whole page, in the language spoken.

    `ended`: seconds since 1970, in this machine's time; `link`: address with the run's settings, or ''.
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
        f"<figure>{curves_svg(record.epochs, metric, finished['best_epoch'])}<figcaption>{_(caption)}</figcaption></figure>"
        for metric, caption in (
            ("accuracy", mark("Accuracy by epoch")),
            ("loss", mark("Loss by epoch: how wrong the network is, weighted by how sure it was")),
        )
    )
    sections = (
        (_("Result"), _result(finished, started)),
        (_("What was done"), f"{_recipe(record)}{diagram}"),
        (_("How it learnt"), f'<div class="pair">{charts}</div><p>{escape(_(_CURVES))}</p>'),
        (_("What was taken for what"), _confusion(finished["confusion"], started["classes"])),
        (_("Settings"), _settings(record, ended, link)),
    )  # fmt: skip
    body = "".join(f"<section><h2>{heading}</h2>{content}</section>" for heading, content in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>\n"
    )


_CURVES = mark(
    "Solid: training pictures. Dashed: held-out pictures, which say after each epoch how good the network is on pictures it does "
    "not learn from. The ring is the epoch whose weights were kept."
)


def _result(finished: dict[str, Any], started: dict[str, Any]) -> str:
    low, high = (100 * finished[f"test_accuracy_{end}"] for end in ("low", "high"))
    right = _(
        "{share} of {count:,} test pictures are right (95 % interval {low:.1f} to {high:.1f} %).",
        share=f"<strong>{_('{percent:.1f} %', percent=100 * finished['test_accuracy'])}</strong>",
        count=started["num_test"], low=low, high=high,
    )  # fmt: skip
    return f'<p class="result">{right}</p><p>{escape(retold(finished["verdict"]))}</p>'


def _recipe(record: RunRecord) -> str:
    name = record.experiment.make_recipe().name
    if name == CUSTOM:
        return f"<p>{escape(_(_OWN))}</p>"
    entry = find_recipe(name)
    steps = "".join(f"<li>{escape(_(step))}</li>" for step in entry.steps)
    title = _(entry.title)
    heading = _("Case {number}: {title}", number=entry.number, title=title) if entry.number else title
    return f"<p><strong>{escape(heading)}.</strong> {escape(_(entry.why))}</p><ol>{steps}</ol>"


_OWN = mark("A recipe of one's own; the drawing shows what happened to each layer.")


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
        f'<div class="wide" role="region" aria-label="{escape(_("Confusion table"))}" tabindex="0">'
        f'<table class="confusion{turned}"><caption>{escape(_(_TABLE))}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


_TABLE = mark(
    "A row for each true class, a column for each class that the network chose; the numbers are test pictures."
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
    caption = _("The most frequent mistakes; a table of all {count} classes would not fit here.", count=len(classes))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (_("It is"), _("Taken for"), _("Pictures")))
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _settings(record: RunRecord, ended: float | None, link: str) -> str:
    experiment, started, finished = record.experiment, record.find("started"), record.find("finished")
    network = get_network(experiment.network)
    budget = make_budget(experiment, experiment.make_recipe(), started["num_train"])
    body_learns = len(resolve_trained(network, experiment.make_recipe())) > 0
    rows = {
        _("Pictures"): _(
            "{data}: {train:,} to train, {held_out:,} held out, {test:,} to test; {classes:,} classes",
            data=record.data_title,
            train=started["num_train"],
            held_out=started["num_val"],
            test=started["num_test"],
            classes=len(started["classes"]),
        ),
        _("Distance dial"): position_name(experiment.distance)
        if position(experiment.distance)
        else _("pictures as they are"),
        _("Network"): _("{network}, trained on {what}", network=_(network.title), what=_(network.trained_on)),
        _("Budget"): _budget(budget, record.epochs, body_learns),
        _("Best epoch"): f"{finished['best_epoch']}",
        _("Seed"): f"{experiment.seed}",
        _("Hardware"): _("{device}, {seconds:.1f} s", device=started["device"], seconds=finished["seconds"]),
        _("Date of the run"): _date(ended) if ended else "",
        _("Versions"): ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
    }
    table = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows.items() if value
    )
    if link:
        address = f'<a href="{escape(link)}">{escape(link)}</a>'
        table += f'<tr><th scope="row">{escape(_("The same settings"))}</th><td class="link">{address}</td></tr>'
    return f'<table class="settings"><tbody>{table}</tbody></table>'


def _date(ended: float) -> str:
    """'November 24, 2026, 14:03', as the language writes it."""
    at = datetime.fromtimestamp(ended)
    return f"{format_date(at, 'long', locale=language())}, {at:%H:%M}"


def _budget(budget: Budget, epochs: Sequence[dict[str, Any]], body_learns: bool) -> str:
    values = {"done": len(epochs), "most": budget.total_epochs, "batch": budget.batch_size, "lr": budget.lr}
    text = _("{done} of at most {most} epochs, batches of {batch}, learning rate {lr:g}", **values)
    if budget.then is not None:
        text += _(" for the new layer, then {lr:g} for all that learns", lr=budget.then.lr)
    elif body_learns and budget.body_lr_factor < 1:
        text += _(" ({lr:g} for pre-trained layers)", lr=budget.lr * budget.body_lr_factor)
    return text + _(", weight decay {decay:g}", decay=budget.weight_decay)


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
