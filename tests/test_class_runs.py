"""The board of a class: whose runs are on it, and how it leaves the house."""

import csv
import io
import uuid

import pytest

from tl_core.class_csv import COLUMNS, board_csv, safe_cell
from tl_core.class_figure import Point, board_figure, legend_html
from tl_core.class_guesses import SIMILARITY, ClassGuesses, about_similarity, read_about
from tl_core.class_runs import ClassRuns, shown
from tl_core.classes import Classes
from tl_core.errors import RunNotFound
from tl_core.experiment import Experiment
from tl_core.store import Store
from tl_core.training import run

TEACHER, ANN, BOB, EVE = ("f" * 32, "a" * 32, "b" * 32, "e" * 32)
PIN = "246810"


class Room:
    """Two classes on one store."""

    def __init__(self) -> None:
        self.store = Store()
        self.classes = Classes(self.store)
        self.runs = ClassRuns(self.classes, self.store)
        self.guesses = ClassGuesses(self.classes)
        self.one = self.classes.open("One", PIN, TEACHER)
        self.two = self.classes.open("Two", PIN, EVE)

    def start(self, owner: str, **settings: int | str) -> str:
        """A run that waits."""
        experiment = Experiment(**{"data": "digits", "num_images": 40, "epochs": 1, **settings})
        run_id = uuid.uuid4().hex
        self.store.add_run(run_id, experiment.to_json(), experiment.id, owner)
        return run_id

    def finish(self, run_id: str) -> None:
        experiment = Experiment.from_json(self.store.get_run(run_id).experiment)
        for event in run(experiment, run_id=run_id):
            self.store.add_event(run_id, event.to_json())


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_run_is_on_the_board_of_its_class_when_it_has_ended(room: Room) -> None:
    room.classes.join(room.one.code, "Ann", ANN)
    room.classes.join(room.two.code, "Bob", BOB)
    before = room.start(ANN)
    assert room.runs.note(before, ANN)
    assert room.runs.note(before, ANN)  # twice is once
    assert room.runs.board(room.one.id) == ([], 1)
    room.finish(before)
    (row,), going_on = room.runs.board(room.one.id)
    assert (row.number, row.member, row.nickname, going_on) == (1, 1, "Ann", 0)
    assert (row.num_images, row.epochs) == (40, 1)
    assert 0 <= row.low <= row.accuracy <= row.high <= 1
    assert row.seconds > 0
    assert not any(before in str(value) for value in vars(row).values())  # nobody can open the run from the board
    assert room.runs.board(room.two.id) == ([], 0)


def test_what_does_not_belong_on_the_board_is_not_noted(room: Room) -> None:
    room.classes.join(room.one.code, "Ann", ANN)
    room.classes.join(room.two.code, "Eve", EVE)
    of_ann = room.start(ANN)
    assert not room.runs.note(of_ann, EVE)  # another one's run
    assert not room.runs.note(room.start(BOB), BOB)  # who is in no class
    assert not room.runs.note("0" * 32, ANN)  # no run at all
    room.classes.leave(ANN)
    assert not room.runs.note(of_ann, ANN)
    assert room.runs.board(room.one.id) == room.runs.board(room.two.id) == ([], 0)


def test_a_run_stays_where_it_was_submitted(room: Room) -> None:
    room.classes.join(room.one.code, "Ann", ANN)
    run_id = room.start(ANN)
    room.runs.note(run_id, ANN)
    room.classes.join(room.two.code, "Ann", ANN)
    room.runs.note(run_id, ANN)
    room.finish(run_id)
    assert [row.nickname for row in room.runs.board(room.one.id)[0]] == ["Ann"]
    assert room.runs.board(room.two.id) == ([], 0)


def test_runs_without_a_result_are_not_shown(room: Room) -> None:
    room.classes.join(room.one.code, "Ann", ANN)
    run_id = room.start(ANN)
    room.runs.note(run_id, ANN)
    room.store.add_event(run_id, {"event": "failed", "seq": 0, "error": "x"})
    assert room.runs.board(room.one.id) == ([], 0)


def test_hiding_a_run_and_a_name(room: Room) -> None:
    room.classes.join(room.one.code, "Ann", ANN)
    for seed in (0, 1):
        run_id = room.start(ANN, seed=seed)
        room.runs.note(run_id, ANN)
        room.finish(run_id)
    room.classes.hide_run(room.one.id, 2, True, TEACHER)
    room.classes.hide_name(room.one.id, 1, True, TEACHER)
    rows, _ = room.runs.board(room.one.id)
    assert [(row.hidden, row.nickname) for row in rows] == [(False, None), (True, None)]
    assert [row.number for row in shown(rows)] == [1]
    room.classes.hide_run(room.one.id, 2, False, TEACHER)
    assert len(shown(room.runs.board(room.one.id)[0])) == 2


