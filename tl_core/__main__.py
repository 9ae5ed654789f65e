"""The command line: `python -m tl_core <command>`.

`--json` prints JSON lines on standard output; progress and errors go to standard error. Exit status: 0 done, 2 bad input (one
line on standard error), 1 a failure of ours, 130 interrupted.
"""

import argparse
import json
import logging
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from tl_core.cases import CASE_NAMES, CUSTOM, RECIPE_NAMES, recommend
from tl_core.errors import UserError
from tl_core.experiment import DEFAULT_NETWORK, Experiment
from tl_core.fetch import HELP, NAMES_HELP, ProgressLine, fetch, say
from tl_core.memory import keep_memory
from tl_core.networks import networks, presence_sentence

_REHEARSE_HELP = "Run the experiments of a lesson beforehand, so that in class they are shown at once, from the store."
_LESSONS_HELP = "a link of the dashboard in quotes, an experiment as JSON, or a file with one of these a line"
_WORKERS_HELP = "run on N processes; default: in this one, or in all places of a Ray cluster (TL_ENGINE=ray)"
_FREEZE_HELP = "freeze up to this stage, or 'all' or 'none', or 'except-STAGE' for all stages but this one"

DONE, OUR_FAILURE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other bad input does."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}. See {self.prog} --help.", file=sys.stderr)
        raise SystemExit(BAD_INPUT)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _run(args: argparse.Namespace) -> int:
    auto = args.recipe == "auto"
    experiment = Experiment(  # first of all: what is wrong is said before torch is imported, which takes seconds
        data=args.data, num_images=args.num_images, distance=args.distance, network=args.network,
        recipe=CASE_NAMES[0] if auto else args.recipe, cut=args.cut, freeze=args.freeze, init=args.init, seed=args.seed,
        epochs=args.epochs, seconds=args.seconds, lr=args.lr, weight_decay=args.weight_decay,
        batch_size=args.batch_size, mirror=False if args.no_mirror else None,
    )  # fmt: skip

    import torch

    from tl_core.training import run

    if auto:
        experiment = replace(experiment, recipe=_recommended_case(args))
    if args.threads:
        torch.set_num_threads(args.threads)
    interrupted = False

    def interrupt(*_: Any) -> None:
        nonlocal interrupted
        if interrupted:
            raise KeyboardInterrupt
        interrupted = True

    signal.signal(signal.SIGINT, interrupt)
    progress = ProgressLine()
    last = None
    for event in run(experiment, device=args.device, should_stop=lambda: interrupted, on_progress=progress):
        progress.close()
        last = event
        print(json.dumps(event.to_json()) if args.json else _event_text(event.to_json()), flush=True)
    if last.event == "failed":
        say(f"tl_core run: {last.error}")
        return BAD_INPUT if last.user_error else OUR_FAILURE
    return INTERRUPTED if last.event == "stopped" else DONE


def _recommended_case(args: argparse.Namespace) -> str:
    """The textbook's case for the size of the data and its measured similarity."""
    from tl_core.similarity import measure

    return recommend_from(measure(args.data, args.num_images, args.distance, args.network, args.seed, args.device))


def recommend_from(measurement: dict[str, Any]) -> str:
    return recommend(measurement["num_images"], measurement["similarity"]).name


