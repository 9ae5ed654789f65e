"""A data set ready for training: three parts of decoded pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tl_core.data.arrays import fits, load_arrays, unreadable
from tl_core.data.layout import check_classes
from tl_core.data.source import ImageSource, Progress, open_source
from tl_core.data.split import make_split
from tl_core.errors import DataError
from tl_core.language import _, many


@dataclass(frozen=True, eq=False)
class DataSet:
    """Pictures and labels of each part.

    `*_images`: (N, size, size, 3) uint8 RGB, perhaps read-only and memory-mapped.
    `*_labels`: (N,) int64, 0..len(class_names) - 1.
    `test_refs`: the name of each test picture inside its set.
    `notes`: sentences for the user about what is not as asked.
    `fingerprint`, `places`: of the set's content, and for each part ("train", "val", "test") where in the set its
    pictures stand; "" and nothing for pictures that came from elsewhere.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    train_images: np.ndarray
    train_labels: np.ndarray
    val_images: np.ndarray
    val_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    test_refs: tuple[str, ...]
    mirror_safe: bool
    notes: list[str] = field(default_factory=list)
    fingerprint: str = ""
    places: dict[str, np.ndarray] = field(default_factory=dict)


def load_dataset(spec: str, num_images: int | None, seed: int, size: int, progress: Progress | None = None) -> DataSet:
    """Open, divide and decode a data set: what training calls.

    `spec` as for `open_source`; `num_images` counts train + validation, None is all. The same arguments give
    the same pictures in the same order. `progress(done, total)` counts pictures. Raises `DataError` or `ArchiveError`.
    """
    return load_source(open_source(spec, progress), num_images, seed, size, progress)


def load_source(
    source: ImageSource, num_images: int | None, seed: int, size: int, progress: Progress | None = None
) -> DataSet:
    """As `load_dataset`, of a set that is open already."""
    notes = []
    if num_images is None and source.default_images is not None:
        num_images = source.default_images
        notes.append(
            _(
                "No number of images was given: {num_images:,} are used; there could be many more.",
                num_images=num_images,
            )
        )
    bad = known_bad(source, size, progress)
    good, labels, given = usable(source, bad)
    split = make_split(labels, given, num_images, seed, source.title)
    parts = {}
    for name in ("test", "train", "val"):
        indices = good[getattr(split, name)]
        damaged = unreadable(source, indices, size, progress)
        images = load_arrays(source, indices, size, progress)
        if damaged:
            bad |= damaged
            keep = np.array([int(i) not in damaged for i in indices])
            indices, images = indices[keep], images[keep]
        if not len(indices):
            raise DataError(_("None of the {name} images of '{title}' can be read.", name=name, title=source.title))
        parts[name] = indices, images
    return DataSet(
        name=source.name,
        title=source.title,
        class_names=source.class_names,
        train_images=parts["train"][1],
        train_labels=source.labels[parts["train"][0]],
        val_images=parts["val"][1],
        val_labels=source.labels[parts["val"][0]],
        test_images=parts["test"][1],
        test_labels=source.labels[parts["test"][0]],
        test_refs=tuple(source.items[i].ref for i in parts["test"][0]),
        mirror_safe=source.mirror_safe,
        notes=[*notes, *split.notes, *left_out(source, bad)],
        fingerprint=source.fingerprint,
        places={name: indices for name, (indices, _images) in parts.items()},
    )


def known_bad(source: ImageSource, size: int, progress: Progress | None = None) -> dict[int, str]:
    """The pictures that cannot be read, as far as that is known before any is chosen: all are decoded if the set fits."""
    return unreadable(source, range(len(source.items)), size, progress) if fits(source, size) else {}


def usable(source: ImageSource, bad: dict[int, str]) -> tuple[np.ndarray, np.ndarray, Sequence[str]]:
    """The items that are not among the bad ones, ascending, their labels and their splits.

    Raises `DataError` if a class has too few left.
    """
    if not bad:
        return np.arange(len(source.items)), source.labels, source.given
    good = np.array([i for i in range(len(source.items)) if i not in bad], dtype=np.int64)
    labels, given = source.labels[good], [source.given[i] for i in good]
    check_classes(source.title, source.class_names, labels, given)
    return good, labels, given


def left_out(source: ImageSource, bad: dict[int, str]) -> list[str]:
    """One sentence about the files that are not used, if there are any."""
    count = len(source.skipped) + len(bad)
    if not count:
        return []
    first = next(iter(bad.values())) if bad else f"'{source.skipped[0].name}': {source.skipped[0].reason}."
    return [
        many(
            "{number:,} file is left out: {reason}",
            "{number:,} files are left out, the first: {reason}",
            count,
            reason=first,
        )
    ]
