"""A visitor's set as a zip with one folder for each class, which uploads again unchanged."""

import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tl_core.data.collection import Collection, Version
from tl_core.data.edits import MAX_CLASSES
from tl_core.data.layout import SPLITS, Found, clean_text, is_hidden

CLASSES_FILE = "classes.json"  # what folders cannot say; written only where there is such a thing
_FORMAT = "my images 1"
_MOST_BYTES = 4 * 2**20
_UNSAFE = re.compile(r'[\x00-\x1f/\\:*?"<>|]|^[. ~]|[. ]$')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|class-\d+)(\..*)?", re.IGNORECASE)


class SetClass(NamedTuple):
    """A class of the `CLASSES_FILE`.

    `folder`: what its folder is called, which is not its name where no folder may have that; `no_split`: file names without
    suffix of the pictures below train/ that were given no split.
    """

    folder: str
    name: str
    on: bool
    no_split: frozenset[str]


def write_zip(collection: Collection, version: Version, file: BinaryIO) -> None:
    """All classes of a version, those that are switched off too, with the pictures as they are kept."""
    pictures = collection.pictures()
    has_splits = any(split for one in version.classes for _, split in one.pictures)
    listed = _list_classes(version, has_splits)
    needed = has_splits or any(not one.pictures or not one.on for one in version.classes)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        # all is dated 1980, so that equal sets make equal archives
        if needed or any(one.folder != one.name for one in listed):
            lines = [one._replace(no_split=sorted(one.no_split))._asdict() for one in listed]
            value = {"format": _FORMAT, "classes": lines}
            archive.writestr(zipfile.ZipInfo(CLASSES_FILE), json.dumps(value, indent=1))
        for one, line in zip(version.classes, listed, strict=True):
            for number, split in sorted(one.pictures):  # data sets have them in this order
                path = pictures.path(number)
                top = f"{split or 'train'}/" if has_splits else ""
                info = zipfile.ZipInfo(f"{top}{line.folder}/{_stem(number)}{path.suffix}")
                archive.writestr(info, path.read_bytes())


def _list_classes(version: Version, has_splits: bool) -> list[SetClass]:
    listed: list[SetClass] = []
    taken: set[str] = set()
    for at, one in enumerate(version.classes, 1):
        folder = one.name
        if not _is_safe(folder) or folder.lower() in taken:
            folder = f"class-{at:03d}"
        taken.add(folder.lower())
        no_split = frozenset(_stem(number) for number, split in one.pictures if has_splits and not split)
        listed.append(SetClass(folder, one.name, one.on, no_split))
    return listed


def _stem(number: int) -> str:
    return f"{number:05d}"


def zip_name(title: str) -> str:
    """A file name for it."""
    stem = re.sub(r"\W+", "-", Path(title).stem).strip("-").lower()
    return f"{stem or 'my-images'}.zip"


def read_class_names(data: bytes) -> dict[str, str]:
    """Class names by folder from the bytes of a `CLASSES_FILE`; what makes no sense in it is passed over."""
    try:
        names = json.loads(data) if len(data) <= _MOST_BYTES else {}
        if names.get("format") == _FORMAT and isinstance(names.get("classes"), list):
            names = {one["folder"]: one["name"] for one in names["classes"]}
        return {str(folder): clean_text(str(name)) for folder, name in names.items() if str(name).strip()}
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return {}


def read_set_classes(data: bytes) -> tuple[SetClass, ...]:
    """The classes in order from the bytes of a `CLASSES_FILE`; none if anything in it is not as `write_zip` writes it."""
    try:
        value = json.loads(data) if len(data) <= _MOST_BYTES else {}
        if value["format"] != _FORMAT:
            return ()
        classes = tuple(
            SetClass(one["folder"], one["name"], one["on"], frozenset(one["no_split"])) for one in value["classes"]
        )
        folders, names = {one.folder for one in classes}, {one.name for one in classes}
        is_good = (
            all(isinstance(one.on, bool) and clean_text(one.name) == one.name for one in classes)
            and len(classes) == len(folders) == len(names) <= MAX_CLASSES
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    return classes if is_good else ()


def place_files(classes: Sequence[SetClass], found: Sequence[Found]) -> dict[str, tuple[str, str]]:
    """Class name and split by the `ref` of each usable file; nothing if one of them lies anywhere but in a listed folder."""
    by_folder = {one.folder: one for one in classes}
    good = [f for f in found if not f.reason and f.parts != (CLASSES_FILE,)]
    depth = len(good[0].parts) if good else 0
    places: dict[str, tuple[str, str]] = {}
    for f in good:
        split = f.parts[0] if depth == 3 else ""
        one = by_folder.get(f.parts[-2]) if len(f.parts) == depth and depth in (2, 3) else None
        if one is None or split not in ("", "train", "val", "test"):
            return {}
        unsplit = split == "train" and f.parts[-1].split(".")[0] in one.no_split
        places[f.ref] = (one.name, "" if unsplit else split)
    return places


def _is_safe(name: str) -> bool:
    return not (_UNSAFE.search(name) or _RESERVED.fullmatch(name) or name.lower() in SPLITS or is_hidden([name]))
