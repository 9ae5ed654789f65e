"""The notebook of a run in a zip with what it needs: the pictures, and the weights of a network of our own."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tl_core.data import DataSet, load_dataset
from tl_core.errors import DataError
from tl_core.export.notebook import notebook
from tl_core.export.record import RunRecord
from tl_core.language import _, mark
from tl_core.networks import get_network

MOST_MB = 200  # of decoded pictures, 1 MB = 1,000,000 bytes

Report = Callable[[str, int, int], None]


def write_notebook_zip(record: RunRecord, path: Path, report: Report) -> str:
    """Write `notebook.ipynb`, `pictures.npz` and the weights; returns a sentence on what is in it.

    Raises `DataError` if the pictures are too many, are not on this machine any more, or have changed since the run.
    """
    experiment, started = record.experiment, record.find("started")
    network = get_network(experiment.network)
    count = sum(started[f"num_{part}"] for part in ("train", "val", "test"))
    megabytes = count * network.input_size**2 * 3 / 1e6
    if megabytes > MOST_MB:
        fits = int(MOST_MB * 1e6 / (network.input_size**2 * 3)) - started["num_test"]
        cure = f"Run it with at most {fits:,} images, or take" if fits > 10 else "Take"
        raise DataError(
            _(
                "A notebook takes its pictures along, {most_mb} MB at most. Received: {count:,} pictures, {megabytes:,.0f} MB. "
                "{cure} the weights or the report.",
                most_mb=MOST_MB,
                count=count,
                megabytes=megabytes,
                cure=cure,
            )
        )
    data = load_dataset(
        experiment.data, experiment.num_images, experiment.seed, network.input_size,
        progress=lambda done, total: report(mark("Reading the images"), done, total),
    )  # fmt: skip
    counts = (len(data.train_labels), len(data.val_labels), len(data.test_labels))
    if list(data.class_names) != started["classes"] or counts != tuple(
        started[f"num_{part}"] for part in ("train", "val", "test")
    ):
        raise DataError(_("The data set has changed since this run. Start the run again, then take its notebook home."))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("notebook.ipynb"), notebook(record, data))
        _add_pictures(archive, data, report)
        if network.builtin and experiment.make_recipe().init == "pretrained":
            archive.write(network.weights_path, network.weights_file)
    return _(
        "With its {count:,} pictures at {input_size} × {input_size} pixels.", count=count, input_size=network.input_size
    )


def _add_pictures(archive: zipfile.ZipFile, data: DataSet, report: Report) -> None:
    parts = {
        f"{part}_{kind}": np.asarray(getattr(data, f"{part}_{kind}"))
        for part in ("train", "val", "test")
        for kind in ("images", "labels")
    }
    with archive.open(zipfile.ZipInfo("pictures.npz"), "w", force_zip64=True) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as inner:
            for number, (name, array) in enumerate(parts.items()):
                report(mark("Packing the pictures"), number, len(parts))
                with inner.open(f"{name}.npy", "w", force_zip64=True) as part:
                    np.lib.format.write_array(part, array, allow_pickle=False)
