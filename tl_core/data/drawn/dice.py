"""Random numbers that depend on nothing but (set, seed, picture): any picture of a set can be drawn alone."""

import hashlib

import numpy as np

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53


def _mix(state: np.ndarray) -> np.ndarray:
    """SplitMix64's output function (Steele et al. 2014, "Fast splittable pseudorandom number generators"), uint64."""
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return state ^ (state >> np.uint64(31))


class Dice:
    """One stream of numbers for each of B pictures; every throw gives (B,) float64 or bool.

    The streams are counted, not carried along, so picture i gets the same numbers whatever is drawn beside it.
    """

    def __init__(self, name: str, seed: int, indices: np.ndarray):
        key = int.from_bytes(hashlib.sha256(f"{name}\0{seed}".encode()).digest()[:8], "little")
        self.count = len(indices)
        self._base = _mix(np.asarray(indices).astype(np.uint64) * _STEP + np.uint64(key))
        self._throws = 0

    def uniform(self, low: float | np.ndarray = 0.0, high: float | np.ndarray = 1.0) -> np.ndarray:
        return low + (np.asarray(high) - low) * self._unit(1)[:, 0]

    def chance(self, probability: float) -> np.ndarray:
        return self._unit(1)[:, 0] < probability

    def about(self, value: float | np.ndarray, spread: float) -> np.ndarray:
        """`value` times a factor between 1 - spread and 1 + spread, those near 1 more often."""
        return value * (1 + spread * (self._unit(2).sum(1) - 1))

    def pick(self, choices: np.ndarray) -> np.ndarray:
        """One of `choices` (K, ...) for each picture."""
        return choices[(self._unit(1)[:, 0] * len(choices)).astype(np.int64)]

    def field(self, number: int) -> np.ndarray:
        """(B, number) uint64, all bits random."""
        steps = np.arange(self._throws + 1, self._throws + 1 + number, dtype=np.uint64) * _STEP
        self._throws += number
        return _mix(self._base[:, None] + steps)

    def _unit(self, number: int) -> np.ndarray:
        return (self.field(number) >> np.uint64(11)).astype(np.float64) * _UNIT