def _event_text(event: dict[str, Any]) -> str:
    kind = event["event"]
    if kind == "started":
        rows = [f"  {x['name']:<12}{x['state']:<12}{x['num_weights']:>12,} weights" for x in event["layers"]]
        counts = f"{event['num_train']:,} training, {event['num_val']:,} validation, {event['num_test']:,} test images"
        notes = [f"Note: {note}" for note in event["notes"]]
        return "\n".join([f"{len(event['classes'])} classes; {counts}; {event['device']}", *rows, *notes])
    if kind == "epoch":
        return (
            f"epoch {event['epoch']:>3}/{event['num_epochs']}  loss {event['train_loss']:.3f} / {event['val_loss']:.3f}  "
            f"accuracy {event['train_accuracy']:.3f} / {event['val_accuracy']:.3f} (training / held-out)  "
            f"{event['images_per_second']:,.0f} images/s  {event['eta_seconds']:.0f} s left"
        )
    if kind == "finished":
        return (
            f"test accuracy {100 * event['test_accuracy']:.1f} % "
            f"(95 % interval {100 * event['test_accuracy_low']:.1f} to {100 * event['test_accuracy_high']:.1f} %), "
            f"best epoch {event['best_epoch']}, {event['seconds']:.1f} s\n{event['verdict']}"
        )
    if kind == "stopped":
        return f"stopped after {event['num_epochs_done']} epochs, {event['seconds']:.1f} s"
    return f"failed after {event['num_epochs_done']} epochs"


def _networks(args: argparse.Namespace) -> int:
    for network in networks().values():
        row = network.to_json()
        if args.json:
            print(json.dumps(row))
            continue
        state = "present" if row["present"] else f"to download, {row['download_mb']:.0f} MB"
        accuracy = f"{100 * row['accuracy']:.1f} %" if row["accuracy"] is not None else "-"
        print(f"{row['name']:<20}{state:<24}{row['num_weights']:>12,} weights  {accuracy:>7}  {row['title']}")
    if not args.json:
        say(presence_sentence())
    return DONE


def _datasets(args: argparse.Namespace) -> int:
    from tl_core.data import catalogue

    for entry in catalogue().values():
        row = entry.to_json()
        if args.json:
            print(json.dumps(row))
            continue
        count = f"{row['num_images']:,} images" if row["num_images"] else "not counted yet"
        print(f"{row['name']:<24}{count:<20}{'present' if row['present'] else 'to download':<14}{row['title']}")
    return DONE


def _measure(args: argparse.Namespace) -> int:
    from tl_core.similarity import measure

    progress = ProgressLine()
    result = measure(args.data, args.num_images, args.distance, args.network, args.seed, report=progress)
    progress.close()
    print(json.dumps(result) if args.json else f"{result['why']} {result['looks_why']}".strip())
    return DONE


def _study(args: argparse.Namespace) -> int:
    import torch

    from tl_core.engine import make_places
    from tl_core.engine.batch import run_batch
    from tl_core.study import Grid, read_rows, run_here, run_study, table

    if args.threads:
        torch.set_num_threads(args.threads)
    grid = Grid(
        tuple(args.data), tuple(args.num_images), tuple(args.distance), tuple(args.network), tuple(args.recipe),
        tuple(range(args.seeds)),
    )  # fmt: skip

    places = make_places()
    workers = args.workers or (places.connect() if places is not None else None)

    def runner(experiments: Sequence[Experiment]) -> Iterator[tuple[Experiment, list[dict[str, Any]]]]:
        if workers:
            threads = args.threads or 1
            return run_batch(experiments, workers=workers, threads=threads, device=args.device, places=places)
        return run_here(experiments, device=args.device)

    start, share, failed = time.monotonic(), None, False
    for step in run_study(grid.experiments(), args.out, runner):
        row, failed = step.row, failed or "error" in step.row
        share = step.share if share is None else share  # the first one counts for all that was there before
        gained = max(step.share - share, 1e-9)
        minutes = (1 - step.share) * (time.monotonic() - start) / gained / 60
        left = f"about {minutes:.0f} min left" if step.share > share else "time left not known yet"
        result = row.get("error") or f"{100 * row['test_accuracy']:.1f} %"
        experiment = f"{row['data']}, {row['num_images'] or 'all'} images, {row['recipe']}, seed {row['seed']}"
        say(f"{step.num_done:,} of {step.num_runs:,}, {left}. {experiment}: {result}")
    rows = read_rows(args.out)
    print("\n".join(map(json.dumps, rows)) if args.json else table(rows))
    return OUR_FAILURE if failed else DONE


def _rehearse(args: argparse.Namespace) -> int:
    from tl_core.rehearse import command

    return command(args)


