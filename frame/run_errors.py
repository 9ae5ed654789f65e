"""Where a finished run is wrong: its surest mistakes, and the pictures behind each cell of the confusion matrix."""

from collections.abc import Sequence
from concurrent.futures import Future
from html import escape
from typing import Any

import streamlit as st

from frame.datasets import redraw_when_done
from frame.pick_plot import pick_plot, picked_point
from frame.places import in_place
from frame.run_exam import exam_of, pictures_of, ready
from frame.text import plain
from frame.try_picture import percent
from tl_core.experiment import Experiment
from tl_core.figures import confusion_figure
from tl_core.language import _, many, retold
from tl_core.mistakes import ExamAnswers, largest_mistake
from tl_core.networks import get_network
from tl_core.store import Run

MOST_CLASSES = 60  # in a confusion matrix that can still be read
WORST_AT_FIRST = 12
WORST_STEP = 12
MOST_WORST = 48
MOST_IN_CELL = 24
_SMALL = 64  # px; up to this side a picture is shown pixel by pixel


@in_place
def show_run_errors(run: Run, started: dict[str, Any], finished: dict[str, Any]) -> None:
    """The mistakes of a run whose `started` and `finished` events these are."""
    classes, confusion = started["classes"], finished["confusion"]
    st.subheader(_("Where it is wrong"), anchor=False)
    wrong = started["num_test"] - sum(confusion[label][label] for label in range(len(classes)))
    if not wrong:
        st.markdown(
            many(
                "No mistake on the {number:,} test image.",
                "No mistakes on the {number:,} test images.",
                started["num_test"],
            )
        )
    answers = exam_of(run, started["num_test"])
    if answers is not None:
        answers = _checked(answers, confusion)
    if answers is not None and wrong:
        _worst(run, answers, classes)
    _cells(run, answers, classes, confusion)


@in_place
def _checked(answers: ExamAnswers, confusion: list[list[int]]) -> ExamAnswers | None:
    """The answers if they are those of the same exam; the page says what differs."""
    changed = answers.num_changed(confusion)
    if changed is None:
        st.markdown(
            _(
                "The data set has changed since this run: other images would be tested now, so its pictures cannot be shown. "
                "The counts are those of the run."
            )
        )
        return None
    if changed:
        st.markdown(
            many(
                "{number:,} test image is answered differently now than at the end of the run, because another processor "
                "rounds differently; the counts of the matrix are those of the run.",
                "{number:,} test images are answered differently now than at the end of the run, because another processor "
                "rounds differently; the counts of the matrix are those of the run.",
                changed,
            )
        )
    return answers


@in_place
def _worst(run: Run, answers: ExamAnswers, classes: list[str]) -> None:
    rows = answers.worst()
    key = f"worst_shown_{run.id}"

    def shown() -> int:
        return min(len(rows), st.session_state.get(key, WORST_AT_FIRST))

    awaited = pictures_of(run, answers, rows[: shown()])
    waiting = not ready(awaited)
    redraw_when_done((awaited,) if waiting else ())

    @st.fragment
    def gallery() -> None:
        count = shown()
        st.markdown(
            many(
                "**The surest mistakes:** {wrong:,} of the {number:,} test image got a wrong answer; the one with the highest "
                "confidence, in per cent, comes first.",
                "**The surest mistakes:** {wrong:,} of the {number:,} test images got a wrong answer; those with the highest "
                "confidence, in per cent, come first.",
                len(answers.true),
                wrong=len(rows),
            )
        )
        future = pictures_of(run, answers, rows[:count])
        here = ready(future)  # before they are drawn, or blank squares would stay where the answer came just after
        _tiles(run, answers, rows[:count], future, classes, named=True)
        if count < min(len(rows), MOST_WORST):
            st.button(
                _("Show more mistakes"),
                key=f"worst_more_{run.id}",
                on_click=lambda: st.session_state.update({key: count + WORST_STEP}),
            )
        elif count < len(rows):
            st.markdown(_("The other {n:,} are behind the cells below.", n=len(rows) - count))
        if not here and not waiting:
            st.rerun()

    gallery()


