"""A visitor's set as a zip with one folder for each class, which uploads again unchanged."""

import json
import re
import zipfile
from pathlib import Path
from typing import BinaryIO

from tl_core.data.collection import Collection, Version
from tl_core.data.layout import SPLITS, clean_text, is_hidden

CLASSES_FILE = "classes.json"  # what the folders class-001, class-002 ... are really called: names no folder may have
_MOST_BYTES = 2**20
_UNSAFE = re.compile(r'[\x00-\x1f/\\:*?"<>|]|^[. ~]|[. ]$')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|class-\d+)(\..*)?", re.IGNORECASE)


def write_zip(collection: Collection, version: Version, file: BinaryIO) -> None:
    """All classes of a version, those that are switched off too, with the pictures as they are kept."""
    pictures = collection.pictures()
    has_splits = any(split for one in version.classes for _, split in one.pictures)
    renamed: dict[str, str] = {}
    taken: set[str] = set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for at, one in enumerate(version.classes, 1):
            folder = one.name
            if not _is_safe(folder) or folder.lower() in taken:
                folder = f"class-{at:03d}"
                renamed[folder] = one.name
            taken.add(folder.lower())
            for number, split in one.pictures:
                path = pictures.path(number)
                top = f"{split or 'train'}/" if has_splits else ""
                # dated 1980, so that equal sets make equal archives
                info = zipfile.ZipInfo(f"{top}{folder}/{number:05d}{path.suffix}")
                archive.writestr(info, path.read_bytes())
        if renamed:
            archive.writestr(zipfile.ZipInfo(CLASSES_FILE), json.dumps(renamed, indent=1))


def zip_name(title: str) -> str:
    """A file name for it."""
    stem = re.sub(r"\W+", "-", Path(title).stem).strip("-").lower()
    return f"{stem or 'my-images'}.zip"


def read_class_names(data: bytes) -> dict[str, str]:
    """Class names by folder from the bytes of a `CLASSES_FILE`; what makes no sense in it is passed over."""
    try:
        names = json.loads(data) if len(data) <= _MOST_BYTES else {}
        return {str(folder): clean_text(str(name)) for folder, name in names.items() if str(name).strip()}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _is_safe(name: str) -> bool:
    return not (_UNSAFE.search(name) or _RESERVED.fullmatch(name) or name.lower() in SPLITS or is_hidden([name]))
