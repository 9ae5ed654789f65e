"""A run's network as ONNX, checked against PyTorch before it is given away."""

import json
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tl_core.data import open_source
from tl_core.data.arrays import load_arrays
from tl_core.data.dataset import known_bad, usable
from tl_core.data.split import make_split
from tl_core.errors import DataError, NetworkError
from tl_core.export.kept_run import KeptRun, description
from tl_core.language import _, mark
from tl_core.preprocess import Preprocess
from tl_core.surgery import AdaptedNetwork
from tl_core.trainer import as_tensor

CHECK_PICTURES = 100
CHECK_AT_ONCE = 32  # another number than the network is exported with: N is open
TOLERANCE = 1e-4  # of the logits, as a share of the largest where that is above 1

Report = Callable[[str, int, int], None]
_exporting = threading.Lock()  # the exporter keeps state of its own in torch


def write_onnx(kept: KeptRun, path: Path, report: Report) -> str:
    """Write the network from images (N, 3, H, W) float32, normalised, N open, to logits (N, number of classes).

    `description` is in the model's metadata. Returns a sentence on how well it agrees with PyTorch; raises `NetworkError`
    if it does not, and then there is no file.
    """
    report(mark("Reading the weights"), 0, 1)
    model = kept.rebuild()
    report(mark("Writing the network as ONNX"), 0, 1)
    with _exporting:
        _export(kept, model, path)
    try:
        sentence, agrees = check(kept, model, path, report)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if not agrees:
        path.unlink()
        raise NetworkError(
            _(
                "This network cannot be had as ONNX: {sentence} Take the weights or the notebook instead.",
                sentence=sentence,
            )
        )
    return sentence


def _export(kept: KeptRun, model: AdaptedNetwork, path: Path) -> None:
    size = kept.network.input_size
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter's, about its own inside
            program = torch.onnx.export(
                model, (torch.zeros(2, 3, size, size),), dynamo=True, verbose=False,
                input_names=["images"], output_names=["logits"], dynamic_shapes=({0: torch.export.Dim("N")},),
            )  # fmt: skip
    except torch.onnx.OnnxExporterError as error:
        raise NetworkError(
            _(
                "{title} with this recipe cannot be written as ONNX by this version of PyTorch ({detail}). Take the weights "
                "or the notebook instead.",
                title=kept.network.title,
                detail=type(error).__name__,
            )
        ) from error
    for key, value in description(kept).items():
        program.model.metadata_props[key] = value if isinstance(value, str) else json.dumps(value)
    program.save(path)


def check(kept: KeptRun, model: nn.Module, path: Path, report: Report) -> tuple[str, bool]:
    """Give both the same pictures: a sentence with the largest difference of a logit, and whether it is within `TOLERANCE`.

    Test pictures of the run's own data set, up to `CHECK_PICTURES`; random ones where that is no longer here.
    """
    import onnxruntime

    report(mark("Checking it against PyTorch"), 0, CHECK_PICTURES)
    images, what = _test_pictures(kept)
    preprocess = Preprocess(kept.network, kept.experiment.distance, False, torch.device("cpu"))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    worst = largest = 0.0
    for start in range(0, len(images), CHECK_AT_ONCE):
        batch = preprocess(as_tensor(images[start : start + CHECK_AT_ONCE])).contiguous()
        with torch.no_grad():
            expected = model(batch).numpy()
        try:
            (found,) = session.run(None, {"images": batch.numpy()})
        except Exception as error:  # onnxruntime's own errors have no common class
            raise NetworkError(
                _(
                    "{title} with this recipe cannot be run by onnxruntime ({detail}). Take the weights or the notebook "
                    "instead.",
                    title=kept.network.title,
                    detail=type(error).__name__,
                )
            ) from error
        difference = float(np.abs(found - expected).max())
        worst = max(worst, difference) if np.isfinite(difference) else float("inf")
        largest = max(largest, float(np.abs(expected).max()))
        report(mark("Checking it against PyTorch"), start + len(batch), len(images))
    sentence = _(
        "Checked against PyTorch on {n} {what}: the largest difference of an output is {short}, where outputs go up to "
        "{short2}.",
        n=len(images),
        what=what,
        short=_short(worst),
        short2=_short(largest),
    )
    return sentence, worst <= TOLERANCE * max(1.0, largest)


def _short(number: float) -> str:
    """'8e-7', '0.0003', '2.1', '110'."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.{2 if number >= 1 else 1}g}".replace("e-0", "e-")


def _test_pictures(kept: KeptRun) -> tuple[np.ndarray, str]:
    """(N, size, size, 3) uint8, and what they are."""
    size = kept.network.input_size
    try:
        source = open_source(kept.experiment.data)
        good, labels, given = usable(source, known_bad(source, size))
        test = good[make_split(labels, given, None, 0).test]
        drawn = np.sort(np.random.default_rng(0).permutation(test)[:CHECK_PICTURES])
        return np.asarray(load_arrays(source, drawn, size)), "of the test pictures"
    except DataError:
        noise = np.random.default_rng(0).integers(0, 256, (CHECK_PICTURES, size, size, 3), dtype=np.uint8)
        return noise, "random pictures, since the data set is not here any more"
