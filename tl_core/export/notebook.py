"""A notebook of exactly one run, in plain torch and torchvision: the same pictures, surgery, budget and seed."""

import json
from collections.abc import Sequence
from typing import Any

from tl_core.budget import Budget, make_budget
from tl_core.cases import CUSTOM, Recipe, find_recipe
from tl_core.data import DataSet
from tl_core.data.dial import GRIDS, pixel_index, position, position_name, turn_colours
from tl_core.experiment import Experiment
from tl_core.export import notebook_text as text
from tl_core.export.network_code import imports, network_code
from tl_core.export.notebook_text import fill, plain
from tl_core.export.record import RunRecord
from tl_core.networks import Network, get_network
from tl_core.plan import MAX_SHARE, head_features, pool_grid, resolve_cut, resolve_trained
from tl_core.surgery import keeps_bn_statistics
from tl_core.training import PARTLY_UNFROZEN, UNFROZEN

Cell = tuple[str, str]  # ("markdown" or "code", its text)


def notebook(record: RunRecord, data: DataSet) -> str:
    """The notebook's file (nbformat 4.5); it needs `pictures.npz` beside it, and the weights of a network of our own."""
    cells = [
        {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source.splitlines(keepends=True)}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for number, (kind, source) in enumerate(make_cells(record, data), start=1)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    value = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(value, indent=1)


def make_cells(record: RunRecord, data: DataSet) -> list[Cell]:
    """All cells in order."""
    experiment = record.experiment
    recipe, network = experiment.make_recipe(), get_network(experiment.network)
    pretrained = recipe.init == "pretrained"
    budget = make_budget(experiment, recipe, len(data.train_labels))
    names = [stage.name for stage in network.stages]
    kept = names[: network.index(resolve_cut(network, recipe.cut)) + 1]
    trained = [names[index] for index in resolve_trained(network, recipe)]
    return [
        ("markdown", _intro(record, network)),
        ("code", fill(text.SETUP, imports=imports(network))),
        ("markdown", _about_pictures(record, data)),
        ("code", fill(text.PICTURES, classes=repr(list(data.class_names)))),
        ("code", fill(text.LOOK, zoom=2 if network.input_size < 64 else 1)),
        ("markdown", _about_preprocessing(experiment, network)),
        ("code", _preprocess(experiment, network, data)),
        ("markdown", _about_network(network, pretrained)),
        ("code", f"torch.manual_seed({experiment.seed})\n{network_code(network, pretrained)}\nprint(list(stages._modules))"),
        ("markdown", _about_surgery(experiment, network, kept, trained)),
        ("code", _surgery(experiment, network, kept, trained)),
        ("markdown", "## Before training\n\n" + _about_modes(budget, trained)),
        ("code", fill(text.MODES, small_batchnorm=_kept_batchnorm(recipe, trained, data))),
        ("code", fill(text.TRAIN, batch=budget.batch_size)),
        *_training(record, budget, pretrained, trained),
        ("markdown", _about_test(record)),
        ("code", _test(record)),
        ("markdown", _LOAD),
    ]  # fmt: skip


def _intro(record: RunRecord, network: Network) -> str:
    finished, experiment = record.find("finished"), record.experiment
    files = f"`pictures.npz` and `{network.weights_file}`, both" if network.builtin else "`pictures.npz`,"
    packages = "torch torchvision numpy pillow" + (" safetensors" if network.builtin else "")
    return (
        f"# {plain(record.title)}\n\n"
        f"This notebook is one run of the dashboard *Transfer learning, measured*, written out in plain PyTorch. It takes "
        f"{plain(network.title)}, a network that was trained on {plain(network.trained_on)}, and adapts it to other pictures: "
        f"{plain(record.data_title)}. In the dashboard {100 * finished['test_accuracy']:.1f} % of the test pictures were right "
        f"(95 % interval {100 * finished['test_accuracy_low']:.1f} to {100 * finished['test_accuracy_high']:.1f} %); seed "
        f"{experiment.seed}. Run all cells, and you should get a number within that interval.\n\n"
        f"It needs {files} from the same zip, beside it; and `pip install {packages}`."
    )


def _about_pictures(record: RunRecord, data: DataSet) -> str:
    return (
        "## The pictures\n\n"
        "They are divided into three parts. The network learns from the *training* pictures. The *held-out* ones (`val`) say "
        "after each epoch, that is, after each pass over the training pictures, how good it is on pictures that it does not "
        "learn from; the weights of its best epoch are kept. The *test* pictures are used once, at the end. The parts are "
        f"those of the run: {len(data.train_labels):,}, {len(data.val_labels):,} and {len(data.test_labels):,} pictures of "
        f"{len(data.class_names):,} classes, already at the size that the network wants."
    )


def _about_preprocessing(experiment: Experiment, network: Network) -> str:
    words = (
        "## What the network sees\n\n"
        "The colours are shifted and scaled as they were when the network was trained: minus the mean, divided by the standard "
        "deviation. While it learns, every picture is a little different each time (*augmentation*), so that it cannot be "
        "learnt by heart."
    )
    if position(experiment.distance):
        words += (
            f"\n\nIn this run the distance dial was on: {position_name(experiment.distance)}. Every picture is cut into tiles, "
            "and the tiles are put in another order, the same for all pictures. Edges survive that, shapes do not: so the "
            "pictures become *different* from those that the network knows."
        )
    return words


def _preprocess(experiment: Experiment, network: Network, data: DataSet) -> str:
    constants = index = colours = ""
    if position(experiment.distance):
        grid = GRIDS[position(experiment.distance)]
        constants = (
            f"\nGRID = {grid}  # tiles along a side\nTILES = {_tiles(network.input_size, experiment.distance)}"
            "  # the tile that goes to each place, row by row\n\n"
            "inner = SIZE // GRID * GRID  # what is left at the right and the bottom stays\n"
            "place = torch.arange(SIZE * SIZE).view(SIZE, SIZE)\n"
            "tiles = place[:inner, :inner].reshape(GRID, inner // GRID, GRID, inner // GRID).swapaxes(1, 2)\n"
            "tiles = tiles.reshape(GRID * GRID, inner // GRID, inner // GRID)[TILES]\n"
            "tiles = tiles.view(GRID, GRID, inner // GRID, inner // GRID).swapaxes(1, 2)\n"
            "moved = place.clone()\nmoved[:inner, :inner] = tiles.reshape(inner, inner)\n"
            "moved = moved.flatten().to(device)"
        )
        index = "[:, moved]"
        if turn_colours(experiment.distance):
            colours = "\n    pixels = 255 - pixels.roll(-1, 1)  # green, blue, red for red, green, blue, and inverted"
    mirror = data.mirror_safe if experiment.mirror is None else experiment.mirror
    return fill(
        text.PREPROCESS, size=network.input_size, mean=list(network.mean), std=list(network.std), mirror=bool(mirror),
        dial_constants=constants, dial_index=index, dial_colours=colours,
    )  # fmt: skip


def _tiles(size: int, distance: float) -> list[int]:
    """The order of the tiles, read off where their first pixels come from."""
    grid = GRIDS[position(distance)]
    tile = size // grid
    index = pixel_index(size, distance).reshape(size, size)[: grid * tile : tile, : grid * tile : tile]
    return [int(pixel // size // tile * grid + pixel % size // tile) for pixel in index.flatten()]


def _about_network(network: Network, pretrained: bool) -> str:
    origin = f"{plain(network.title)} was trained on {plain(network.trained_on)}"
    words = f"## The network\n\n{origin}. Its stages, from the picture on:\n\n"
    words += "\n".join(f"- `{stage.name}`: {plain(stage.detects)}" for stage in network.stages)
    if not pretrained:
        return (
            words
            + "\n\nThis run starts from random weights: only the shape of the network is used, nothing it has learnt."
        )
    if network.builtin:
        return words + f"\n\nIts weights are in `{network.weights_file}`."
    return words + (
        f"\n\ntorchvision downloads its weights the first time ({network.download_mb:.0f} MB), or finds `{network.weights_file}` "
        "in its folder (`torch.hub.get_dir()`, then `checkpoints`)."
    )


def _about_surgery(experiment: Experiment, network: Network, kept: list[str], trained: list[str]) -> str:
    recipe = experiment.make_recipe()
    frozen = [name for name in kept if name not in trained]
    title, steps, why = "A recipe of your own", [], ""
    if recipe.name != CUSTOM:
        entry = find_recipe(recipe.name)
        title, steps, why = entry.title, list(entry.steps), entry.why
    sliced = [stage.name for stage in network.stages if stage.name not in kept]
    here = (
        f"Here: cut after `{kept[-1]}`, sliced off {_list(sliced)}; frozen {_list(frozen)}; trained {_list(trained)} and the "
        "new layer."
    )
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
    return "\n\n".join(filter(None, [f"## The surgery: {title}", numbered, why, here]))


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _surgery(experiment: Experiment, network: Network, kept: list[str], trained: list[str]) -> str:
    recipe = experiment.make_recipe()
    on_all = recipe.features == "all"
    stages = [network.stage(name) for name in (kept if on_all else kept[-1:])]
    most = {"most": MAX_SHARE} if on_all else {}
    grids = [pool_grid(stage.output_shape, **most) if len(stage.output_shape) == 3 else 0 for stage in stages]
    features = "torch.cat([pool(output, grid) for output, grid in zip(outputs, POOL)], 1)"
    again = f"torch.manual_seed({experiment.seed})  # the new layer's random weights\n"
    return fill(text.SURGERY, 
        kept=kept, trained=trained, pool=grids, shares=[head_features(stage, **most) for stage in stages],
        features=features if on_all else "pool(outputs[-1], POOL[0])",
        seed_again=again if recipe.init == "pretrained" else "",
    )  # fmt: skip


def _about_modes(budget: Budget, trained: list[str]) -> str:
    if budget.only_head or not trained:
        return (
            "Everything below the new layer is frozen, so what it finds in a picture is the same in every epoch. It is "
            "computed once, for each picture and, where that is allowed, for its mirror image. That is why this is so fast."
        )
    return "The network learns together with the new layer, so every picture passes through all of it in every epoch."


def _kept_batchnorm(recipe: Recipe, trained: list[str], data: DataSet) -> str:
    if not (trained and keeps_bn_statistics(recipe, len(data.train_labels))):
        return ""
    return (
        "\n    for module in body.modules():  # these averages stay as they were pre-trained\n"
        "        if isinstance(module, nn.modules.batchnorm._BatchNorm):\n            module.eval()"
    )


def _training(record: RunRecord, budget: Budget, pretrained: bool, trained: list[str]) -> list[Cell]:
    """The cells from the generator to the last epoch; a run that a time limit ended ends here after as many epochs."""
    done = steps_done(record.epochs)
    head_alone = budget.only_head or not trained
    begin = f"generator = torch.Generator().manual_seed({record.experiment.seed})  # of batches and augmentation"
    if head_alone:
        begin += f"\n{text.PASS_ONCE}"
    elif pretrained:
        begin += f"\n{text.STANDARDISE}"
    cells: list[Cell] = [("code", begin), ("markdown", _about_budget(budget, head_alone))]
    cells.append(("code", f"last = {_call('1', budget, _most_epochs(budget, done[0]), head_alone)}"))
    if budget.then is not None and len(done) > 1:
        words = "Step two: from the best new layer on, all that is not frozen is trained, in small steps."
        cells += [
            ("markdown", words),
            ("code", fill(text.SECOND_STEP, batch=budget.then.batch_size)),
            ("code", f"last = {_call('last + 1', budget.then, _most_epochs(budget.then, done[1]), False)}"),
        ]
    return cells


def steps_done(epochs: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The epochs of each of the one or two steps of a run."""
    second = next((i for i, e in enumerate(epochs) if {UNFROZEN, PARTLY_UNFROZEN} & set(e.get("notes", []))), None)
    return [list(epochs)] if second is None else [list(epochs[:second]), list(epochs[second:])]


def _most_epochs(budget: Budget, done: list[dict[str, Any]]) -> int:
    """All of the budget's, or as many as there were if only a time limit can have ended the step."""
    best = max(done, key=lambda e: (e["val_accuracy"], -e["val_loss"]))
    return budget.num_epochs if done[-1]["epoch"] - best["epoch"] >= budget.patience else len(done)


def _call(first: str, budget: Budget, most: int, head_alone: bool) -> str:
    body_lr = 0 if head_alone else budget.lr * budget.body_lr_factor
    return (
        f"train({first}, num_epochs={budget.num_epochs}, most_epochs={most}, patience={budget.patience}, lr={budget.lr!r}, "
        f"body_lr={body_lr!r}, weight_decay={budget.weight_decay!r})"
    )


def _about_budget(budget: Budget, head_alone: bool) -> str:
    words = f"## Training\n\nThe new layer learns at a rate of {budget.lr:g}"
    if not head_alone and budget.body_lr_factor < 1:
        words += f", the pre-trained layers at {budget.lr * budget.body_lr_factor:g}: they should change little"
    return (
        f"{words}. There are at most {budget.num_epochs} epochs, in batches of {budget.batch_size} pictures; training ends early "
        f"when {budget.patience} epochs in a row brought nothing."
    )


def _about_test(record: RunRecord) -> str:
    return (
        "## The result\n\nThe weights of the best epoch are put back, and the test pictures are looked at for the first time. "
        "With so many pictures chance alone moves the accuracy by some points; the 95 % interval says by how many.\n\n"
        f"What the dashboard said of the run: {plain(record.find('finished')['verdict'])}"
    )


def _test(record: RunRecord) -> str:
    finished = record.find("finished")
    low, high = finished["test_accuracy_low"], finished["test_accuracy_high"]
    words = f"{finished['test_accuracy']:.1%}, 95 % interval {low:.1%} to {high:.1%}"
    return fill(text.TEST, in_words=words, low=repr(low), high=repr(high))


_LOAD = """\
## The weights of the run itself

The dashboard also gives the trained weights (*Weights*, a safetensors file). They fit this network:

```python
from safetensors.torch import load_file

features = {}
model.load_state_dict(load_file("weights.safetensors"))
print((logits_of("test").argmax(1) == labels["test"]).float().mean())
```"""
