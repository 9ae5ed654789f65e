"""How fast runs are, against what people would use otherwise: `python -m benchmarks.training --data-dir ../shared/data`

Every repeat is one epoch of the tutorial's loop, one of fastai's (where it is installed) and one whole run of ours, in turn, from
pictures that nobody has decoded yet, and one floor; the table gives medians and their ratios. The floor of recipes that train
the new layer alone is one pass of the frozen layers over all views; of the others, their operations at the rate of a matrix
product.
`--accuracy SEEDS` trains both to the end as well, on the cases of the demonstration network.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.floor import Pass, matrix_rate, name_of, operations
from benchmarks.tutorial import Tutorial, fastai_epoch
from tl_core import frozen_features
from tl_core.budget import make_budget
from tl_core.data import open_source
from tl_core.device import choose_device
from tl_core.engine.machine import hardware, software
from tl_core.events import Epoch, Finished, Started
from tl_core.experiment import Experiment
from tl_core.memory import keep_memory
from tl_core.networks import get_network
from tl_core.surgery import AdaptedNetwork, adapt
from tl_core.training import run

EPOCHS = 25
RESULT = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Case:
    network: str
    archive: str
    num_images: int
    recipe: str
    repeats: int

    @property
    def name(self) -> str:
        return f"{self.network} {self.num_images:,} {self.recipe}"


RECIPES = ("case-1", "case-2", "case-3", "case-4")
CASES = [
    *(Case("resnet18", "flowers5_128.zip", 240, recipe, 3) for recipe in RECIPES),
    *(Case("demo", "cifar10.tar.xz", 2_000, recipe, 3) for recipe in RECIPES),
    *(Case("resnet18", "flowers5_128.zip", 2_000, recipe, 1) for recipe in RECIPES[::2]),
    *(Case("demo", "cifar10.tar.xz", 50_000, recipe, 1) for recipe in RECIPES[::2]),
]


def make_folder(archive: Path, num_images: int, folder: Path) -> Path:
    """`num_images` pictures of an archive, a fifth of them for validation, and a quarter as many (at most 2,000) for the test."""
    source = open_source(str(archive))
    num_test = min(2_000, num_images // 4, len(source.items) - num_images)
    order = np.random.default_rng(0).permutation(len(source.items))[: num_images + num_test]
    parts = np.repeat(["train", "val", "test"], [num_images - num_images // 5, num_images // 5, num_test])
    part_of = dict(zip(order.tolist(), parts.tolist(), strict=True))
    for index, data in source.read_many(order):
        item = source.items[index]
        place = folder / part_of[index] / source.class_names[item.label]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{index}{Path(item.ref).suffix}").write_bytes(data)
    return folder


def adapted(case: Case, num_classes: int) -> AdaptedNetwork:
    torch.manual_seed(0)
    recipe = Experiment(network=case.network, recipe=case.recipe).make_recipe()
    return adapt(get_network(case.network), recipe, num_classes)


def count_images(folder: Path) -> dict[str, int]:
    """In each part of what `make_folder` has made."""
    return {part: sum(1 for _ in (folder / part).glob("*/*")) for part in ("train", "val", "test")}


def count_classes(folder: Path) -> int:
    return sum(1 for _ in (folder / "train").iterdir())


def epoch_operations(case: Case, folder: Path) -> float:
    """Floating-point operations of an epoch: learning from the training images, and a pass over the held-out ones."""
    counts, classes = count_images(folder), count_classes(folder)
    learning, passing = operations(adapted(case, classes), get_network(case.network), classes)
    return learning * counts["train"] + passing * counts["val"]


def random_resnet(folder: Path) -> None:
    """ResNet-18 with random weights, from here on the one that is known: for the time it does not matter."""
    from torchvision.models import resnet18

    os.environ["TL_WEIGHTS_DIR"] = str(folder)
    torch.manual_seed(0)
    torch.save(resnet18().state_dict(), get_network("resnet18").weights_path)


@contextmanager
def nothing_known() -> Iterator[None]:
    """Nothing decoded, nothing kept."""
    frozen_features.kept.clear()
    before = os.environ.get("TL_HOME")
    with tempfile.TemporaryDirectory() as home:
        os.environ["TL_HOME"] = home
        yield
    os.environ.pop("TL_HOME") if before is None else os.environ.__setitem__("TL_HOME", before)


def ours(experiment: Experiment) -> dict[str, float]:
    """Seconds before the first epoch, of the median epoch, and of a run over `EPOCHS` of them, decoding and test included."""
    start = time.perf_counter()
    num_train, ends, epochs = 0, [], []
    for event in run(experiment):
        if isinstance(event, Started):
            num_train = event.num_train
        elif isinstance(event, Epoch):
            ends.append(time.perf_counter() - start)
            epochs.append(num_train / event.images_per_second)
    if not isinstance(event, Finished):
        raise SystemExit(f"{experiment}: {event}")
    after = time.perf_counter() - start - ends[-1]
    before, epoch = ends[0] - epochs[0], statistics.median(epochs)
    return {"before": before, "epoch": epoch, "total": before + EPOCHS * epoch + after, "accuracy": event.test_accuracy}


def measure(case: Case, folder: Path, device: torch.device, rate: float, with_fastai: bool) -> dict[str, Any]:
    network = get_network(case.network)
    classes, counts = count_classes(folder), count_images(folder)
    head_only = adapted(case, classes).only_head_trains
    epochs = EPOCHS if head_only else 3 if case.num_images <= 2_000 and case.network == "demo" else 2
    experiment = Experiment(data=str(folder), network=case.network, recipe=case.recipe, epochs=epochs)
    batch_size = make_budget(experiment, experiment.make_recipe(), counts["train"]).batch_size
    rows: dict[str, list[float]] = {}
    views = 2 * counts["train"] + counts["val"] + counts["test"]
    only_pass = Pass(adapted(case, classes), network, device) if head_only else None
    for _repeat in range(case.repeats):
        tutorial = Tutorial(folder, network, adapted(case, classes), batch_size, device, 1)
        rows.setdefault("tutorial_epoch", []).append(next(tutorial.epochs()))
        if (
            with_fastai
            and case.repeats > 1
            and (seconds := fastai_epoch(folder, network, adapted(case, classes), batch_size))
        ):
            rows.setdefault("fastai_epoch", []).append(seconds)
        with nothing_known():
            for key, value in ours(experiment).items():
                rows.setdefault(key, []).append(value)
            if only_pass is not None:
                rows.setdefault("floor", []).append(only_pass.seconds(views))
                # the pictures decoded, the frozen layers passed: another recipe on the same body
                other = Experiment(**{**experiment.to_json(), "weight_decay": 0.02, "epochs": 2})
                rows.setdefault("second_before", []).append(ours(other)["before"])
    result: dict[str, Any] = {key: statistics.median(values) for key, values in rows.items() if key != "accuracy"}
    if head_only:
        result |= {"floor_at": only_pass.name, "ours_to_floor": result["total"] / result["floor"]}
    else:
        flops = epoch_operations(case, folder)
        result |= {"floor": EPOCHS * flops / rate, "share": flops / rate / result["epoch"]}
    whole = EPOCHS * result["tutorial_epoch"]
    result |= {
        "case": case.name, "repeats": case.repeats, "batch_size": batch_size, **counts,
        "tutorial": whole, "tutorial_to_ours": whole / result["total"],
        "tutorial_to_ours_epoch": result["tutorial_epoch"] / result["epoch"],
    }  # fmt: skip
    if "fastai_epoch" in result:
        result["fastai_to_ours"] = EPOCHS * result["fastai_epoch"] / result["total"]
    if "second_before" in result:
        result["second_to_first"] = result["second_before"] / result["before"]
    return result


def accuracies(case: Case, folder: Path, device: torch.device, seeds: int) -> dict[str, list[float]]:
    """Test accuracy of both at the end of `EPOCHS` epochs, by seed."""
    network = get_network(case.network)
    found: dict[str, list[float]] = {"tutorial": [], "ours": []}
    for seed in range(seeds):
        torch.manual_seed(seed)
        experiment = Experiment(data=str(folder), network=case.network, recipe=case.recipe, epochs=EPOCHS, seed=seed)
        model = adapt(network, experiment.make_recipe(), count_classes(folder))
        tutorial = Tutorial(folder, network, model, 64, device, EPOCHS)
        list(tutorial.epochs())
        found["tutorial"].append(tutorial.test_accuracy())
        found["ours"].append(ours(experiment)["accuracy"])
    return found


def table(results: list[dict[str, Any]]) -> str:
    """Markdown."""
    columns = (
        "", f"tutorial, {EPOCHS} epochs", "ours", "tutorial / ours", "an epoch: tutorial / ours", "fastai / ours",
        "ours / floor", "share of the matrix rate", "second run's preparation",
    )  # fmt: skip
    head = f"| {' | '.join(columns)} |"
    lines = [head, "|---" * len(columns) + "|"]

    def cell(result: dict[str, Any], key: str, form: str) -> str:
        return form.format(result[key]) if key in result else ""

    for result in results:
        lines.append(
            f"| {result['case']} | {result['tutorial']:,.1f} s | {result['total']:,.2f} s | {result['tutorial_to_ours']:.1f} "
            f"| {result['tutorial_to_ours_epoch']:,.1f} | {cell(result, 'fastai_to_ours', '{:.1f}')} "
            f"| {cell(result, 'ours_to_floor', '{:.2f}')} | {cell(result, 'share', '{:.1%}')} "
            f"| {cell(result, 'second_to_first', '{:.1%}')} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="with flowers5_128.zip and cifar10.tar.xz")
    parser.add_argument("--only", default="", help="cases whose name begins so, such as 'resnet18 240'")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--fastai", action="store_true", help="needs `pip install fastai`")
    parser.add_argument("--accuracy", type=int, default=0, metavar="SEEDS")
    args = parser.parse_args()
    keep_memory()
    torch.set_num_threads(args.threads)
    device = choose_device()
    cases = [case for case in CASES if case.name.startswith(args.only)]
    rate, precision = matrix_rate(device)
    header = {
        "hardware": hardware().partition(",")[0], "software": software(), "threads": args.threads,
        "matrix_gflops": round(rate / 1e9), "precision": name_of(precision),
        "command": "python -m benchmarks.training --data-dir ../shared/data",
    }  # fmt: skip
    print(header, flush=True)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        random_resnet(Path(place))
        folders: dict[tuple[str, int], Path] = {}
        for case in cases:
            at = case.archive, case.num_images
            if at not in folders:
                name = f"{Path(case.archive).name.partition('.')[0]}-{case.num_images}"
                folders[at] = make_folder(args.data_dir / case.archive, case.num_images, Path(place) / name)
            results.append(measure(case, folders[at], device, rate, args.fastai))
            print(table(results[-1:]).splitlines()[-1], flush=True)
            if args.accuracy and case.network == "demo" and case.num_images <= 2_000:
                results[-1]["accuracies"] = accuracies(case, folders[at], device, args.accuracy)
                print(results[-1]["accuracies"], flush=True)
    print(table(results))
    if not args.only:
        RESULT.write_text(json.dumps({**header, "cases": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
