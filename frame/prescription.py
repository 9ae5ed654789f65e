"""What the map says for the present settings, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frame.datasets import DataInfo
from frame.settings import Settings
from tl_core.cases import Case
from tl_core.language import _, many, retold
from tl_core.quadrants import is_wide


@dataclass(frozen=True)
class Prescription:
    """The case of the map; `other` is the one it might be instead, and `doubt` says why.

    `similarity` is None while, or because, it was not measured or cannot be told; then `case` is the one for similar
    data. `interval`: value, low and high end of what was measured.
    """

    case: Case
    other: Case | None
    doubt: str
    similarity: float | None
    interval: tuple[float, float, float] | None


def prescribe(settings: Settings, data: DataInfo, size: int, asking: bool = False) -> Prescription:
    """The map's case for `size` images; `asking`: the measurement is kept back until the visitor has guessed."""
    if settings.imagined:
        return Prescription(settings.case(settings.similarity, size), None, "", settings.similarity, None)
    similar, different = settings.case(1.0, size), settings.case(0.0, size)
    if asking:
        return Prescription(similar, different, _("what do you think?"), None, None)
    if data.measurement is None:
        doubt = _("measuring how similar the pictures are") if data.waiting else _("similarity not measured")
        return Prescription(similar, different, doubt, None, None)
    interval = value, low, high = _measured(data)
    if not data.measurement.get("can_tell", True):
        return Prescription(similar, different, _("too few pictures to tell how similar they are"), None, interval)
    case = settings.case(value, size)
    others = [other for end in (low, high) if (other := settings.case(end, size)) != case]
    doubt = (
        _("A close call: the interval reaches into case {number}. Try both.", number=others[0].number) if others else ""
    )
    return Prescription(case, others[0] if others else None, doubt, value, interval)


def measured_text(data: DataInfo) -> str:
    """The measurement in words: what the number means, and what to do where it says little."""
    measurement = data.measurement
    if measurement is None:
        return _("Measuring how similar these pictures are to what the network knows ...") if data.waiting else ""
    value, low, high = _measured(data)
    if not measurement.get("can_tell", True):
        return retold(measurement["why"])
    text = _("On these pictures {finding}.", finding=advantage_text(measurement))
    if not measurement.get("reference_measured", True):
        rough = _(
            "How much this network helps on its own original pictures was not measured here, so the scale of the similarity is a "
            "rougher guess."
        )
        text = f"{text} {rough}"
    if is_wide((value, low, high)):
        return f"{text} {_('The interval is wide, so this says little: more pictures of each class would narrow it.')}"
    if measurement["num_probed"] < 100:
        few = many(
            "Only {number} picture: too few to measure it well.",
            "Only {number} pictures: too few to measure it well.",
            measurement["num_probed"],
        )
        return f"{text} {few}"
    return text


def advantage_text(measurement: Mapping[str, Any]) -> str:
    """What the pre-trained top layer is worth: the share of mistakes that it does not make, as far as its interval carries it."""
    share, low, high = (100 * measurement[key] for key in ("advantage", "advantage_low", "advantage_high"))
    if low > 0:
        return _(
            "the network's top layer makes {n:.0f} % fewer mistakes ({low:.0f} to {high:.0f} %) than the best there is without "
            "pre-training",
            n=share, low=low, high=high,
        )  # fmt: skip
    if high < 0:
        return _("the network's top layer makes more mistakes than the best there is without pre-training")
    return _(
        "nobody can tell whether the network's top layer makes fewer mistakes than the best there is without pre-training"
    )


def _measured(data: DataInfo) -> tuple[float, float, float]:
    return tuple(data.measurement[key] for key in ("similarity", "similarity_low", "similarity_high"))
