"""The pictures of a data set that excite a channel most, and where in them."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tl_core.data import apply_distance, cache, open_source
from tl_core.data.arrays import load_arrays, unreadable
from tl_core.data.dial import position
from tl_core.data.source import ImageSource
from tl_core.errors import DataError
from tl_core.explain.pictures import label_of
from tl_core.explain.receptive import receptive_fields
from tl_core.explain.subject import Subject, at_work, channels, open_subject
from tl_core.explain.tiles import picture_png
from tl_core.language import _
from tl_core.preprocess import Preprocess
from tl_core.trainer import as_tensor

TOP = 9
MOST_IMAGES = {32: 2_000}  # searched, by input size; larger networks need more time for each
MOST_IMAGES_LARGE = 256
_FOUND = np.dtype([("row", "<i4"), ("place", "<i4"), ("value", "<f4")])

Report = Callable[[str, int, int], None]


def search(
    network: str,
    data: str,
    distance: float = 0.0,
    run_id: str = "",
    report: Report = lambda doing, done, total: None,
) -> dict[str, Any]:
    """Pass the pictures of a data set through a network, and keep the best `TOP` of every channel of every stage.

    What is found is cached on disk, so that `exciting` answers at once, and searching again does too.
    Returns `num_images` (searched) and `seconds`. `report(doing, done, total)` counts images. Raises as `open_subject` does,
    `DataError` or `ArchiveError` for the data.
    """
    start = time.perf_counter()
    subject, source = open_subject(network, run_id), open_source(data)
    drawn = _draw(source, subject.network.input_size)
    name = _name(subject, source, distance)
    if _read(name, subject) is None:
        found = _search(subject, source, drawn, distance, report)
        with cache.writing(name) as temporary, temporary.open("wb") as file:
            np.save(file, found)
    return {"num_images": len(drawn), "seconds": round(time.perf_counter() - start, 2)}


def exciting(
    network: str, data: str, stage: str, channel: int, distance: float = 0.0, run_id: str = ""
) -> list[dict[str, Any]] | None:
    """The pictures that excite a channel most, best first; None where `search` has not been made.

    - `index`, `label`, `png`: the picture as the dial shows it.
    - `value`: the largest number of the channel's map.
    - `spot`: where in the picture it lies, (x, y), shares of the side 0..1; None for vectors.
    - `box`: the part of the picture that it sees (left, top, width, height), shares too; None where it sees all of it.

    A channel that is silent on all pictures gives an empty list. Raises `NetworkError` for a stage or channel that is not there.
    """
    subject, source = open_subject(network, run_id), open_source(data)
    shape = subject.table(stage).output_shape
    found = _read(_name(subject, source, distance), subject)
    if found is None:
        return None
    count = _num_channels(shape)
    if not 0 <= channel < count:
        raise DataError(
            _(
                "This layer has the channels 1 to {count:,}. Received: {n}. Choose one of them.",
                count=count,
                n=channel + 1,
            )
        )
    first = 0
    for name in subject.stages:
        if name == stage:
            break
        first += _num_channels(subject.network.stage(name).output_shape)
    rows = found[first + channel]
    rows = rows[np.isfinite(rows["value"])]
    if not len(rows) or rows["value"].max() <= 0:
        return []
    size = subject.network.input_size
    drawn = _draw(source, size)
    images = apply_distance(np.asarray(load_arrays(source, drawn, size)[rows["row"]]), distance)
    with at_work:
        sees = receptive_fields(subject)[stage]
    return [
        {
            "index": int(drawn[row["row"]]),
            "label": label_of(source, int(drawn[row["row"]])),
            "png": picture_png(image),
            "value": float(row["value"]),
            **_marks(int(row["place"]), shape, sees / size),
        }
        for row, image in zip(rows, images, strict=True)
    ]


def _draw(source: ImageSource, size: int) -> np.ndarray:
    """(n,) indices, ascending, of the pictures searched; always the same."""
    most = MOST_IMAGES.get(size, MOST_IMAGES_LARGE)
    count = len(source.items)
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(count).choice(count, most, replace=False))


def _name(subject: Subject, source: ImageSource, distance: float) -> str:
    """Of the cached file. It begins with the data's fingerprint, so that it goes when uploaded pictures do."""
    key = cache.make_fingerprint(subject.stamp, position(distance), MOST_IMAGES, MOST_IMAGES_LARGE)
    return f"{source.fingerprint}-exciting-{key}.npy"


