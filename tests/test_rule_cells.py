import json
import uuid

import pytest

from tl_core.cases import Thresholds
from tl_core.errors import StudyError
from tl_core.experiment import Experiment
from tl_core.rule_cells import gather, made_here, recorded
from tl_core.rule_words import textbook_sentence, verdict_sentence
from tl_core.store import Store
from tl_core.study import read_header, read_rows
from tl_core.training import run


def row(recipe, seed, accuracy, **fields):
    experiment = Experiment(data="digits", num_images=50, recipe=recipe, seed=seed)
    counts = {"num_train": 40, "num_val": 10, "num_test": 500}
    return {"id": experiment.id, **experiment.to_json(), **counts, "test_accuracy": accuracy, **fields}


def finish(store, experiment, owner="ann"):
    run_id = uuid.uuid4().hex
    store.add_run(run_id, experiment.to_json(), experiment.id, owner)
    for event in run(experiment, run_id=run_id):
        store.add_event(run_id, event.to_json())


def test_equal_settings_share_a_cell_and_a_run_counts_once():
    rows = [row(recipe, seed, 0.5) for recipe in ("case-1", "case-2") for seed in (0, 1)]
    rows += [row("case-1", 0, 0.9), {**row("case-1", 0, 0.7), "num_images": 51, "id": "other"}]

    cells = gather(rows, lambda *_: (0.3, 0.1, 0.5))

    assert [cell.num_images for cell in cells] == [50, 51]
    assert len(cells[0].rows) == 4
    assert cells[0].verdict.of("case-1").mean == 0.5
    assert cells[0].textbook(Thresholds()).number == 2
    assert cells[0].close_call(Thresholds())
    assert not cells[0].close_call(Thresholds(similarity=0.6))
    assert cells[0].key != cells[1].key
    assert gather(rows, lambda *_: None, recipes=["case-3"]) == []


def test_all_images_means_as_many_as_there_were():
    cells = gather([{**row("case-1", 0, 0.5), "num_images": None}], lambda *_: None)

    assert cells[0].num_images == 50
    assert cells[0].textbook(Thresholds()) is None
    assert not cells[0].close_call(Thresholds())


def test_sentences_follow_from_the_numbers():
    def cell(better):
        rows = [row("case-1", seed, 0.5 + better + 0.01 * seed) for seed in range(3)]
        rows += [row("case-2", seed, 0.5 + 0.01 * seed) for seed in range(3)]
        return gather(rows, lambda *_: (0.1, 0.0, 0.2))[0]

    assert verdict_sentence(cell(0.0).verdict).startswith("Within noise")
    assert "cannot be told" in textbook_sentence(cell(0.0), Thresholds())
    assert verdict_sentence(cell(0.2).verdict).startswith("Case 1 is clearly the best: 20.0 points")
    assert "clearly beaten, by 20.0 points" in textbook_sentence(cell(0.2), Thresholds())
    assert "it is the best" in textbook_sentence(cell(-0.2), Thresholds())


def test_runs_made_here_are_rows_and_own_settings_are_left_out(stripes):
    store = Store()
    data = str(stripes)
    finish(store, Experiment(data=data, recipe="case-1"))
    finish(store, Experiment(data=data, recipe="case-1", epochs=2))
    finish(store, Experiment(data="no_such_set", recipe="case-1"))
    store.add_run("waiting", Experiment(data=data).to_json(), "x", "ann")

    rows, left_out = made_here(store, lambda data, owner: True)

    assert [(r["data"], r["recipe"]) for r in rows] == [(data, "case-1")]
    assert left_out == 1
    assert rows[0]["num_train"] + rows[0]["num_val"] + rows[0]["num_test"] == 24
    assert made_here(store, lambda data, owner: owner != "ann") == ([], 0)


def test_the_recorded_study_that_ships_can_be_read():
    study = recorded()

    assert len(study.rows) > 500
    assert {"study", "command", "hardware", "date", "versions"} <= study.header.keys()
    for cell in gather(study.rows, study.similarity):
        assert cell.similarity is not None
        value, low, high = cell.similarity
        assert 0 <= low <= value <= high <= 1
        assert study.cut_scores(cell.network, cell.data, cell.distance)


def test_a_header_is_no_row(tmp_path):
    path = tmp_path / "study.jsonl"
    header = {"study": "two runs", "date": "2026-11-23"}
    path.write_text(json.dumps(header) + "\n" + json.dumps(row("case-1", 0, 0.5)) + "\n")

    assert read_header(path) == header
    assert [r["recipe"] for r in read_rows(path)] == ["case-1"]
    assert len(recorded(tmp_path).rows) == 1
    path.write_text(json.dumps(row("case-1", 0, 0.5)) + "\n" + json.dumps(header) + "\n" + "\n")
    with pytest.raises(StudyError, match="line 2"):
        read_rows(path)
    assert recorded(tmp_path / "nowhere").rows == ()
