"""What the map says for the present settings, and how sure that is."""

from dataclasses import dataclass

from frame.datasets import DataInfo
from frame.settings import Settings
from tl_core.cases import Case
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
        return Prescription(similar, different, "what do you think?", None, None)
    if data.measurement is None:
        doubt = "measuring how similar the pictures are" if data.waiting else "similarity not measured"
        return Prescription(similar, different, doubt, None, None)
    interval = value, low, high = _measured(data)
    if not data.measurement.get("can_tell", True):
        return Prescription(similar, different, "too few pictures to tell how similar they are", None, interval)
    case = settings.case(value, size)
    others = [other for end in (low, high) if (other := settings.case(end, size)) != case]
    doubt = f"A close call: the interval reaches into case {others[0].number}. Try both." if others else ""
    return Prescription(case, others[0] if others else None, doubt, value, interval)


def measured_text(data: DataInfo) -> str:
    """The measurement in words: what the number means, and what to do where it says little."""
    measurement = data.measurement
    if measurement is None:
        return "Measuring how similar these pictures are to what the network knows ..." if data.waiting else ""
    value, low, high = _measured(data)
    if not measurement.get("can_tell", True):
        return measurement["why"]
    text = f"On these pictures {advantage_text(measurement['advantage'])}."
    if is_wide((value, low, high)):
        return f"{text} The interval is wide, so this says little: more pictures of each class would narrow it."
    if measurement["num_probed"] < 100:
        return f"{text} Only {measurement['num_probed']} pictures: too few to measure it well."
    return text


def advantage_text(advantage: float) -> str:
    """What the pre-trained top layer is worth: the share of an untrained network's mistakes that it does not make."""
    fewer = round(100 * advantage)
    return f"the network's top layer makes {f'{fewer} %' if fewer > 0 else 'no'} fewer mistakes than an untrained network would"


def _measured(data: DataInfo) -> tuple[float, float, float]:
    return tuple(data.measurement[key] for key in ("similarity", "similarity_low", "similarity_high"))
