"""Pictures that came from a browser: decoded, shrunk, rid of their metadata and kept in a folder of our own making."""

import json
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tl_core.data.images import HEAD_BYTES, MAX_FILE_BYTES, looks_like_image, open_image
from tl_core.data.layout import NO_CLASS, Skipped, clean_text
from tl_core.data.source import CLASSES_FILE, look_inside, read_inside
from tl_core.errors import DataError

MAX_PICTURES = 20_000
MAX_CLASSES = 1_000
MAX_UPLOAD_BYTES = 2 * 2**30  # received, archives as they are
SHORT_SIDE = 256
MAX_ASPECT = 4  # the network sees the centre square; a strip a thousand times as long is of no use
JPEG_QUALITY = 92
_JPEG_FROM_SIDE = 65  # smaller pictures would suffer from a second compression


@dataclass(frozen=True)
class UploadReport:
    """What was kept, by class name, and what was not."""

    counts: dict[str, int]
    skipped: tuple[Skipped, ...]


def new_upload_id() -> str:
    """`upload-` and 32 hexadecimal digits that nobody can guess: the spec of an upload, known only to who made it."""
    return f"upload-{secrets.token_hex(16)}"


def import_upload(parts: Sequence[tuple[str, Path]], into: Path) -> UploadReport:
    """Keep received files as a data set in the new folder `into`.

    `parts` are pairs of a class name and a received file: a picture of that class, or a zip or tar with class folders
    of its own, whose class name is not looked at. Class names are text in any script: folders are numbered and
    `classes.json` says what they mean. Train, val and test folders of an archive are kept. The folder appears when all
    is done, or not at all. Raises `DataError` if nothing can be used, or over the limits.
    """
    if sum(path.stat().st_size for _, path in parts) > MAX_UPLOAD_BYTES:
        raise DataError(f"The upload is larger than {MAX_UPLOAD_BYTES // 2**30} GB.")
    skipped: list[Skipped] = []
    counts: Counter[str] = Counter()
    folder_of: dict[str, str] = {}
    building = into.with_name(f".{into.name}.{secrets.token_hex(4)}.part")
    building.mkdir(parents=True)
    try:
        for class_name, split, name, data in _pictures(parts, skipped):
            if counts.total() >= MAX_PICTURES:
                raise DataError(f"The upload holds more than {MAX_PICTURES:,} pictures.")
            if class_name not in folder_of and len(folder_of) >= MAX_CLASSES:
                raise DataError(f"The upload holds more than {MAX_CLASSES:,} classes.")
            try:
                image = open_image(data, name, SHORT_SIDE)
            except DataError as error:
                skipped.append(Skipped(name, str(error)))
                continue
            folder = folder_of.setdefault(class_name, f"class-{len(folder_of) + 1:02d}")
            counts[class_name] += 1
            target = building / split / folder
            target.mkdir(parents=True, exist_ok=True)
            _save(image, target / f"{counts[class_name]:05d}", is_jpeg=data[:2] == b"\xff\xd8")
        if not counts:
            first = f" The first, '{skipped[0].name}': {skipped[0].reason.rstrip('.')}." if skipped else ""
            raise DataError(f"None of the uploaded files can be used.{first}")
        _join_splits(building)
        (building / CLASSES_FILE).write_text(json.dumps({folder: name for name, folder in folder_of.items()}), "utf-8")
        building.rename(into)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return UploadReport(dict(sorted(counts.items())), tuple(skipped))


def _pictures(parts: Sequence[tuple[str, Path]], skipped: list[Skipped]) -> Iterator[tuple[str, str, str, bytes]]:
    """Class name, split, file name and bytes of each picture; the others go to `skipped`."""
    for class_name, path in parts:
        name = clean_text(path.name)
        if _is_archive(path):
            try:
                _, layout = look_inside(path)
            except DataError as error:
                if len(parts) == 1:
                    raise
                skipped.append(Skipped(name, str(error)))
                continue
            skipped.extend(layout.skipped)
            item_of = {item.ref: item for item in layout.items}
            for ref, data in read_inside(path)(list(item_of), lambda: None):
                item = item_of[ref]
                yield layout.class_names[item.label], item.split, clean_text(ref), data
        elif not class_name.strip():
            skipped.append(Skipped(name, NO_CLASS))
        elif path.stat().st_size > MAX_FILE_BYTES:
            skipped.append(Skipped(name, f"it is larger than {MAX_FILE_BYTES // 2**20} MB"))
        else:
            yield clean_text(class_name), "", name, path.read_bytes()


def _is_archive(path: Path) -> bool:
    with open(path, "rb") as file:
        head = file.read(512)
    if looks_like_image(head[:HEAD_BYTES]):
        return False
    return head.startswith((b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"\xfd7zXZ\0")) or head[257:262] == b"ustar"


def _save(image: Image.Image, path: Path, is_jpeg: bool) -> None:
    width, height = image.size
    if max(width, height) > MAX_ASPECT * min(width, height):
        wide, high = min(width, MAX_ASPECT * height), min(height, MAX_ASPECT * width)
        left, top = (width - wide) // 2, (height - high) // 2
        image = image.crop((left, top, left + wide, top + high))
    short = min(image.size)
    if short > SHORT_SIDE:
        size = tuple(max(1, round(side * SHORT_SIDE / short)) for side in image.size)
        image = image.resize(size, Image.Resampling.BICUBIC)
    image = Image.fromarray(np.asarray(image))  # the pixels alone, no EXIF (places, names), no comment
    if is_jpeg and short >= _JPEG_FROM_SIDE:
        image.save(path.with_suffix(".jpg"), "JPEG", quality=JPEG_QUALITY)
    else:
        image.save(path.with_suffix(".png"), "PNG")


def _join_splits(folder: Path) -> None:
    """Put classes without a split under train/ where others have one."""
    if not (folder / "train").is_dir():
        return
    for child in list(folder.glob("class-*")):
        target = folder / "train" / child.name
        target.mkdir(exist_ok=True)
        for file in child.iterdir():
            file.rename(target / file.name)
        child.rmdir()
