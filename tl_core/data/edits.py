"""Edits of a visitor's classes: each takes the classes in order and returns them changed. Names are plain text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tl_core.data.layout import clean_text
from tl_core.errors import DataError
from tl_core.language import _

MAX_CLASSES = 1_000
MAX_PICTURES = 20_000
MAX_KEPT = 2 * MAX_PICTURES  # of a set, with those that were deleted from it and that undo can bring back


@dataclass(frozen=True)
class PictureClass:
    """A class: its name, whether it takes part, its pictures' numbers and the split each was given ('' for none)."""

    name: str
    on: bool = True
    pictures: tuple[tuple[int, str], ...] = ()


Classes = tuple[PictureClass, ...]


def find(classes: Classes, name: str) -> PictureClass:
    """Raises `DataError` if there is none of this name."""
    for one in classes:
        if one.name == name:
            return one
    raise DataError(_("There is no class '{name}' any more.", name=name))


def class_name(text: str) -> str:
    """A name as typed, as it is kept. Raises `DataError` if nothing is left of it."""
    if not text.strip():
        raise DataError(_("A class needs a name, such as 'cat'. Received: nothing but spaces."))
    return clean_text(text)


def add(classes: Classes, name: str, pictures: Iterable[tuple[int, str]] = ()) -> Classes:
    """More pictures for a class, which is made if there is none of this name. Raises `DataError` over the limits."""
    name, pictures = class_name(name), tuple(pictures)
    if sum(len(one.pictures) for one in classes) + len(pictures) > MAX_PICTURES:
        raise DataError(
            _(
                "That would make more than {max_pictures:,} pictures. Delete some first, or add fewer.",
                max_pictures=MAX_PICTURES,
            )
        )
    if all(one.name != name for one in classes):
        if len(classes) >= MAX_CLASSES:
            raise DataError(
                _(
                    "That would make more than {max_classes:,} classes. Delete some first, or add fewer.",
                    max_classes=MAX_CLASSES,
                )
            )
        return (*classes, PictureClass(name, True, pictures))
    return tuple(replace(one, pictures=one.pictures + pictures) if one.name == name else one for one in classes)


def rename(classes: Classes, name: str, new: str) -> Classes:
    """Raises `DataError` if another class has the new name."""
    find(classes, name)
    new = class_name(new)
    if new != name and any(one.name == new for one in classes):
        raise DataError(_("There is a class '{new}' already. To make one of the two, merge them.", new=new))
    return tuple(replace(one, name=new) if one.name == name else one for one in classes)


def merge(classes: Classes, name: str, into: str) -> Classes:
    """All pictures of one class go into another, and the class is gone."""
    gone = find(classes, name)
    find(classes, into)
    if name == into:
        raise DataError(_("'{name}' cannot be merged with itself: choose another class.", name=name))
    kept = (one for one in classes if one.name != name)
    return tuple(replace(one, pictures=one.pictures + gone.pictures) if one.name == into else one for one in kept)


def switch(classes: Classes, name: str, on: bool) -> Classes:
    """A class that is off keeps its pictures but takes no part in training."""
    find(classes, name)
    return tuple(replace(one, on=on) if one.name == name else one for one in classes)


def delete(classes: Classes, name: str) -> Classes:
    find(classes, name)
    return tuple(one for one in classes if one.name != name)


def remove(classes: Classes, numbers: Iterable[int]) -> Classes:
    """Take single pictures out; a class that loses all of them stays, empty."""
    gone = set(numbers)
    return tuple(replace(one, pictures=tuple(pair for pair in one.pictures if pair[0] not in gone)) for one in classes)


def check_kept(count: int, more: int) -> None:
    """Raise `DataError` if a set that has taken in `count` pictures has no room for `more`."""
    if count + more > MAX_KEPT:
        raise DataError(
            _(
                "A set can take in {max_kept:,} pictures in all, those you deleted from it included, and this one has taken in "
                "{count:,}. Start another set, or delete this one.",
                max_kept=MAX_KEPT,
                count=count,
            )
        )


def in_order(classes: Classes) -> Iterator[tuple[PictureClass, int, str]]:
    """Class, number and split of each picture that takes part, as the data set has them: sorted by class, split, number.

    Where some pictures have a split, those without one are for training.
    """
    on = sorted((one for one in classes if one.on and one.pictures), key=lambda one: one.name)
    fallback = "train" if any(split for one in on for _, split in one.pictures) else ""
    for one in on:
        for split, number in sorted((split or fallback, number) for number, split in one.pictures):
            yield one, number, split
