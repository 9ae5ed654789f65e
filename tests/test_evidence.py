import json
import xml.etree.ElementTree as ET

import pytest

from frame.evidence_readings import readings
from tests.test_rule_cells import row
from tl_core.cases import Thresholds
from tl_core.errors import StudyError
from tl_core.evidence import gain_over_head, gain_over_scratch, heads_by_cut, load
from tl_core.evidence_plot import chart_svg, describe_chart
from tl_core.rule_cells import Study, gather

STAGES = ("conv1", "conv2", "conv3", "fc1", "fc2")


def study(**sets):
    """A study whose cut scores rise by stage for similar sets and fall for others: set=similarity."""
    cuts = {
        name: {"0": {stage: (0.3 + 0.1 * k) if value > 0.4 else (0.7 - 0.1 * k) for k, stage in enumerate(STAGES)}}
        for name, value in sets.items()
    }
    gauge = {name: {"0": [value, value, value]} for name, value in sets.items()}
    return Study({}, (), {"demo": gauge}, {"demo": cuts})


def cells(gains, similarity=0.8):
    """Cells of data sets a, b ..., in which fine-tuning is ahead of case 1 and case 4 by `gains` of its seeds."""
    rows = []
    for number, gain in enumerate(gains):
        for seed, ahead in enumerate(gain):
            for recipe in ("case-1", "case-3", "case-4"):
                one = row(recipe, seed, 0.5 + 0.01 * seed + (ahead if recipe == "case-3" else 0))
                rows.append({**one, "data": "abcdef"[number], "id": f"{one['id']}{number}"})
    return gather(rows, lambda *_: (similarity, similarity, similarity))


def test_the_published_numbers_have_their_references_and_are_drawn():
    published, findings = load()

    assert [one.key for one in published] == ["layers", "scratch", "head"]
    for one in published:
        assert all(len(series.values) == len(one.chart.x) for series in one.chart.series)
        assert all(reference.source for reference in one.references)
        ET.fromstring(chart_svg(one.chart, one.title, one.key))
    for reference in [r for one in published for r in one.references] + [finding.reference for finding in findings]:
        assert reference.address.startswith("https://arxiv.org/abs/")
        assert int(reference.address.split("/")[-1][:2]) + 2000 == reference.year


def test_the_numbers_are_those_of_the_papers():
    layers, scratch, head = load()[0]

    frozen = {series.name: series.values for series in layers.chart.series}
    assert frozen["frozen, similar task"][-1] == -8.3
    assert frozen["frozen, different task"][-1] == -25.0
    assert [series.values for series in scratch.chart.series] == [(45.5, 13.5, 8.5), (32.8, 4.1, 3.2)]
    assert dict(zip(head.chart.x, head.chart.series[0].values, strict=True))["aircraft"] == 41.2


def test_own_heads_by_cut_part_similar_from_different_sets(tmp_path):
    chart = heads_by_cut(study(a=0.9, b=0.1, c=0.0, d=0.2), Thresholds(), "demo", tmp_path)

    assert chart.x == STAGES
    assert [series.name for series in chart.series] == [
        "similar pictures (1\u00a0set)",
        "different pictures (3\u00a0sets)",
    ]
    assert chart.series[0].values == pytest.approx((-40, -30, -20, -10, 0))
    assert chart.series[1].values == pytest.approx((0, -10, -20, -30, -40))
    assert chart.series[0].intervals == (None,) * 5
    assert chart.series[1].intervals[0] is not None
    text = readings({"layers": chart})["layers"]
    assert "highest with the new layer after fc2, the last stage" in text
    assert "after conv1, 40.0 points above the one after fc2" in text
    assert heads_by_cut(Study({}, (), {}, {}), Thresholds(), "demo", tmp_path) is None


def test_real_heads_replace_scores_where_they_were_trained(tmp_path):
    accuracy = {stage: 0.5 for stage in STAGES} | {"conv2": 0.6}
    line = json.dumps({"cell": {"network": "demo", "data": "b", "distance": 0.0}, "accuracy": accuracy, "num_test": 9})
    (tmp_path / "cut_truth.json").write_text(line + "\n" + line + "\n")

    chart = heads_by_cut(study(a=0.9, b=0.1), Thresholds(), "demo", tmp_path)

    assert len(chart.series) == 1
    assert chart.series[0].values == pytest.approx((-10, 0, -10, -10, -10))
    assert "test accuracy" in chart.what
    (tmp_path / "cut_truth.json").write_text('{"conv1": 0.5}')
    with pytest.raises(StudyError, match="cut_truth"):
        heads_by_cut(study(a=0.9), Thresholds(), "demo", tmp_path)


def test_own_gains_say_only_what_their_intervals_carry():
    clear = [(0.2, 0.21, 0.19), (0.24, 0.25, 0.23), (0.18, 0.19, 0.2)]
    none = [(0.2, -0.2, 0.01), (-0.3, 0.28, 0.0), (0.1, -0.12, 0.01)]

    for gains, word in ((clear, "Pre-training is ahead"), (none, "Cannot tell"), (clear[:2], "Too few data sets")):
        chart = gain_over_scratch(cells(gains), Thresholds())
        assert readings({"scratch": chart})["scratch"].startswith(word)
    chart = gain_over_head(cells(clear))
    assert chart.series[0].values == pytest.approx((19, 20, 24))
    assert readings({"head": chart})["head"] == "Fine-tuning is ahead: c, a, b."
    assert readings({"head": gain_over_head(cells(none))})["head"].startswith("Cannot tell: ")
    assert gain_over_head([]) is None
    assert gain_over_scratch([], Thresholds()) is None


def test_a_chart_with_gains_and_losses_is_drawn_and_told():
    chart = gain_over_head(cells([(-0.2, -0.21), (0.3, 0.31)]))

    ET.fromstring(chart_svg(chart, "A & B", "own"))
    assert "a (50) \u221220.5" in describe_chart(chart)
    assert "b (50) +30.5" in describe_chart(chart)
