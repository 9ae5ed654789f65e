"""An experiment: everything a run depends on, as one value.

Widgets, lesson links, the command line, the queue and the report all derive from it. Two equal experiments have equal ids.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tl_core.cases import CUSTOM, RECIPE_NAMES, Recipe, make_recipe
from tl_core.errors import ExperimentError, known
from tl_core.language import _

MAX_IMAGES = 1_000_000
DEFAULT_NETWORK = "demo"
MAX_EPOCHS = 500
MAX_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Experiment:
    """What to train, on what, and how. `None` means: the sensible default for the case and the size of the data.

    - `data`: name of a data set in the catalogue, or a path to a folder, zip or tar of class folders.
    - `num_images`: images to learn from (training and validation together), None for all. Test images come on top.
    - `distance`: 0..1, the distance dial (see `tl_core.data.dial`): 0 leaves the images as they are.
    - `network`: name of a network in the catalogue.
    - `recipe`: `"case-1"` .. `"case-4"`, a bonus recipe's name or `"custom"`; `cut`, `freeze` and `init` replace the recipe's
      own choices.
    - `epochs`, `seconds`: the budget; training ends at whichever comes first.
    - `lr`, `weight_decay`, `batch_size`: of the optimiser; `lr` is that of the new layer.
    - `mirror`: whether mirror images may be learnt from too. Wrong where left and right matter: letters, road signs.
    """

    data: str = "digits"
    num_images: int | None = None
    distance: float = 0.0
    network: str = DEFAULT_NETWORK
    recipe: str = "case-1"
    cut: str | None = None
    freeze: str | None = None
    init: str | None = None
    seed: int = 0
    epochs: int | None = None
    seconds: float | None = None
    lr: float | None = None
    weight_decay: float | None = None
    batch_size: int | None = None
    mirror: bool | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.data, str) or not self.data.strip():
            raise ExperimentError(_("The data set must have a name or a path. Received: {data}.", data=self.data))
        if not isinstance(self.network, str) or not self.network:
            raise ExperimentError(_("The network must have a name. Received: {network}.", network=self.network))
        if self.recipe not in (*RECIPE_NAMES, CUSTOM):
            raise ExperimentError(known("recipe", self.recipe, [*RECIPE_NAMES, CUSTOM]))
        if self.init not in (None, "pretrained", "random"):
            raise ExperimentError(known("start of the weights", self.init, ["pretrained", "random"]))
        if self.mirror not in (None, True, False):
            raise ExperimentError(_("'mirror' must be true or false. Received: {mirror}.", mirror=self.mirror))
        for name, low, high, whole in _LIMITS:
            value = getattr(self, name)
            if value is None and name not in ("distance", "seed"):
                continue
            _check_number(name, value, low, high, whole)
        # 1 and 1.0 are the same setting and must give the same id
        for name, _low, _high, whole in _LIMITS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, int(value) if whole else float(value))

    @property
    def id(self) -> str:
        """16 hexadecimal digits that are equal for equal experiments."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:16]

    def make_recipe(self) -> Recipe:
        """The recipe with this experiment's own cut, freeze and init put in."""
        return make_recipe(self.recipe, self.cut, self.freeze, self.init)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Experiment":
        """Raises `ExperimentError` for an unknown field or a value out of range."""
        names = [f.name for f in fields(cls)]
        for key in data:
            if key not in names:
                raise ExperimentError(known("field of an experiment", key, names))
        return cls(**data)

    def to_query(self) -> dict[str, str]:
        """URL parameters: only what differs from the defaults, `data` always."""
        default = Experiment()
        values = {name: getattr(self, name) for name in _QUERY_NAMES}
        return {
            _QUERY_NAMES[name]: repr(value).removesuffix(".0")
            if isinstance(value, float)
            else str(value).lower()
            if name == "mirror"
            else str(value)
            for name, value in values.items()
            if value is not None and (name == "data" or value != getattr(default, name))
        }

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple["Experiment", list[str]]:
        """An experiment from URL parameters, and one sentence for each that had to be ignored."""
        values: dict[str, Any] = {}
        notes: list[str] = []
        for name, key in _QUERY_NAMES.items():
            if key not in query:
                continue
            try:
                value = _PARSERS.get(name, str)(query[key])
                cls(**{name: value})
            except (ValueError, KeyError, ExperimentError) as error:
                reason = (
                    str(error)
                    if isinstance(error, ExperimentError)
                    else _("'{key}' must be a number. Received: '{value}'.", key=key, value=query[key])
                )
                notes.append(_("The link's setting '{key}' was ignored: {reason}", key=key, reason=reason))
            else:
                values[name] = value
        return cls(**values), notes


_LIMITS: tuple[tuple[str, float, float, bool], ...] = (
    ("num_images", 2, MAX_IMAGES, True),
    ("distance", 0.0, 1.0, False),
    ("seed", 0, 2**31 - 1, True),
    ("epochs", 1, MAX_EPOCHS, True),
    ("seconds", 0.1, MAX_SECONDS, False),
    ("lr", 1e-7, 10.0, False),
    ("weight_decay", 0.0, 10.0, False),
    ("batch_size", 2, 4096, True),
)

_QUERY_NAMES = {f.name: f.name for f in fields(Experiment)} | {"num_images": "images", "batch_size": "batch"}
_PARSERS = {name: int if whole else float for name, _, _, whole in _LIMITS} | {"mirror": lambda text: _TRUTH[text]}
_TRUTH = {"true": True, "false": False}


def _check_number(name: str, value: object, low: float, high: float, whole: bool) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high or (whole and value != int(value)):
        kind = _("a whole number") if whole else _("a number")
        raise ExperimentError(
            _(
                "'{name}' must be {kind} from {low:,g} to {high:,.10g}. Received: {value}.",
                name=name,
                kind=kind,
                low=low,
                high=high,
                value=value,
            )
        )
