"""What the map says for the present settings, and how sure that is."""

from dataclasses import dataclass

from frame.datasets import DataInfo
from frame.settings import Settings
from tl_core.cases import Case


@dataclass(frozen=True)
class Prescription:
    """The case of the map; `other` is the one it might be instead, and `doubt` says why.

    `similarity` is None while, or because, it was not measured; then `case` is the one for similar data.
    """

    case: Case
    other: Case | None
    doubt: str
    similarity: float | None
    interval: tuple[float, float, float] | None


def prescribe(settings: Settings, data: DataInfo, size: int) -> Prescription:
    if settings.imagined:
        return Prescription(settings.case(settings.similarity, size), None, "", settings.similarity, None)
    if data.measurement is None:
        doubt = "measuring how similar the pictures are" if data.waiting else "similarity not measured"
        return Prescription(settings.case(1.0, size), settings.case(0.0, size), doubt, None, None)
    value, low, high = (data.measurement[key] for key in ("similarity", "similarity_low", "similarity_high"))
    case = settings.case(value, size)
    others = [other for end in (low, high) if (other := settings.case(end, size)) != case]
    doubt = f"A close call: the interval reaches into case {others[0].number}. Try both." if others else ""
    return Prescription(case, others[0] if others else None, doubt, value, (value, low, high))


def measured_text(data: DataInfo) -> str:
    """The measurement in words, without an interval where clipping leaves none."""
    measurement = data.measurement
    if measurement is None:
        return "Measuring how similar these pictures are to what the network knows ..." if data.waiting else ""
    value, low, high = (measurement[key] for key in ("similarity", "similarity_low", "similarity_high"))
    if high == 0:
        text = "Similarity measured: 0. The pre-trained top layer helps no more here than an untrained network would."
    else:
        text = f"Similarity measured: {value:.2f}, 95 % interval {low:.2f} to {high:.2f}."
    few = measurement["num_probed"] < 100
    return f"{text} Only {measurement['num_probed']} pictures: too few to measure it well." if few else text