def _status(args: argparse.Namespace) -> int:
    from tl_core.status import command

    return command(args)


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m tl_core", description="Transfer learning by the four cases, without the page.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def add(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(call=run)
        command.add_argument("--json", action="store_true", help="JSON lines on standard output")
        return command

    def add_data(command: argparse.ArgumentParser) -> None:
        command.add_argument("--data", required=True, metavar="SPEC", help="a data set's name, or a folder, zip or tar")
        command.add_argument("--num-images", type=int, metavar="N", help="images to learn from; default: all")
        command.add_argument("--distance", type=float, default=0.0, metavar="0..1", help="the distance dial; default 0")
        command.add_argument("--network", default=DEFAULT_NETWORK, metavar="NAME", help=f"default: {DEFAULT_NETWORK}")
        command.add_argument("--seed", type=int, default=0)

    command = add("run", _run, "Run one experiment and stream its events.")
    add_data(command)
    recipes = (*RECIPE_NAMES, CUSTOM, "auto")
    command.add_argument("--recipe", default="auto", metavar="NAME", help=f"{', '.join(recipes)}; default: auto")
    command.add_argument("--cut", metavar="STAGE", help="last stage that is kept")
    command.add_argument("--freeze", metavar="STAGE", help=_FREEZE_HELP)
    command.add_argument("--init", metavar="START", help="pretrained or random")
    command.add_argument("--epochs", type=int)
    command.add_argument("--seconds", type=float, help="time budget")
    command.add_argument("--lr", type=float, help="learning rate of the new layer")
    command.add_argument("--weight-decay", type=float)
    command.add_argument("--batch-size", type=int)
    command.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu, cuda or mps")
    command.add_argument("--no-mirror", action="store_true", help="never learn from mirror images (letters, signs)")
    command.add_argument("--threads", type=_positive, help="CPU threads; default: torch's own choice")

    add_data(add("measure", _measure, "Measure how similar the data is to what the network knows, and where to cut."))
    command = add("study", _study, "Run a grid of experiments into a file of rows; goes on where it was cut off.")
    command.add_argument("--data", required=True, nargs="+", metavar="SPEC")
    command.add_argument("--num-images", type=int, nargs="+", default=[None], metavar="N", help="default: all")
    command.add_argument("--distance", type=float, nargs="+", default=[0.0], metavar="0..1")
    command.add_argument("--network", nargs="+", default=[DEFAULT_NETWORK], metavar="NAME")
    text = f"{', '.join(RECIPE_NAMES)}; default: the four cases"
    command.add_argument("--recipe", nargs="+", default=list(CASE_NAMES), metavar="NAME", help=text)
    command.add_argument("--seeds", type=_positive, default=3, help="how often each is run; default: 3")
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="rows as JSON lines; added to")
    command.add_argument("--device", default="auto", metavar="NAME")
    command.add_argument("--threads", type=_positive, help="CPU threads of each run")
    command.add_argument("--workers", type=_positive, metavar="N", help=_WORKERS_HELP)
    add("networks", _networks, "List the networks, and which of them are here.")
    add("datasets", _datasets, "List the data sets, and which of them are here.")
    command = add("fetch", fetch, HELP)
    command.add_argument("names", nargs="+", metavar="NAME", help=NAMES_HELP)
    command = add("rehearse", _rehearse, _REHEARSE_HELP)
    command.add_argument("lessons", nargs="+", metavar="FILE_OR_LINK", help=_LESSONS_HELP)
    command.add_argument("--fresh", action="store_true", help="run again what was rehearsed already")
    command = add("status", _status, "Say how the servers on this store are doing; exit status 1 if one is gone.")
    command.add_argument("--prometheus", action="store_true", help="as metrics for a monitoring system")
    return parser


def main(argv: list[str] | None = None) -> int:
    keep_memory()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    args = _make_parser().parse_args(argv)
    try:
        return args.call(args)
    except UserError as error:
        say(f"tl_core {args.command}: {error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return DONE


if __name__ == "__main__":
    sys.exit(main())
