"""What is raced: recipes, seeds or sizes, the guess, and the button that starts it."""

from dataclasses import dataclass, replace

import streamlit as st

from frame.class_room import most_images
from frame.datasets import DataInfo
from frame.experiment_bar import num_images
from frame.prescription import Prescription, prescribe
from frame.presses import forget_press, press_button, take_press
from frame.race_data import start_race
from frame.race_guess import ask_guess, forget_guess
from frame.services import get_engine
from frame.settings import AUTO, Settings
from frame.text import plain
from frame.time_limit import choose_time_limit, offer_time_limit
from tl_core.cases import CASE_NAMES, RECIPE_NAMES
from tl_core.errors import UserError
from tl_core.language import _, many, mark, retold
from tl_core.race import (
    FEWEST_RECIPES,
    MOST_RECIPES,
    RECIPES,
    SEEDS,
    SIZES,
    Guess,
    Race,
    most_seeds,
    preset,
    seeds_from,
    sizes_of,
)
from tl_core.race_words import duration
from tl_core.recipe_marks import recipe_name, recipe_title

_KINDS = {RECIPES: mark("Recipes against each other"), SIZES: mark("Two recipes, more and more images")}


@dataclass(frozen=True)
class _Choice:
    kind: str
    recipes: tuple[str, ...]
    sizes: tuple[int | None, ...]


def race_setup(settings: Settings, data: DataInfo, busy: bool) -> None:
    """The choices and *Start the race*; `busy`: the visitor's own race, which is shown, is not over yet."""
    size = num_images(settings, data)
    most = most_images()
    if most is not None and size > most:  # what the class may use; the map is asked about no more either
        size, settings = most, settings.change(num_images=most)
    prescription = prescribe(settings, data, size)
    known = prescription.case.name if prescription.similarity is not None else None
    kind = st.segmented_control(
        _("What to race"), list(_KINDS), format_func=lambda name: _(_KINDS[name]), default=RECIPES, required=True,
        key="race_kind",
    )  # fmt: skip
    left, middle, right = st.columns([5, 2, 1.5], gap="medium")
    with left:
        choice = (
            _choose_sizes(settings, data, size, prescription)
            if kind == SIZES
            else _choose_recipes(settings, prescription, known)
        )
    with middle:
        count = _choose_seeds(choice)
    with right:
        choose_time_limit(settings, "race_seconds")
    guess = ask_guess(choice.recipes, choice.kind) if settings.guess else Guess()
    waiting = data.waiting and data.measurement is None  # the prescription would not be stored with the race
    ready = data.description is not None and not waiting and bool(choice.sizes)
    ready = ready and FEWEST_RECIPES <= len(set(choice.recipes)) <= MOST_RECIPES

    def race() -> Race:
        return Race(
            base=_base(settings),
            recipes=choice.recipes,
            seeds=seeds_from(settings.experiment.seed, count),
            sizes=choice.sizes,
            num_images=size,
            kind=choice.kind,
            prescribed=known,
            similarity=prescription.interval if known else None,
            thresholds=settings.thresholds,
            guess=guess,
        )

    if press := take_press("race_start", ready=ready, waiting=bool(data.waiting), busy=busy):
        try:
            press.result = press.result or start_race(race())
        except UserError as error:
            forget_press("race_start")
            st.toast(plain(retold(str(error))))
        else:
            st.session_state.race_id = press.result
            forget_guess()
            forget_press("race_start")
            st.rerun()

    runs = count * len(choice.recipes) * len(choice.sizes)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        press_button(_("Start the race"), type="primary", disabled=not ready or busy, key="race_start")
        words = _start_words(choice, runs, busy)
        each = get_engine().expected_each(race().experiments()) if ready and not busy else None
        if each:
            time = duration(get_engine().together(each))
            words += " " + (
                _("About {time} of training on this machine, if no run ends earlier.", time=time)
                if settings.experiment.seconds
                else _("About {time} on this machine.", time=time)
            )
        st.markdown(words)
        if each and settings.experiment.seconds is None:
            offer_time_limit(each)


def _base(settings: Settings):
    """The experiment without a recipe of its own: each entry puts in its own."""
    return replace(settings.experiment, recipe="case-1", cut=None, freeze=None, init=None)


def _choose_recipes(settings: Settings, prescription: Prescription, known: str | None) -> _Choice:
    chosen = None if settings.auto else settings.experiment.recipe
    key = f"race_recipes_{chosen or AUTO}"

    picked = st.multiselect(
        _("Recipes"), list(RECIPE_NAMES), default=preset(known, chosen, CASE_NAMES), format_func=recipe_name,
        max_selections=MOST_RECIPES, key=key,
        help="\n".join(f"- {recipe_title(name)}" for name in RECIPE_NAMES),
    )  # fmt: skip
    if known:
        st.markdown(_("The map's choice for these pictures: **{recipe}**.", recipe=recipe_title(known)))
    ordered = tuple(name for name in RECIPE_NAMES if name in picked)
    return _Choice(RECIPES, ordered, (settings.experiment.num_images,))


def _choose_sizes(settings: Settings, data: DataInfo, size: int, prescription: Prescription) -> _Choice:
    first = prescription.case.name
    if not settings.auto and settings.experiment.recipe in RECIPE_NAMES:
        first = settings.experiment.recipe
    other = next(name for name in ("case-3", "case-1") if name != first)
    columns = st.columns(2, gap="medium")
    picked = []
    for column, key, default, label in (
        (columns[0], "first", first, _("One recipe")),
        (columns[1], "second", other, _("Against")),
    ):
        name = column.selectbox(
            label, list(RECIPE_NAMES), index=list(RECIPE_NAMES).index(default), format_func=recipe_name,
            key=f"race_{key}_{first}",
        )  # fmt: skip
        picked.append(name)
    sizes, left_out = sizes_of(size, data.num_classes or 2)
    last = settings.experiment.num_images
    if left_out:
        st.markdown(
            _(
                "Left out, since fewer than two images of each class: {sizes} images.",
                sizes=", ".join(_("{n:,}", n=each) for each in left_out),
            )
        )
    if len(sizes) < 2:
        return _Choice(SIZES, tuple(picked), ())
    return _Choice(SIZES, tuple(picked), (*sizes[:-1], last))


def _choose_seeds(choice: _Choice) -> int:
    most = most_seeds(len(choice.recipes), len(choice.sizes))
    return st.segmented_control(
        _("Runs of each (seeds)"), list(range(1, most + 1)), default=min(SEEDS, most), required=True,
        key=f"race_seeds_{most}",
        help=_("Every seed draws other training images and other first weights. Without several, luck looks like skill."),
    )  # fmt: skip


def _start_words(choice: _Choice, runs: int, busy: bool) -> str:
    if busy:
        return _("The race below is still going on.")
    if len(set(choice.recipes)) < FEWEST_RECIPES:
        return _("A race needs two different recipes.")
    if not choice.sizes:
        return _("Too few images for a learning curve: choose a larger number of images above.")
    if choice.kind == SIZES:
        sizes = many("{number} number of images", "{number} numbers of images", len(choice.sizes))
        return _("{sizes}, two recipes: {runs} runs.", sizes=sizes, runs=runs)
    return _("{runs} runs: the first seed of every recipe, then the next.", runs=runs)