def _cells(run: Run, answers: ExamAnswers | None, classes: list[str], confusion: list[list[int]]) -> None:
    """The matrix, and two boxes that choose a cell as a click does."""
    true_key, predicted_key, plot_key = f"cell_true_{run.id}", f"cell_predicted_{run.id}", f"confusion_{run.id}"
    labels = range(len(classes))

    def chosen() -> tuple[int, int]:
        cell = st.session_state.get(true_key), st.session_state.get(predicted_key)
        return cell if cell[0] in labels and cell[1] in labels else largest_mistake(confusion)

    def pick() -> None:
        point = picked_point(plot_key)
        if point is not None and all(round(value) in labels for value in point):
            st.session_state[predicted_key], st.session_state[true_key] = (round(value) for value in point)

    def awaited(cell: tuple[int, int]) -> tuple[Sequence[int], Future | None]:
        if answers is None:
            return (), None
        rows = answers.cell(*cell)[:MOST_IN_CELL]
        return rows, pictures_of(run, answers, rows) if len(rows) else None

    pictures = awaited(chosen())[1]
    waiting = pictures is not None and not ready(pictures)
    redraw_when_done((pictures,) if waiting else ())

    @st.fragment
    def area() -> None:
        true, predicted = cell = chosen()
        st.session_state[true_key], st.session_state[predicted_key] = cell  # also where it is there: see frame.agreed
        left, right = st.columns([5, 6], gap="large")
        with left:
            st.markdown(_("**Confusion matrix:** for each true class, how many test images were given each class."))
            if len(classes) <= MOST_CLASSES:
                dark = st.context.theme.type == "dark"
                figure = confusion_figure(confusion, classes, dark=dark, chosen=cell)
                alt = _("Confusion matrix of {n:,} classes; the boxes beside it choose a cell.", n=len(classes))
                pick_plot(figure, alt=alt, key=plot_key, on_pick=pick)
            else:
                st.markdown(_("It is too large to draw with {n:,} classes; choose a cell here.", n=len(classes)))
        with right:
            st.markdown(_("**The pictures behind a cell:** click on one, or choose it here."))
            one, other = st.columns(2)
            one.selectbox(_("True class"), labels, format_func=lambda label: classes[label], key=true_key)
            other.selectbox(
                _("Predicted as"),
                labels,
                format_func=lambda label: _("{name} ({n:,})", name=classes[label], n=confusion[true][label]),
                key=predicted_key,
            )
            rows, future = awaited(cell)
            here = future is None or ready(future)
            st.markdown(_say_cell(confusion, classes, cell, len(rows) if answers is not None else None))
            if future is not None:
                _tiles(run, answers, rows, future, classes, named=False)
        if not here and not waiting:
            st.rerun()

    area()


def _say_cell(confusion: list[list[int]], classes: list[str], cell: tuple[int, int], num_shown: int | None) -> str:
    """How many are behind a cell, and how many of them are not shown."""
    true, predicted = cell
    count, total = confusion[true][predicted], sum(confusion[true])
    names = {"true": plain(classes[true]), "predicted": plain(classes[predicted]), "total": total}
    if not count and true == predicted:
        return _("None of the {total:,} test images of {true} is right.", **names)
    if not count:
        return _("None of the {total:,} test images of {true} was taken for {predicted}.", **names)
    if true == predicted:
        text = many(
            "{number:,} of the {total:,} test images of {true} is right.",
            "{number:,} of the {total:,} test images of {true} are right.",
            count,
            **names,
        )
    else:
        text = many(
            "{number:,} of the {total:,} test images of {true} was taken for {predicted}.",
            "{number:,} of the {total:,} test images of {true} were taken for {predicted}.",
            count,
            **names,
        )
    if num_shown is not None and num_shown < count and num_shown == MOST_IN_CELL:
        text += " " + _("The {shown} surest are shown, {more:,} more are not.", shown=num_shown, more=count - num_shown)
    return text


def _tiles(
    run: Run, answers: ExamAnswers, rows: Sequence[int], future: Future, classes: list[str], *, named: bool
) -> None:
    """The pictures, or blank squares of the same size until they are here. `named`: with their classes below them."""
    pictures: Sequence[str] = [""] * len(rows)
    if future.done():
        error = future.exception()
        if error is not None:
            st.error(plain(retold(str(error))))
            return
        pictures = future.result()
    size = get_network(Experiment.from_json(run.experiment).network).input_size
    tiles = "".join(
        _tile(
            picture, classes[answers.true[row]], classes[answers.predicted[row]], float(answers.confidence[row]), named
        )
        for picture, row in zip(pictures, rows, strict=True)
    )
    pixels = " tl-pixels" if size <= _SMALL else ""
    st.html(f'{_STYLE}<div class="tl-mistakes{pixels}" role="list">{tiles}</div>')


def _tile(picture: str, true: str, predicted: str, confidence: float, named: bool) -> str:
    values = {"true": true, "predicted": predicted, "share": percent(confidence)}
    if true == predicted:
        alt = _("Test picture of {true}, rightly predicted with {share} confidence", **values)
    else:
        alt = _("Test picture of {true}, taken for {predicted} with {share} confidence", **values)
    words = f"<span>{escape(values['share'])}</span>"
    if named:
        is_true, says = escape(_("is {true}", **values)), escape(_("says {predicted}", **values))
        words = f"<span>{is_true}</span><b>{says}</b>{words}"
    image = f'<img alt="{escape(alt)}" src="data:image/webp;base64,{picture}">' if picture else "<div></div>"
    return f'<figure role="listitem">{image}<figcaption title="{escape(alt)}">{words}</figcaption></figure>'


_STYLE = """<style>
.tl-mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(88px, 1fr)); gap: 14px 12px; }
.tl-mistakes figure { margin: 0; min-width: 0; }
.tl-mistakes :is(img, figure > div) { display: block; width: 100%; aspect-ratio: 1; border-radius: 4px; object-fit: cover;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.tl-mistakes.tl-pixels img { image-rendering: pixelated; }
.tl-mistakes figcaption { font-size: 0.85rem; line-height: 1.3; margin-top: 4px; font-variant-numeric: tabular-nums; }
.tl-mistakes figcaption :is(b, span) { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tl-mistakes figcaption b { font-weight: 600; white-space: normal; overflow-wrap: anywhere; }
</style>"""
