"""Do these pictures look like those that the network was trained on, whatever is on them?

A ridge classifier tries to tell them from a bank of the original pictures by what the first stages see (mean and deviation of
each map: colours, edges and textures, no shapes), each picture left out in its turn:

    gap = (2 * accuracy - 1 - null) / (1 - null)

0: it can only guess; 1: it never errs. `null` is what it reaches on original pictures against the bank. The idea is the
A-distance of Ben-David et al. 2007. Looks and usefulness are two things, and they can disagree.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open

from tl_core.evaluation import Z95
from tl_core.language import _, mark
from tl_core.networks import Network
from tl_core.probes import ridge_left_out

DIFFERENT = 0.5  # from this gap on the pictures look different
RIDGES = (1e-2,)
SPREAD = 1.25  # of the interval; see docs/similarity.md


@dataclass(frozen=True)
class Gap:
    """How different pictures look, 0..1, and a 95 % interval."""

    gap: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        return {"gap": self.gap, "low": self.low, "high": self.high}


def bank_path(network: Network) -> Path:
    """Where the bank of one of our own networks lies: beside its weights."""
    return network.weights_path.with_suffix(".bank.safetensors")


@functools.lru_cache(maxsize=4)
def _load_bank(path: Path, stamp: float) -> tuple[np.ndarray, float]:
    """Features (m, k) float32 of the bank and its `null`."""
    with safe_open(path, "np") as file:
        return file.get_tensor("looks").astype(np.float32), float(json.loads(file.metadata()["tl"])["null"])


def measure_gap(network: Network, features: np.ndarray | None) -> Gap | None:
    """The gap of pictures with early features (n, k), see `tl_core.stage_features`; None without a bank."""
    path = bank_path(network)
    if features is None or not network.builtin or not path.is_file():
        return None
    bank, null = _load_bank(path, path.stat().st_mtime)
    raw, error = separation(features, bank)
    ends = (np.array([raw, raw - Z95 * SPREAD * error, raw + Z95 * SPREAD * error]) - null) / (1 - null)
    return Gap(*(round(float(end), 4) for end in np.clip(ends, 0.0, 1.0)))


def separation(features: np.ndarray, bank: np.ndarray) -> tuple[float, float]:
    """2 * balanced accuracy - 1 of telling (n, k) from the bank (m, k), -1..1, and its standard error."""
    theirs = np.arange(len(features) + len(bank)) < len(features)
    side = np.where(theirs, 1.0, -1.0)
    scores = ridge_left_out(np.concatenate([features, bank]), side[:, None], RIDGES)[0, :, 0]
    line = (scores[theirs].mean() + scores[~theirs].mean()) / 2
    right = (scores > line) == theirs
    rates = [float(right[group].mean()) for group in (theirs, ~theirs)]
    counts = [len(features), len(bank)]
    # one more of each, so that nothing is certain
    spread = [(r * n + 1) / (n + 2) * (1 - (r * n + 1) / (n + 2)) / n for r, n in zip(rates, counts, strict=True)]
    return sum(rates) - 1.0, float(np.sqrt(sum(spread)))


def words(gap: Gap | None, similarity: tuple[float, float], line: float) -> str:
    """One sentence on looks and usefulness, and on no more than their intervals carry; '' without a gap.

    `similarity`: its interval (low, high); `line`: from where on pictures count as similar.
    """
    if gap is None:
        return ""
    low, high = similarity
    helps = True if low >= line else False if high < line else None
    differs = True if gap.low >= DIFFERENT else False if gap.high < DIFFERENT else None
    return _(_SENTENCES[differs, helps])


_SENTENCES = {  # by (whether they look different, whether what the network knows helps)
    (None, None): mark(
        "Whether these pictures look different from the network's own cannot be told; whether what the network knows helps "
        "cannot be told: it is too close to the line."
    ),
    (None, True): mark(
        "Whether these pictures look different from the network's own cannot be told, but what the network knows helps."
    ),
    (None, False): mark(
        "Whether these pictures look different from the network's own cannot be told, but what the network knows helps little."
    ),
    (True, None): mark(
        "These pictures look different from the network's own; whether what the network knows helps cannot be told: it is too "
        "close to the line."
    ),
    (True, True): mark("These pictures look different from the network's own, but what the network knows still helps."),
    (True, False): mark(
        "These pictures look different from the network's own, and what the network knows helps little."
    ),
    (False, None): mark(
        "These pictures look much like the network's own; whether what the network knows helps cannot be told: it is too close "
        "to the line."
    ),
    (False, True): mark("These pictures look much like the network's own, and what the network knows helps."),
    (False, False): mark("These pictures look much like the network's own, but what the network knows helps little."),
}
