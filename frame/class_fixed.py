"""The controls that a lesson link or a class's teacher has taken out of the visitor's hands, and the values they are fixed at."""

from collections.abc import Collection
from typing import Any

import streamlit as st

from frame.class_store import rules
from frame.lesson_link import Lesson
from frame.services import get_catalogue
from frame.settings import Settings
from tl_core.class_errors import RunRefused
from tl_core.class_rules import CONTROLS, Rules, settings_of
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.language import _, mark
from tl_core.networks import get_network
from tl_core.plan import layer_plan

WORDS = {
    "data": mark("data set"),
    "images": mark("number of images"),
    "similarity": mark("similarity"),
    "network": mark("network"),
    "recipe": mark("recipe"),
    "options": mark("options of the training"),
}
_UNCHECKED = ("auto", "similarity")  # not settings of a run


def get_lesson() -> Lesson:
    return st.session_state.get("lesson", Lesson())


def hidden_controls() -> tuple[str, ...]:
    binding = rules() or Rules()
    return tuple(name for name in CONTROLS if name in binding.hidden or name in get_lesson().hidden)


def locked_controls() -> tuple[str, ...]:
    """Those that are shown, but cannot be changed."""
    binding = rules() or Rules()
    return tuple(name for name in binding.locked if name not in hidden_controls())


def without_fixed(settings: Settings, values: dict[str, Any]) -> dict[str, Any]:
    """Of changes that are wanted those that the visitor may make.

    A data set or a network that is kept keeps also what would have been set along with it.
    """
    fixed = settings_of((*hidden_controls(), *locked_controls()))
    refused = {name for name in values if name in fixed and values[name] != _value(settings, name)}
    if refused & {"data", "network"}:
        return {}
    return {name: value for name, value in values.items() if name not in refused}


def with_given(settings: Settings) -> Settings:
    """The settings with what the class's teacher has fixed put in."""
    binding = rules()
    if binding is None or not binding.fixed:
        return settings
    given = given_settings(binding)
    if given is None:
        return settings
    changed = settings.change(**{name: _value(given, name) for name in settings_of(binding.fixed)})
    try:
        layer_plan(get_network(changed.experiment.network), changed.experiment.make_recipe(), 2)
    except UserError:  # a recipe for the layers of another network
        return settings
    return changed


def given_settings(binding: Rules) -> Settings | None:
    """What the teacher had in the bar when the controls were fixed; None if the data set is fixed and not here any more."""
    given, _notes = Settings.from_query(binding.given, list(get_catalogue()))
    if "data" in binding.fixed and given.experiment.data != binding.given.get("data"):
        return None
    return given


def check_fixed(experiment: Experiment, varied: Collection[str] = ()) -> None:
    """Raises `RunRefused` for an experiment from a page that was drawn before the teacher fixed something.

    `varied`: settings that differ between the runs of a race, whatever the teacher has in the bar.
    """
    binding = rules()
    given = given_settings(binding) if binding is not None and binding.fixed else None
    if binding is None or given is None:
        return
    if given.auto:  # the map's choice, which depends on what was measured
        varied = {*varied, *CONTROLS["recipe"]}
    for control in binding.fixed:
        names = [name for name in CONTROLS[control] if name not in _UNCHECKED and name not in varied]
        if any(getattr(experiment, name) != _value(given, name) for name in names):
            raise RunRefused(
                _(
                    "Your teacher has fixed this setting meanwhile: {control}. The page shows it now; start again.",
                    control=_(WORDS[control]),
                )
            )


def _value(settings: Settings, name: str) -> Any:
    return getattr(settings, name) if name in _UNCHECKED else getattr(settings.experiment, name)
