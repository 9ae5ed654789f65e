"""The exam of a finished run once more, picture by picture: every run on a data set is tested on the same images.

For the interactive worker: torch is imported when the exam is sat, and not for the pictures.
"""

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from tl_core.data import apply_distance, open_source
from tl_core.data.arrays import fits, load_arrays, unreadable
from tl_core.data.dataset import known_bad, usable
from tl_core.data.source import ImageSource, Progress
from tl_core.data.split import make_split
from tl_core.errors import DataError
from tl_core.language import _, mark

MOST_PICTURES = 96  # in one answer
THUMBNAIL_SIDE = 112  # px; smaller inputs are shown pixel by pixel
_PIXEL_BY_PIXEL = 64  # px; up to this side nothing is lost when a picture is packed

READING, ASKING = mark("Reading the test images"), mark("Asking the network about the test images")

Report = Callable[[str, int, int], None]


def exam_items(spec: str, size: int, progress: Progress | None = None) -> tuple[ImageSource, np.ndarray, np.ndarray]:
    """The data set, the items (N,) int64 that are put aside for the test, and which of them (N,) bool can be read.

    Those that can are the test images of every run on this set, in this order. Raises `DataError` or `ArchiveError`.
    """
    source = open_source(spec, progress)
    good, labels, given = usable(source, known_bad(source, size, progress))
    test = good[make_split(labels, given, None, 0, source.title).test]
    bad = unreadable(source, test, size, progress)
    return source, test, np.array([int(index) not in bad for index in test], dtype=bool)


def exam(run_id: str, report: Report = lambda doing, done, total: None) -> dict[str, Any]:
    """What a run's network says about every test image: lists `true`, `predicted` (classes) and `confidence` (0..1, softmax of
    the predicted class), one entry a test image in the run's order, and the `fingerprint` of the pictures.

    `report(doing, done, total)` counts images. Raises `RunNotFound` for a bad id, `WeightsMissing` where the weights are
    gone, `DataError` where the pictures are, or have other classes now.
    """
    import torch

    from tl_core.device import autocast
    from tl_core.predict import _loaded
    from tl_core.trainer import as_tensor, part_size

    loaded = _loaded.get(run_id)
    size = loaded.preprocess.size
    source, test, readable = exam_items(
        loaded.experiment.data, size, lambda done, total: report(READING, done, total)
    )  # fmt: skip
    if list(source.class_names) != loaded.classes:
        raise DataError(
            _(
                "The classes of '{title}' have changed since this run: it learnt {n:,}, now there are {n2:,}. Run it again to "
                "see its mistakes.",
                title=source.title,
                n=len(loaded.classes),
                n2=len(source.class_names),
            )
        )
    decoded, items = load_arrays(source, test, size), test[readable]
    images = as_tensor(decoded if readable.all() else decoded[readable])
    # batches as in `Trainer`, so that each image gets the answer it got there
    at_once = part_size(loaded.preprocess.device, size)
    predicted: list[int] = []
    confidence: list[float] = []
    with torch.no_grad():
        for part in images.split(at_once):
            report(ASKING, len(predicted), len(items))
            num_asked = len(part)
            if loaded.model.only_head_trains and num_asked < at_once:
                part = torch.cat([part, part[:1].expand(at_once - num_asked, -1, -1, -1)])
            batch = loaded.preprocess(part)
            with autocast(batch.device):
                pooled = loaded.model.features(batch).float()
            logits = loaded.model.new.classify(pooled[:num_asked])
            predicted += logits.argmax(1).tolist()
            confidence += logits.float().softmax(1).amax(1).tolist()
    return {
        "true": source.labels[items].tolist(),
        "predicted": predicted,
        "confidence": [round(share, 6) for share in confidence],
        "fingerprint": source.fingerprint,
    }


def exam_pictures(spec: str, size: int, distance: float, rows: Sequence[int], fingerprint: str) -> list[str]:
    """The test images of these rows as a network sees them at `size` pixels and this distance: WebP in base64, one a row.

    `rows`: numbers of test images from 0, `MOST_PICTURES` at most; the others are left out. Raises `DataError` if the pictures
    are not those of `fingerprint` any more, or if there is no such row.
    """
    source, test, readable = exam_items(spec, size)
    if source.fingerprint != fingerprint:
        raise DataError(
            _("The pictures of '{title}' have changed since they were looked at. Reload the page.", title=source.title)
        )
    items, rows = test[readable], list(rows)[:MOST_PICTURES]
    if not all(0 <= row < len(items) for row in rows):
        raise DataError(
            _(
                "There are {n:,} test images. Received: number {max}. Reload the page.",
                n=len(items),
                max=max(rows, key=abs),
            )
        )
    if fits(source, size):
        images = load_arrays(source, items[rows], size)
    else:  # the selection that the run has decoded, not another one
        images = load_arrays(source, test, size)[np.flatnonzero(readable)[rows]]
    return [_pack(image) for image in apply_distance(images, distance)]


def _pack(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    if image.width > THUMBNAIL_SIDE:
        image = image.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=len(pixels) <= _PIXEL_BY_PIXEL, quality=80, method=2)
    return base64.b64encode(buffer.getvalue()).decode()
