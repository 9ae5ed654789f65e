"""Decode once: the pictures of a set as one memory-mapped uint8 array at the network's resolution.

A set that fits is decoded whole, so that every later run on it, whatever its seed and number of images, starts at once.
Of a larger one only the pictures asked for are decoded, and kept as a selection under its own key.
"""

import functools
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tl_core.data import cache
from tl_core.data.collection import gone
from tl_core.data.folders import Unread
from tl_core.data.images import fit, read_image
from tl_core.data.pool import in_processes, in_threads
from tl_core.data.source import ImageSource, Progress, Reader
from tl_core.errors import DataError
from tl_core.language import _

WHOLE_LIMIT_BYTES = 512 * 2**20  # decoded: 174,000 pictures of 32 x 32, 3,500 of 224 x 224
ENCODED_LIMIT_BYTES = 2**30  # on the disk: about 20 s to decode on two cores
_THREADS = 2
# Pillow lets go of Python's lock only inside the decoder: 10,000 files of 32 x 32 take 1.1 s, with two threads 1.7 s
_THREADS_FROM_BYTES = 64 * 2**10
_PROCESSES_FROM_IMAGES = 10_000  # 10,000 drawn pictures take 4 s on one core
_CHUNK_IMAGES = 128
_CHUNK_BYTES = 2**20
_PROGRESS_SECONDS = 0.1


def fits(source: ImageSource, size: int) -> bool:
    """Whether the set is decoded whole at this size."""
    return len(source.items) * size * size * 3 <= WHOLE_LIMIT_BYTES and source.num_bytes <= ENCODED_LIMIT_BYTES


def load_arrays(
    source: ImageSource,
    indices: Sequence[int] | np.ndarray,
    size: int,
    progress: Progress | None = None,
    whole: bool = True,
) -> np.ndarray:
    """The pictures at these indices: (len(indices), size, size, 3) uint8, those that cannot be read all black.

    `progress(done, total)` is called at least twice a second while pictures are decoded; what it raises ends the work
    and leaves nothing behind. With `whole` False just these are decoded, even if the set would fit. A selection in
    ascending order is returned memory-mapped, read-only. Files that could not be opened are tried again by the next call.
    Raises `DataError` if there is no room for them on the disk, or if uploaded pictures are gone.
    """
    decoded = _decode_once(source, indices, size, progress, whole)
    rows = decoded.rows(indices)
    in_order = len(rows) == len(decoded.images) and bool((rows == np.arange(len(rows))).all())
    return decoded.images if in_order else decoded.images[rows]


def unreadable(
    source: ImageSource,
    indices: Sequence[int] | np.ndarray,
    size: int,
    progress: Progress | None = None,
    whole: bool = True,
) -> dict[int, str]:
    """Which of these pictures cannot be decoded, and the sentence for each. Decodes them as `load_arrays` does."""
    bad = _decode_once(source, indices, size, progress, whole).bad
    return {index: bad[index] for index in map(int, indices) if index in bad}


