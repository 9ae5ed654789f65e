"""What a teacher allows: which controls are free, locked or hidden, how large runs may be, whether new ones may start."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from tl_core.budget import make_budget
from tl_core.class_errors import ClassError, RunRefused
from tl_core.experiment import MAX_EPOCHS, MAX_IMAGES, Experiment
from tl_core.language import _

FREE, LOCKED, HIDDEN = "free", "locked", "hidden"
# each control, and the settings that it is for
CONTROLS = {
    "data": ("data",),
    "images": ("num_images",),
    "similarity": ("distance", "similarity"),
    "network": ("network",),
    "recipe": ("auto", "recipe", "cut", "freeze", "init"),
    "options": ("seed", "epochs", "seconds", "lr", "mirror"),
}
_GIVEN_LONGEST = 500  # characters of a setting


@dataclass(frozen=True)
class Rules:
    """- `paused`: no new runs; `closed`: nobody else may join; `show_guesses`: the members see the tally of guesses.
    - `max_images`, `max_epochs`: None for no limit.
    - `locked`, `hidden`: names of `CONTROLS`; the values they are fixed at are in `given`, settings as in an address.
    """

    paused: bool = False
    closed: bool = False
    show_guesses: bool = False
    max_images: int | None = None
    max_epochs: int | None = None
    locked: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("paused", "closed", "show_guesses"):
            if not isinstance(getattr(self, name), bool):
                raise ClassError(
                    _("'{name}' must be yes or no. Received: {value}.", name=name, value=getattr(self, name))
                )
        for name, low, high in (("max_images", 10, MAX_IMAGES), ("max_epochs", 1, MAX_EPOCHS)):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int) and low <= value <= high):
                raise ClassError(
                    _(
                        "A limit must be a whole number from {low:,} to {high:,}. Received: {value}.",
                        low=low,
                        high=high,
                        value=str(value)[:20],
                    )
                )
        for name in ("locked", "hidden"):  # in one order, each once, none that is unknown
            object.__setattr__(self, name, tuple(control for control in CONTROLS if control in getattr(self, name)))
        kept = {str(key)[:40]: str(value)[:_GIVEN_LONGEST] for key, value in list(self.given.items())[:40]}
        object.__setattr__(self, "given", kept)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The controls that members cannot change."""
        return tuple(control for control in CONTROLS if control in self.locked or control in self.hidden)

    def state_of(self, control: str) -> str:
        return HIDDEN if control in self.hidden else LOCKED if control in self.locked else FREE

    def change(self, **values: Any) -> "Rules":
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Rules":
        """Fields that this version does not know are left out."""
        names = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in names})


def settings_of(controls: tuple[str, ...]) -> set[str]:
    """Names of the settings that some controls are for."""
    return {name for control in controls for name in CONTROLS[control]}


def allowed_with(rules: Rules, experiment: Experiment, default_images: int | None = None) -> Experiment:
    """The experiment as the class may run it; what it leaves open is kept within the limits.

    `default_images`: how many images are used where none are named, None for all of them. Raises `RunRefused`.
    """
    if rules.paused:
        raise RunRefused(
            _("Your teacher has paused new runs. Wait until they go on; what runs already is not stopped.")
        )
    if rules.max_images is not None:
        if experiment.num_images is not None and experiment.num_images > rules.max_images:
            raise RunRefused(
                _(
                    "Your class may use at most {most:,} images for a run. Received: {number:,}. Move the slider to the left.",
                    most=rules.max_images,
                    number=experiment.num_images,
                )
            )
        if experiment.num_images is None and (default_images is None or default_images > rules.max_images):
            experiment = replace(experiment, num_images=rules.max_images)
    if rules.max_epochs is not None:
        if experiment.epochs is not None and experiment.epochs > rules.max_epochs:
            raise RunRefused(
                _(
                    "Your class may train for at most {most:,} epochs. Received: {number:,}. Change it under Options.",
                    most=rules.max_epochs,
                    number=experiment.epochs,
                )
            )
        if experiment.epochs is None and _most_epochs(experiment) > rules.max_epochs:
            experiment = replace(experiment, epochs=rules.max_epochs)
    return experiment


def _most_epochs(experiment: Experiment) -> int:
    """No fewer than the epochs that this experiment would take of itself, whatever part of its images is for training."""
    images = experiment.num_images or 2
    recipe = experiment.make_recipe()
    return max(make_budget(experiment, recipe, max(2, images * part // 10)).total_epochs for part in range(5, 11))
