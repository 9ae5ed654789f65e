"""Sensible defaults for a run: learning rate, weight decay, batch, epochs, by what is trained and on how many images."""

from dataclasses import dataclass, replace
from math import ceil

from tl_core.cases import ALL, Recipe
from tl_core.experiment import MAX_EPOCHS, Experiment


@dataclass(frozen=True)
class Budget:
    """Hyper-parameters of one run.

    - `lr`: of the new layer; the layers below it learn at `lr * body_lr_factor`, slower where they are pre-trained.
    - `patience`: epochs without a better one after which training stops.
    """

    lr: float
    body_lr_factor: float
    weight_decay: float
    batch_size: int
    num_epochs: int
    patience: int


@dataclass(frozen=True)
class _Defaults:
    lr: float
    weight_decay: float
    num_steps: int  # optimiser steps to aim at; epochs follow from the number of images
    fewest_epochs: int
    most_epochs: int


# AdamW rates as in the usual short transfer recipes (BiT, arXiv 1912.11370; VTAB, arXiv 1910.04867). Training from scratch gets
# three times the steps of fine-tuning: at equal steps the comparison is rigged against it (He et al., arXiv 1811.08883).
_HEAD = _Defaults(lr=3e-3, weight_decay=1e-2, num_steps=400, fewest_epochs=10, most_epochs=40)
_FINE_TUNE = _Defaults(lr=3e-3, weight_decay=1e-2, num_steps=400, fewest_epochs=6, most_epochs=30)
_SCRATCH = _Defaults(lr=3e-3, weight_decay=5e-2, num_steps=1200, fewest_epochs=15, most_epochs=90)
PRETRAINED_LR_FACTOR = 0.1


def make_budget(experiment: Experiment, recipe: Recipe, num_train: int) -> Budget:
    """The experiment's own settings, and defaults for those it leaves open."""
    if recipe.init == "random":
        defaults = _SCRATCH
    elif recipe.freeze == ALL:
        defaults = _HEAD
    else:
        defaults = _FINE_TUNE
    batch_size = experiment.batch_size or (16 if num_train < 200 else 32 if num_train < 1_000 else 64)
    batch_size = max(2, min(batch_size, num_train))
    steps_per_epoch = ceil(num_train / batch_size)
    epochs = min(max(round(defaults.num_steps / steps_per_epoch), defaults.fewest_epochs), defaults.most_epochs)
    epochs = min(experiment.epochs or epochs, MAX_EPOCHS)
    budget = Budget(
        lr=defaults.lr,
        body_lr_factor=1.0 if recipe.init == "random" else PRETRAINED_LR_FACTOR,
        weight_decay=defaults.weight_decay,
        batch_size=batch_size,
        num_epochs=epochs,
        patience=max(8, epochs // 3),
    )
    given = {key: getattr(experiment, key) for key in ("lr", "weight_decay") if getattr(experiment, key) is not None}
    return replace(budget, **given)