def test_the_tally_counts_each_member_once(room: Room) -> None:
    room.classes.join(room.one.code, "Ann", ANN)
    room.classes.join(room.one.code, "Bob", BOB)
    room.classes.join(room.two.code, "Eve", EVE)
    about = about_similarity("digits", "demo", 0.5)
    assert read_about(about) == ("digits", "demo", "0.5")
    for owner, answer in ((ANN, "0.30"), (BOB, "0.30"), (EVE, "0.90")):
        assert room.guesses.note(SIMILARITY, about, answer, owner)
    assert not room.guesses.note(SIMILARITY, about, "0.20", ANN), "the first guess stands"
    (tally,) = room.guesses.tallies(room.one.id)
    assert (dict(tally.answers), tally.total) == ({"0.30": 2}, 2)
    assert not room.guesses.note(SIMILARITY, about, "x" * 500, ANN)
    assert not room.guesses.note(SIMILARITY, "x" * 500, "0.5", ANN)
    assert not room.guesses.note(SIMILARITY, about, "0.5", "d" * 32)
    assert read_about("Race 7") == ("Race 7",)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "|calc", "%x"])
def test_formula_cells_become_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_no_cell_begins_behind_a_semicolon() -> None:
    assert safe_cell("a;=1+1") == "a,=1+1"


def test_a_board_stays_up_when_a_run_vanishes(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.classes.join(room.one.code, "Ann", ANN)
    gone, kept = room.start(ANN), room.start(ANN)
    for run_id in (gone, kept):
        room.runs.note(run_id, ANN)
        room.finish(run_id)
    get_run = room.store.get_run

    def vanished(run_id: str):
        if run_id == gone:
            raise RunNotFound("deleted")
        return get_run(run_id)

    monkeypatch.setattr(room.store, "get_run", vanished)
    rows, going_on = room.runs.board(room.one.id)
    assert ([row.number for row in rows], going_on) == ([2], 0)


@pytest.mark.parametrize("value", ["Lena", "a=1", 3, -0.5, ""])
def test_other_cells_stay(value: object) -> None:
    assert safe_cell(value) == value


def test_the_csv_file_reads_back(room: Room) -> None:
    room.classes.join(room.one.code, '=HYPERLINK("x"),"y', ANN)
    run_id = room.start(ANN)
    room.runs.note(run_id, ANN)
    room.finish(run_id)
    rows, _ = room.runs.board(room.one.id)
    data = board_csv(rows, lambda row: row.nickname, lambda experiment: experiment.data)
    header, line = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    cells = dict(zip(header, line, strict=True))
    assert header == list(COLUMNS)
    assert cells["name"] == '\'=HYPERLINK("x"),"y'
    assert (cells["data"], cells["num_images"], cells["recipe"]) == ("digits", "40", "case-1")
    assert float(cells["test_accuracy"]) == pytest.approx(rows[0].accuracy, abs=1e-4)


def point(number: int, recipe: str = "case-1", images: int = 100, line: str = "Ann") -> Point:
    return Point(number, images, 0.5, 0.4, 0.6, recipe, recipe.title(), (line, "more"))


def test_the_chart_escapes_what_people_typed_and_parts_the_recipes() -> None:
    evil = '<a href="javascript:alert(1)">%{x}</a>'
    figure = board_figure([point(1, line=evil), point(2, "case-4"), point(3, "custom", 200)])
    assert [trace["marker"]["symbol"] for trace in figure["data"]] == ["circle", "diamond", "hexagon"]
    assert figure["data"][0]["text"] == ['&lt;a href="javascript:alert(1)"&gt;%{x}&lt;/a&gt;<br>more']
    assert "<a" not in str(figure)
    first, second = figure["data"][0]["x"][0], figure["data"][1]["x"][0]
    assert 90 < first < second < 110
    assert figure["layout"]["xaxis"]["tickvals"] == [100, 200]
    assert "Custom" in legend_html([point(3, "custom")])


def test_three_hundred_marks_fit_and_an_empty_board_has_axes() -> None:
    many = [point(n, f"case-{n % 4 + 1}", 30 * (1 + n % 40)) for n in range(300)]
    figure = board_figure(many, big=True)
    low, high = figure["layout"]["xaxis"]["range"]
    assert all(10**low < x < 10**high for trace in figure["data"] for x in trace["x"])
    assert len(figure["layout"]["xaxis"]["tickvals"]) <= 8
    assert board_figure([])["data"] == []