def _read(name: str, subject: Subject) -> np.ndarray | None:
    """(all channels of all stages, `TOP`), of `_FOUND`."""
    path = cache.path_of(name)
    try:
        found = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    total = sum(_num_channels(subject.network.stage(stage).output_shape) for stage in subject.stages)
    if found.dtype != _FOUND or found.shape != (total, TOP):
        return None
    cache.touch(path)
    return found


def _num_channels(shape: tuple[int, ...]) -> int:
    return shape[1] if len(shape) == 2 else shape[0]


def _search(subject: Subject, source: ImageSource, drawn: np.ndarray, distance: float, report: Report) -> np.ndarray:
    size = subject.network.input_size

    def reading(done: int, total: int) -> None:
        report("Reading the pictures", done, total)

    bad = unreadable(source, drawn, size, reading)
    if len(bad) == len(drawn):
        raise DataError(
            _("None of the pictures of '{title}' can be read. Choose another data set.", title=source.title)
        )
    images = load_arrays(source, drawn, size, reading)
    preprocess = Preprocess(subject.network, distance, False, subject.device)
    values: dict[str, list[np.ndarray]] = {name: [] for name in subject.stages}
    places: dict[str, list[np.ndarray]] = {name: [] for name in subject.stages}
    step = 64 if size <= 64 else 8
    for start in range(0, len(images), step):
        report("Passing the pictures through the network", start, len(images))
        batch = preprocess(as_tensor(np.ascontiguousarray(images[start : start + step])))
        with at_work:
            outputs = subject.outputs(batch)
        for name, output in outputs.items():
            peak, place = channels(output).flatten(2).max(2)
            values[name].append(peak.float().cpu().numpy())
            places[name].append(place.int().cpu().numpy())
    unread = np.isin(drawn, list(bad))
    found = []
    for name in subject.stages:
        peaks, spots = np.concatenate(values[name]), np.concatenate(places[name])  # (n, C)
        peaks[unread] = -np.inf
        found.append(_best(peaks, spots))
    return np.concatenate(found)


def _best(peaks: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(C, `TOP`) of `_FOUND` from (n, C); with fewer pictures the last ones have the value -inf."""
    order = np.argsort(-peaks, axis=0, kind="stable")[:TOP]  # (at most TOP, C)
    best = np.zeros((peaks.shape[1], TOP), _FOUND)
    best["value"] = -np.inf
    shown = best[:, : len(order)]
    shown["row"] = order.T
    shown["place"] = np.take_along_axis(places, order, 0).T
    shown["value"] = np.take_along_axis(peaks, order, 0).T
    return best


def _marks(place: int, shape: tuple[int, ...], sees: float) -> dict[str, list[float] | None]:
    """`spot` and `box` of the place-th number of a map, as far as they lie in the picture."""
    if len(shape) == 1:
        return {"spot": None, "box": None}
    side = shape[2] if len(shape) == 3 else int((shape[0] - 1) ** 0.5)
    spot = [(place % side + 0.5) / side, (place // side + 0.5) / side]
    (left, right), (top, bottom) = ((max(0.0, at - sees / 2), min(1.0, at + sees / 2)) for at in spot)
    box = [left, top, right - left, bottom - top]
    return {"spot": _rounded(spot), "box": None if sees >= 1 else _rounded(box)}


def _rounded(shares: list[float]) -> list[float]:
    return [round(share, 4) for share in shares]