class _Decoded:
    """`images` (M, size, size, 3) uint8, the items they belong to (ascending), and the unreadable ones among them.

    `unread`: those of the unreadable ones that could not even be opened, which says nothing about their content.
    """

    def __init__(self, images: np.ndarray, items: np.ndarray, bad: dict[int, str], unread: Sequence[int] = ()) -> None:
        self.images, self.items, self.bad, self.unread = images, items, bad, unread

    def rows(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.searchsorted(self.items, np.asarray(indices, dtype=np.int64))


def _decode_once(
    source: ImageSource, indices: Sequence[int] | np.ndarray, size: int, progress: Progress | None, whole: bool
) -> _Decoded:
    if whole and fits(source, size):
        items = np.arange(len(source.items))
        key = f"{source.fingerprint}-{size}"
    else:
        items = np.unique(np.asarray(indices, dtype=np.int64))
        key = f"{source.fingerprint}-{size}-{hashlib.sha256(items.astype('<i8').tobytes()).hexdigest()[:20]}"
    if not len(items):
        return _Decoded(np.zeros((0, size, size, 3), np.uint8), items, {})
    decoded = _open_usable(key, source, items, size)
    if decoded is None:
        report = progress or (lambda done, total: None)
        with cache.building(key, lambda: report(0, len(items))):
            decoded = _open_usable(key, source, items, size)
            if decoded is None:
                _build(key, source, items, size, report)
                decoded = _open_cached(key, items, size)
    if decoded is None:
        raise DataError(
            _(
                "The decoded pictures of '{title}' cannot be read back from {parent}.",
                title=source.title,
                parent=cache.path_of(key).parent,
            )
        )
    return decoded


def _open_usable(key: str, source: ImageSource, items: np.ndarray, size: int) -> _Decoded | None:
    """What was decoded before, unless a file that could not be opened then can be now."""
    decoded = _open_cached(key, items, size)
    if decoded is not None and decoded.unread:
        if any(not isinstance(data, Unread) for _, data in source.read_many(decoded.unread)):
            return None
    return decoded


def _open_cached(key: str, items: np.ndarray, size: int) -> _Decoded | None:
    about = cache.read_json(f"{key}.json")
    path = cache.path_of(f"{key}.npy")
    if about is None:
        return None
    try:
        images = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    if images.shape != (len(items), size, size, 3) or images.dtype != np.uint8:
        return None
    cache.touch(path)
    bad = {int(index): reason for index, reason in about["unreadable"].items()}
    return _Decoded(images, items, bad, about.get("unread", ()))


def _build(key: str, source: ImageSource, items: np.ndarray, size: int, report: Progress) -> None:
    bad: dict[int, str] = {}
    unread: list[int] = []
    row_of = {int(index): row for row, index in enumerate(items)}
    num_pixels = size * size * 3
    try:
        _check_room(source, len(items), size)
        cache.path_of(f"{key}.npy").unlink(missing_ok=True)  # its description must not change under it
        with cache.writing(f"{key}.npy") as temporary, open(temporary, "wb") as file:
            start = _write_header(file, (len(items), size, size, 3))
            # written, not memory-mapped: a full disk is then an error, not the end of the process
            file.truncate(start + len(items) * num_pixels)
            done, reported = 0, 0.0

            def alive() -> None:
                nonlocal reported
                if time.monotonic() - reported > _PROGRESS_SECONDS:
                    report(done, len(items))
                    reported = time.monotonic()

            for index, image in _decode_all(source, items, size, alive, unread):
                if isinstance(image, str):
                    bad[index] = image
                else:
                    file.seek(start + row_of[index] * num_pixels)
                    file.write(image.tobytes())
                done += 1
                alive()
            file.flush()
            cache.write_json(f"{key}.json", _describe(source, items, bad, unread))
    except OSError as error:
        raise DataError(
            _(
                "The decoded pictures of '{title}' cannot be kept on the disk: {value}.",
                title=source.title,
                value=error.strerror or error,
            )
        ) from None
    report(len(items), len(items))
    cache.trim(f"{key}.npy", f"{key}.json", f"{source.fingerprint}-index.json")


def _check_room(source: ImageSource, num_images: int, size: int) -> None:
    needed, free = num_images * size * size * 3, cache.free_bytes()
    if needed > free:
        raise DataError(
            _(
                "{num_images:,} pictures of '{title}' at {size} x {size} pixels need {n:,.0f} MB of disk space, but only "
                "{n2:,.0f} MB can be used: choose fewer images or a network that looks at smaller pictures.",
                num_images=num_images,
                title=source.title,
                size=size,
                n=needed / 1e6,
                n2=free / 1e6,
            )
        )


def _describe(source: ImageSource, items: np.ndarray, bad: dict[int, str], unread: Sequence[int]) -> dict:
    return {
        "name": source.name,
        "class_names": source.class_names,
        "labels": source.labels[items].tolist(),
        "unreadable": {str(index): bad[index] for index in sorted(bad)},
        "unread": sorted(unread),
    }


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> int:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return file.tell()


def _decode_all(
    source: ImageSource, items: np.ndarray, size: int, alive: Callable[[], None], unread: list[int]
) -> Iterator[tuple[int, np.ndarray | str]]:
    """Each item's pixels, or why it cannot be read; those that could not be opened are added to `unread`."""
    many = len(items) >= _PROCESSES_FROM_IMAGES
    if source.is_drawn and many:
        parts = (items[start : start + _CHUNK_IMAGES].tolist() for start in range(0, len(items), _CHUNK_IMAGES))
        for chunk in in_processes(functools.partial(_draw_chunk, source.reader, size), parts):
            yield from chunk
            alive()
        return
    chunks = _chunks(_read_all(source, items, size, alive, unread))
    work = functools.partial(_decode_chunk, size)
    if source.num_bytes >= _THREADS_FROM_BYTES * len(source.items):
        done = in_threads(work, chunks, _THREADS)
    else:
        done = in_processes(work, chunks) if many else map(work, chunks)
    for chunk in done:
        yield from chunk
        alive()


_Picture = tuple[int, str, bytes | np.ndarray]  # the item's index, its file's name, what is in it


def _read_all(
    source: ImageSource, items: np.ndarray, size: int, alive: Callable[[], None], unread: list[int]
) -> Iterator[_Picture]:
    for index, data in source.read_many(items, alive, size):
        if isinstance(data, Unread):
            if source.checked:  # it was readable when it came in, so it was deleted meanwhile
                raise gone()
            unread.append(index)
        yield index, Path(source.items[index].ref).name, data


def _chunks(stream: Iterator[_Picture]) -> Iterator[list[_Picture]]:
    """Enough pictures at a time to outweigh the hand-over, but no more than a fraction of a second's work."""
    chunk, num_bytes = [], 0
    for picture in stream:
        chunk.append(picture)
        num_bytes += len(picture[2])
        if len(chunk) >= _CHUNK_IMAGES or num_bytes > _CHUNK_BYTES:
            yield chunk
            chunk, num_bytes = [], 0
    if chunk:
        yield chunk


def _draw_chunk(reader: Reader, size: int, indices: list[int]) -> list[tuple[int, np.ndarray]]:
    """The items of a drawn set are called by their numbers."""
    return [(int(ref), image) for ref, image in reader(list(map(str, indices)), lambda: None, size)]


def _decode_chunk(size: int, chunk: list[_Picture]) -> list[tuple[int, np.ndarray | str]]:
    return [(index, _decode(data, size, name)) for index, name, data in chunk]


def _decode(data: bytes | np.ndarray, size: int, name: str) -> np.ndarray | str:
    try:
        return fit(data, size) if isinstance(data, np.ndarray) else read_image(data, size, name)
    except DataError as error:
        return str(error)
