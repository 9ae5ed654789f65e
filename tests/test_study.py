import json

import pytest

from tl_core.errors import ExperimentError, StudyError
from tl_core.study import Grid, read_rows, run_study, table


def rows_of(recipe, accuracies, **fields):
    base = {"data": "stripes", "num_images": 24, "distance": 0.0, "network": "demo", "recipe": recipe}
    return [{"id": f"{recipe}{s}", **base, "seed": s, "test_accuracy": a, **fields} for s, a in enumerate(accuracies)]


def test_a_grid_is_every_combination_small_ones_first():
    grid = Grid(data=("digits",), num_images=(None, 100), recipes=("case-1", "case-4"), seeds=(0, 1))

    experiments = grid.experiments()

    assert len({experiment.id for experiment in experiments}) == 8
    assert [experiment.num_images for experiment in experiments] == [100] * 4 + [None] * 4
    with pytest.raises(ExperimentError):
        Grid(data=("digits",), recipes=("case-5",)).experiments()


def test_a_study_goes_on_where_it_stopped(stripes, tmp_path):
    path = tmp_path / "rows.jsonl"
    experiments = Grid(data=(str(stripes),), recipes=("case-1", "case-4"), seeds=(0, 1)).experiments()

    first = next(run_study(experiments, path))
    rest = list(run_study(experiments, path))

    assert (first.num_done, first.num_runs) == (1, 4)
    assert 0 < first.share < 0.5  # a head takes less than its share of the time
    assert [step.num_done for step in rest] == [2, 3, 4]
    assert rest[-1].share == 1.0
    rows = read_rows(path)
    assert [row["id"] for row in rows] == [experiment.id for experiment in experiments]
    assert all(0 <= row["test_accuracy_low"] <= row["test_accuracy"] <= row["test_accuracy_high"] for row in rows)
    assert list(run_study(experiments, path)) == []


def test_a_study_that_was_killed_in_mid_line_goes_on(stripes, tmp_path):
    path = tmp_path / "rows.jsonl"
    experiments = Grid(data=(str(stripes),), recipes=("case-1",), seeds=(0, 1)).experiments()
    list(run_study(experiments, path))
    whole = path.read_text()
    path.write_text(whole[:-40])

    assert [step.num_done for step in run_study(experiments, path)] == [2]
    assert [row["id"] for row in read_rows(path)] == [experiment.id for experiment in experiments]


def test_a_run_that_fails_leaves_no_row_and_stops_nothing(stripes, tmp_path):
    path = tmp_path / "rows.jsonl"
    experiments = Grid(data=("no_such_set", str(stripes)), recipes=("case-1",)).experiments()

    results = [step.row for step in run_study(experiments, path)]

    assert "no_such_set" in results[0]["error"]
    assert len(read_rows(path)) == 1


def test_half_a_last_line_is_left_out_but_another_file_is_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(rows_of("case-1", [0.5])[0]) + '\n{"id": "x", "rec')
    assert len(read_rows(path)) == 1

    path.write_text("name,value\na,1\n")
    with pytest.raises(StudyError, match="line 1"):
        read_rows(path)


def test_the_table_marks_the_best_and_what_ties_with_it():
    rows = (
        rows_of("case-1", [0.60, 0.61, 0.62])
        + rows_of("case-2", [0.60, 0.62, 0.61])
        + rows_of("case-4", [0.3, 0.3, 0.31])
    )

    line = table(rows).splitlines()[-1]

    assert line == "| stripes | 24 | 0 | demo | **61.0 ± 1.0 (3)** | **61.0 ± 1.0 (3)** | 30.3 ± 0.6 (3) |"
