"""What a visitor has set, as one value that goes into the URL and comes back from it. No Streamlit in here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tl_core.cases import Bonus, Case, Thresholds, find_recipe, recommend
from tl_core.data.owned import UPLOAD_NAME
from tl_core.errors import ExperimentError, UserError, known
from tl_core.experiment import MAX_IMAGES, Experiment
from tl_core.language import _, retold
from tl_core.networks import get_network
from tl_core.plan import layer_plan

IMAGINED = "imagine"  # a data set that is only thought of: any size, any similarity, nothing to train on
AUTO = "auto"  # the recipe that the map prescribes


@dataclass(frozen=True)
class Settings:
    """An experiment, and what the map needs beside it.

    - `experiment.recipe` counts only when `auto` is false; else the map's quadrant decides.
    - `similarity`: of an imagined data set, 0..1.
    - `guess`: whether the visitor is asked to guess the similarity before it is shown.
    """

    experiment: Experiment = field(default_factory=lambda: Experiment(data=IMAGINED, num_images=500))
    auto: bool = True
    similarity: float = 0.8
    thresholds: Thresholds = Thresholds()
    guess: bool = True

    @property
    def imagined(self) -> bool:
        return self.experiment.data == IMAGINED

    def change(self, **values: Any) -> "Settings":
        """A copy with some of the experiment's or the map's values replaced."""
        own = {key: values.pop(key) for key in list(values) if key in ("auto", "similarity", "thresholds", "guess")}
        return replace(self, experiment=replace(self.experiment, **values), **own)

    def case(self, similarity: float, num_images: int | None = None) -> Case:
        """The quadrant for a similarity of 0..1, whatever recipe was chosen."""
        return recommend(num_images or self.experiment.num_images or 1, similarity, self.thresholds)

    def resolved(self, case: Case) -> Experiment:
        """The experiment with the prescribed recipe put in where none was chosen."""
        return replace(self.experiment, recipe=case.name) if self.auto else self.experiment

    def to_query(self) -> dict[str, str]:
        query = self.experiment.to_query()
        query.pop("recipe", None)
        if not self.auto:
            query["recipe"] = self.experiment.recipe
        if self.imagined:
            query["similarity"] = f"{self.similarity:g}"
        default = Thresholds()
        if self.thresholds.num_images != default.num_images:
            query["small"] = str(self.thresholds.num_images)
        if self.thresholds.similarity != default.similarity:
            query["similar"] = f"{self.thresholds.similarity:g}"
        if not self.guess:
            query["guess"] = "off"
        return query

    @classmethod
    def from_query(
        cls,
        query: Mapping[str, str],
        data_names: list[str],
        open_upload: Callable[[str], str | None] = lambda spec: None,
    ) -> tuple["Settings", list[str]]:
        """Settings from URL parameters, and one sentence for each part of the link that was ignored.

        `open_upload` gives the exact name of an upload that this visitor may see, None for all others.
        """
        default = cls()
        query = dict(query)
        auto = query.get("recipe", AUTO) == AUTO
        if auto:  # the map decides, so there is nothing of one's own to keep
            for key in ("recipe", "cut", "freeze", "init"):
                query.pop(key, None)
        experiment, notes = Experiment.from_query({"data": IMAGINED, **query})
        if not auto and any("'recipe'" in note for note in notes):
            auto = True
            experiment = replace(experiment, cut=None, freeze=None, init=None)
        experiment, more = _check_names(experiment, [IMAGINED, *data_names], open_upload)
        notes += more
        if experiment.data == IMAGINED and experiment.num_images is None:
            experiment = replace(experiment, num_images=default.experiment.num_images)

        def number(key: str, fallback: float, low: float, high: float) -> float:
            try:
                value = float(query.get(key, fallback))
            except ValueError:
                value = low - 1
            if low <= value <= high:
                return value
            notes.append(
                _(
                    "The link's setting '{key}' was ignored: it must be a number from {low:g} to {high:,.10g}. "
                    "Received: '{received}'.",
                    key=key,
                    low=low,
                    high=high,
                    received=query[key],
                )
            )
            return fallback

        thresholds = Thresholds(
            int(number("small", default.thresholds.num_images, 10, MAX_IMAGES)),
            number("similar", default.thresholds.similarity, 0.0, 1.0),
        )
        if (guess := query.get("guess", "on")) not in ("on", "off"):
            notes.append(
                _(
                    "The link's setting 'guess' was ignored: it must be 'on' or 'off'. Received: '{received}'.",
                    received=guess,
                )
            )
        return cls(
            experiment, auto, round(number("similarity", default.similarity, 0.0, 1.0), 2), thresholds, guess != "off"
        ), notes


def _check_names(
    experiment: Experiment, data_names: list[str], open_upload: Callable[[str], str | None]
) -> tuple[Experiment, list[str]]:
    """Replace unknown data sets, networks and stages by the defaults, with a sentence for each."""
    notes = []
    if is_upload(experiment.data):
        spec = open_upload(experiment.data)
        if spec is None:
            notes.append(
                _(
                    "This upload belongs to someone else or is gone. Upload the pictures yourself on the page 'My images'."
                )
            )
        experiment = replace(experiment, data=spec) if spec else replace(experiment, data=IMAGINED, distance=0.0)
    elif experiment.data not in data_names:
        notes.append(
            _("The link's data set was ignored: {error}", error=known("data set", experiment.data, data_names))
        )
        experiment = replace(experiment, data=IMAGINED, distance=0.0)
    try:
        network = get_network(experiment.network)
    except UserError as error:
        notes.append(_("The link's network was ignored: {error}", error=retold(str(error))))
        experiment = replace(experiment, network=Experiment().network, cut=None, freeze=None)
        network = get_network(experiment.network)
    try:
        layer_plan(network, experiment.make_recipe(), 2)
    except UserError as error:
        notes.append(_("The link's recipe was ignored: {error}", error=retold(str(error))))
        experiment = replace(experiment, recipe=Experiment().recipe, cut=None, freeze=None, init=None)
    return experiment, notes


def is_upload(name: str) -> bool:
    """Whether a data set's name is that of uploaded pictures, with or without a version."""
    return UPLOAD_NAME.fullmatch(name) is not None


def case_of(experiment: Experiment) -> Case | Bonus | None:
    """The case or bonus recipe that an experiment follows; None for a custom one."""
    try:
        return find_recipe(experiment.make_recipe().name)
    except ExperimentError:
        return None
