import math
from dataclasses import replace

import plotly.graph_objects as go
import pytest

from tl_core.figures import NO_POINTS, CurveMark, RunCurve, confusion_figure, curves_figure
from tl_core.palette import CURVES, CURVES_DARK


def curve(label: str = "case 1", index: int = 0, num: int = 3, best: int | None = 2) -> RunCurve:
    epochs = list(range(1, num + 1))
    return RunCurve(label, index, epochs, [0.5 + 0.1 * e for e in epochs], [0.4 + 0.1 * e for e in epochs], best)


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("num_runs", [0, 1, 2, 5])
def test_plotly_accepts_every_figure(metric, dark, num_runs):
    figure = go.Figure(curves_figure([curve(f"run {i}", i) for i in range(num_runs)], metric, dark, num_epochs=10))
    assert figure.layout.height == 300
    assert figure.layout.xaxis.title.text == "epoch"


def test_training_is_solid_held_out_dashed_in_one_colour():
    train, held_out, _ = curves_figure([curve(index=1)], "accuracy")["data"]
    assert (train["line"]["dash"], held_out["line"]["dash"]) == ("solid", "dash")
    assert train["line"]["color"] == held_out["line"]["color"] == CURVES[1]
    assert curves_figure([curve(index=1)], "accuracy", dark=True)["data"][0]["line"]["color"] == CURVES_DARK[1]


def test_accuracy_is_in_per_cent_on_a_fixed_scale():
    figure = curves_figure([curve()], "accuracy", num_epochs=10)
    assert figure["data"][0]["y"] == pytest.approx([60, 70, 80])
    assert figure["layout"]["yaxis"]["range"] == [0, 100]
    assert figure["layout"]["yaxis"]["title"]["text"] == "accuracy, %"
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < 1 < 10 < high < 11


def test_loss_starts_at_zero_and_ignores_what_is_not_a_number():
    run = RunCurve("a", 0, [1, 2], [2.0, math.nan], [1.5, math.inf], None)
    low, high = curves_figure([run], "loss")["layout"]["yaxis"]["range"]
    assert low == 0
    assert 2.0 < high < 3.0


def test_the_best_epoch_is_ringed_on_the_held_out_curve():
    ring = curves_figure([curve(best=2)], "accuracy")["data"][-1]
    assert (ring["x"], ring["y"]) == ([2], pytest.approx([60]))
    assert len(curves_figure([curve(best=None)], "accuracy")["data"]) == 2


def test_one_or_two_runs_are_labelled_directly_more_get_a_legend():
    two = curves_figure([curve("a", 0), curve("b", 1)], "accuracy")
    assert {label["text"] for label in two["layout"]["annotations"]} == {
        f"{run}, {which}" for run in "ab" for which in ("training", "held-out")
    }
    assert not two["layout"]["showlegend"]
    three = curves_figure([curve(name, i) for i, name in enumerate("abc")], "accuracy")
    assert three["layout"]["annotations"] == []
    assert [trace["name"] for trace in three["data"] if trace["showlegend"]] == ["a", "b", "c", "training", "held-out"]


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_labels_of_equal_ends_are_moved_apart_but_stay_in_the_plot(value):
    runs = [RunCurve(name, i, [1], [value], [value]) for i, name in enumerate("ab")]
    places = sorted(label["y"] for label in curves_figure(runs, "accuracy")["layout"]["annotations"])
    assert all(high - low >= 5.9 for low, high in zip(places, places[1:], strict=False))
    assert 0 <= places[0]
    assert places[-1] <= 100


def test_before_the_first_epoch_the_axes_stand_and_a_line_says_what_comes():
    figure = curves_figure([RunCurve("a", 0, [], [], [])], "accuracy", num_epochs=10)
    after = curves_figure([curve("a")], "accuracy", num_epochs=10)
    assert [note["text"] for note in figure["layout"]["annotations"]] == [NO_POINTS]
    for part in ("xaxis", "yaxis", "margin", "height", "uirevision"):
        assert figure["layout"][part] == after["layout"][part]
    assert NO_POINTS not in [note["text"] for note in after["layout"]["annotations"]]


def test_confusion_rows_are_per_cent_and_cells_say_counts():
    counts = [[8, 2], [0, 0]]
    figure = confusion_figure(counts, ["dog", "dog"])
    heatmap = figure["data"][0]
    assert heatmap["z"] == [[80.0, 20.0], [0.0, 0.0]]
    assert heatmap["text"] == counts
    assert heatmap["texttemplate"] == "%{text}"
    assert figure["layout"]["yaxis"]["autorange"] == "reversed"
    assert (figure["layout"]["xaxis"]["title"]["text"], figure["layout"]["yaxis"]["title"]["text"]) == (
        "predicted class",
        "true class",
    )
    go.Figure(figure)


def test_confusion_of_many_classes_has_no_text():
    figure = confusion_figure([[1] * 13 for _ in range(13)], [str(i) for i in range(13)], dark=True)
    assert "texttemplate" not in figure["data"][0]
    go.Figure(figure)


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
def test_marks_stand_at_their_epochs(metric):
    marks = (CurveMark(3, "from here all layers train", line=True), CurveMark(9, "rises"), CurveMark(99, "not yet"))
    run = replace(curve(num=10), marks=marks)
    figure = curves_figure([run], metric, num_epochs=10)
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [2.5, 9]
    notes = {note["text"]: note for note in figure["layout"]["annotations"]}
    assert notes["from here all layers train"]["xanchor"] == "left", "there is room to the right of it"
    assert notes["rises"]["xanchor"] == "right"
    assert "not yet" not in notes
    triangle = figure["data"][-1]
    scale = 100 if metric == "accuracy" else 1
    assert (triangle["x"], triangle["y"]) == ([9], pytest.approx([1.3 * scale]))
    go.Figure(figure)


def test_the_chosen_cell_has_a_frame():
    (frame,) = confusion_figure([[8, 2], [0, 3]], ["a", "b"], chosen=(0, 1))["layout"]["shapes"]
    assert (frame["x0"], frame["x1"], frame["y0"], frame["y1"]) == (0.5, 1.5, -0.5, 0.5)


def test_the_epoch_that_goes_on_is_hollow_and_has_the_label():
    figure = curves_figure([replace(curve(best=None), so_far=(4, 0.9))], "accuracy", num_epochs=10)
    hollow = next(trace for trace in figure["data"] if trace["marker"].get("symbol") == "circle-open")
    assert (hollow["x"], hollow["y"]) == ([3, 4], pytest.approx([80, 90]))
    go.Figure(figure)
    finished, going_on = hollow["hovertemplate"]
    assert "so far" in going_on
    assert "so far" not in finished, "its point is that of an epoch that is over"
    (label,) = [note for note in figure["layout"]["annotations"] if note["text"] == "training"]
    assert (label["x"], label["y"]) == (4, pytest.approx(90))


def test_the_first_epoch_is_there_before_it_is_over():
    figure = curves_figure([RunCurve("a", 0, [], [], [], so_far=(1, 2.5))], "loss", num_epochs=10)
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["training"]
    assert figure["layout"]["yaxis"]["range"][1] > 2.5
