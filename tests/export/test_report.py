"""The report stands alone, says what the run said, and shows names letter by letter."""

import re
from html.parser import HTMLParser

import pytest

from tests.export.running import finish
from tl_core.experiment import Experiment
from tl_core.export.curves_svg import curves_svg
from tl_core.export.record import RunRecord
from tl_core.export.report import MOST_CLASSES, report_html
from tl_core.language import speaking

VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """Every element with its attributes, and the text; complains about what is not closed in order."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture
def record(make_stripes) -> RunRecord:
    folder = make_stripes("odd", classes=("<b>bold", "a&b", "c"), count=12)
    return finish(Experiment(data=str(folder), recipe="case-3", epochs=3))[1]


def test_it_needs_nothing_from_elsewhere_and_can_be_read_aloud(record: RunRecord) -> None:
    page = Page(report_html(record, 1_790_000_000.0, "http://localhost:8501/train?data=x&images=30"))
    assert page.all("html") == [{"lang": "en"}]
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.elements}
    addresses = [a[key] for _, a in page.elements for key in ("src", "href", "xlink:href") if key in a]
    assert addresses == ["http://localhost:8501/train?data=x&images=30"]
    assert [tag for tag, _ in page.elements if re.fullmatch(r"h\d", tag)] == ["h1", *["h2"] * 5]
    assert len(page.all("title")) >= 1
    for svg in page.all("svg"):
        assert svg["role"] == "img"
        assert svg.get("aria-label") or svg.get("aria-labelledby")
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert all(th.get("scope") in ("row", "col") for th in page.all("th"))


def test_it_says_what_the_run_said(record: RunRecord) -> None:
    finished, started = record.find("finished"), record.find("started")
    text = Page(report_html(record, 1_790_000_000.0, "")).text
    assert f"{100 * finished['test_accuracy']:.1f} % of {started['num_test']} test pictures are right" in text
    assert finished["verdict"] in text
    assert "Case 3: Fine-tune the whole network" in text
    assert "<b>bold" in text
    assert started["device"] in text
    assert "2026" in text
    assert "The same settings" not in text


def test_it_speaks_german_where_that_is_read(record: RunRecord) -> None:
    with speaking("de"):
        html = report_html(record, 1_790_000_000.0, "http://localhost:8501/train")
    page, finished = Page(html), record.find("finished")
    assert page.all("html") == [{"lang": "de"}]
    share = f"{100 * finished['test_accuracy']:.1f}".replace(".", ",")
    assert f"{share} %" in page.text
    assert "Fall 3: Fine-Tuning des ganzen Netzes" in page.text
    assert re.search(r"\d+\. September 2026", page.text)
    english = "Result|Settings|What was|learnt|held-out|pictures|Hardware: |weight decay|Best epoch"
    said = page.text.replace(record.data_title, "").replace(record.title, "")
    assert not re.findall(rf"\b(?:{english})\b", said)


def test_many_classes_are_told_by_their_mistakes(record: RunRecord) -> None:
    classes = [f"class {number}" for number in range(MOST_CLASSES + 1)]
    confusion = [[5 if i == j else 0 for j in range(len(classes))] for i in range(len(classes))]
    confusion[3][7] = 4
    events = [dict(event) for event in record.events]
    events[0]["classes"], events[-1]["confusion"] = classes, confusion
    text = Page(report_html(RunRecord("t", "d", events), None, "")).text
    assert "class 3class 74" in text
    assert "class 5class" not in text


def test_curves_end_where_the_numbers_do() -> None:
    epochs = [
        {"epoch": n, "train_accuracy": n / 4, "val_accuracy": n / 5, "train_loss": 1 / n, "val_loss": 2 / n}
        for n in range(1, 4)
    ]
    svg = curves_svg(epochs, "accuracy", best_epoch=3)
    assert (
        'aria-label="Chart of the accuracy by epoch. After epoch 3: training 75.0 %, held-out 60.0 %. Best epoch: 3."'
        in svg
    )
    training, held_out = (
        [tuple(map(float, point.split(","))) for point in points.split()]
        for points in re.findall('points="([^"]*)"', svg)
    )
    assert len(training) == len(held_out) == 3
    assert training[-1][1] < held_out[-1][1], "more is higher up"
    assert svg.count("stroke-dasharray") == 1
    assert "<polyline" in curves_svg(epochs[:1], "loss", best_epoch=1), "one epoch is enough"
