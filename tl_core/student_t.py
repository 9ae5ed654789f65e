"""Quantiles of Student's t distribution, for means of a few runs. Without SciPy, which the server does not load."""

import functools
import math


def within(t: float, freedom: int) -> float:
    """Chance that a t-distributed value with `freedom` degrees of freedom lies between -t and t; t >= 0.

    The finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.
    """
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine2 = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term = total = math.cos(angle) if odd else 1.0
    for k in range(2 if odd else 1, freedom - 1, 2):
        term *= cosine2 * k / (k + 1)
        total += term
    if not odd:
        return sine * total
    return 2 / math.pi * (angle + (sine * total if freedom > 1 else 0.0))


@functools.lru_cache(maxsize=1024)
def quantile(share: float, freedom: int) -> float:
    """The t >= 0 with `within(t, freedom) == share`; 0 <= share < 1, freedom >= 1."""
    low, high = 0.0, 1.0
    while within(high, freedom) < share:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle, freedom) < share else (low, middle)
    return (low + high) / 2
