"""What a run's numbers say: intervals, confusion, and a sentence on over- or underfitting. NumPy only."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

FEWEST_HELD_OUT = 20  # the noise of their accuracy is about 20 points either way
Z95 = 1.959964  # 97.5 % point of the normal distribution


def wilson_interval(num_right: int, num_images: int) -> tuple[float, float]:
    """95 % interval (low, high) for an accuracy, both 0..1; (0, 1) without any image.

    Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001), which keeps its promise for few
    images and for accuracies near 0 and 1, where the plain normal interval does not.
    """
    if num_images == 0:
        return 0.0, 1.0
    p, n, z2 = num_right / num_images, num_images, Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # rounding must not put the accuracy itself outside
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """(num_classes, num_classes) counts: row = true class, column = predicted class."""
    return np.bincount(true * num_classes + predicted, minlength=num_classes**2).reshape(num_classes, num_classes)


def fitting_verdict(epochs: Sequence[dict], num_train: int, num_val: int, num_trainable: int) -> str:
    """One sentence or two on over- or underfitting, from the `epoch` events (as JSON) of a run.

    Speaks of a gap only where it is larger than the 95 % noise of the held-out accuracy.
    """
    if len(epochs) < 3:
        return "Too few epochs to tell over- from underfitting."
    if num_val < FEWEST_HELD_OUT:
        return f"Only {num_val:,} held-out images: too few to tell whether the network overfits."
    best = max(epochs, key=lambda e: (e["val_accuracy"], -e["val_loss"]))
    last = epochs[-1]
    lowest = min(epochs, key=lambda e: e["val_loss"])
    noise = Z95 * sqrt(max(0.01, best["val_accuracy"] * (1 - best["val_accuracy"])) / max(1, num_val))
    gap = best["train_accuracy"] - best["val_accuracy"]
    percent = {key: f"{100 * best[key]:.0f} %" for key in ("train_accuracy", "val_accuracy")}
    rising = last["epoch"] - lowest["epoch"] >= 3 and last["val_loss"] > 1.1 * lowest["val_loss"]
    if rising and last["train_loss"] < lowest["train_loss"]:
        return (
            f"Overfitting: after epoch {lowest['epoch']} the loss on the held-out images rose from "
            f"{lowest['val_loss']:.2f} to {last['val_loss']:.2f} while the training loss went on falling. "
            f"{num_trainable:,} weights were learnt from {num_train:,} images. The best epoch was kept."
        )
    if gap > max(noise, 0.05):
        return (
            f"Some overfitting: {percent['train_accuracy']} of the training images are right, but only "
            f"{percent['val_accuracy']} of the held-out ones. "
            f"{num_trainable:,} weights were learnt from {num_train:,} images."
        )
    if best["train_accuracy"] < 0.6:
        return (
            f"Underfitting: even of the training images only {percent['train_accuracy']} are right. "
            "More epochs, more trained layers or better features would help; more images alone would not."
        )
    if gap > noise:
        return (
            f"A small gap: {percent['train_accuracy']} of the training images are right and {percent['val_accuracy']} of "
            "the held-out ones."
        )
    return (
        f"No overfitting to speak of: training images {percent['train_accuracy']}, held-out images "
        f"{percent['val_accuracy']}, which is within the noise of {num_val:,} held-out images."
    )
