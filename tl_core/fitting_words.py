"""Over- and underfitting in words, in the language spoken."""

from collections.abc import Sequence
from typing import Any

from tl_core.fitting import Contradiction, Fitting, judge
from tl_core.language import _


def fitting_verdict(epochs: Sequence[dict[str, Any]], num_train: int, num_val: int, num_trainable: int) -> str:
    """One sentence or two on over- or underfitting in a run that is over, from its `epoch` events (as JSON)."""
    return say_fitting(judge(epochs, num_train, num_val, num_trainable))


def say_fitting(fitting: Fitting, over: bool = True) -> str:
    """What was judged; '' while there is nothing to name. `over`: whether the run is."""
    if not over:
        return _say_now(fitting)
    train, val = 100 * fitting.train_accuracy, 100 * fitting.val_accuracy
    if fitting.kind == "early":
        return _("Too few epochs to tell over- from underfitting.")
    if fitting.kind == "few":
        return _("Only {n:,} held-out images: too few to tell whether the network overfits.", n=fitting.num_val)
    if fitting.kind == "rising":
        return _(
            "Overfitting: after epoch {since} the loss on the held-out images rose from {low:.3f} to {high:.3f}, while the "
            "training loss fell from {before:.3f} to {after:.3f}. {weights:,} weights were learnt from {images:,} images. "
            "The best epoch was kept.",
            **_losses(fitting),
        )
    if fitting.kind == "gap":
        return _(
            "Some overfitting: {train:.0f} % of the training images are right, but only {val:.0f} % of the held-out ones. "
            "{weights:,} weights were learnt from {images:,} images.",
            train=train, val=val, weights=fitting.num_trainable, images=fitting.num_train,
        )  # fmt: skip
    if fitting.kind == "underfitting":
        first = _("Underfitting: even of the training images only {train:.0f} % are right.", train=train)
        if fitting.since is None:
            return f"{first} " + _(
                "The training loss was still falling at the end: more epochs would help. More images alone would not."
            )
        return f"{first} " + _(
            "The training loss has hardly fallen since epoch {since}: more trained layers or better features would help. "
            "More images alone would not.",
            since=fitting.since,
        )
    if fitting.kind == "small gap":
        return _(
            "A small gap: {train:.0f} % of the training images are right and {val:.0f} % of the held-out ones.",
            train=train, val=val,
        )  # fmt: skip
    return _(
        "No overfitting to speak of: training images {train:.0f} %, held-out images {val:.0f} %, which is within the noise of "
        "{n:,} held-out images.",
        train=train, val=val, n=fitting.num_val,
    )  # fmt: skip


def _say_now(fitting: Fitting) -> str:
    if fitting.kind == "rising":
        return _(
            "Overfitting: the held-out loss has risen for {epochs} epochs, from {low:.3f} to {high:.3f}, while the training "
            "loss fell from {before:.3f} to {after:.3f}: {images:,} images for {weights:,} trained weights.",
            epochs=fitting.num_epochs, **_losses(fitting),
        )  # fmt: skip
    if fitting.kind == "gap":
        return _(
            "Overfitting begins: {train:.0f} % of the training images are right, but only {val:.0f} % of the held-out ones, "
            "since epoch {since}: {images:,} images for {weights:,} trained weights.",
            train=100 * fitting.train_accuracy, val=100 * fitting.val_accuracy, since=fitting.since,
            images=fitting.num_train, weights=fitting.num_trainable,
        )  # fmt: skip
    if fitting.kind == "underfitting":
        return _(
            "Underfitting: the training loss has hardly fallen for {epochs} epochs, and only {train:.0f} % of the training "
            "images are right.",
            epochs=fitting.num_epochs, train=100 * fitting.train_accuracy,
        )  # fmt: skip
    if fitting.kind == "ahead":
        return _(
            "Held-out above training is no error: training images are counted while an epoch is still learning from them, "
            "held-out images when it has ended. As long as a network learns quickly, that puts them ahead."
        )
    return ""


def mark_words(fitting: Fitting) -> tuple[str, str] | None:
    """What is written at `fitting.since` in the curves, and in which: 'loss' or 'accuracy'. None: nothing to mark."""
    if fitting.since is None:
        return None
    if fitting.kind == "rising":
        return _("held-out rises from here"), "loss"
    if fitting.kind == "gap":
        return _("gap from here on"), "accuracy"
    return (_("hardly falls from here"), "loss") if fitting.kind == "underfitting" else None


def say_contradiction(found: Contradiction) -> str:
    """One sentence or two: what contradicts what, and which to believe."""
    values = {
        "val": 100 * found.val_accuracy, "val_low": 100 * found.val_interval[0], "val_high": 100 * found.val_interval[1],
        "test": 100 * found.test_accuracy, "low": 100 * found.test_interval[0], "high": 100 * found.test_interval[1],
    }  # fmt: skip
    if found.val_accuracy > found.test_accuracy:
        return _(
            "Held-out and test images disagree: {val:.1f} % of the held-out ones are right (95 % interval {val_low:.1f} to "
            "{val_high:.1f} %), but only {test:.1f} % of the test ones ({low:.1f} to {high:.1f} %). Believe the test: the "
            "best epoch was chosen by the held-out images, and the test images may be of another kind.",
            **values,
        )
    return _(
        "Held-out and test images disagree: {val:.1f} % of the held-out ones are right (95 % interval {val_low:.1f} to "
        "{val_high:.1f} %), but {test:.1f} % of the test ones ({low:.1f} to {high:.1f} %). The test images seem to be "
        "easier than those the network was checked on.",
        **values,
    )


def _losses(fitting: Fitting) -> dict[str, Any]:
    return {
        "since": fitting.since, "low": fitting.val_loss[0], "high": fitting.val_loss[1], "before": fitting.train_loss[0],
        "after": fitting.train_loss[1], "weights": fitting.num_trainable, "images": fitting.num_train,
    }  # fmt: skip
