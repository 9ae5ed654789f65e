"""Rehearsal: a lesson's experiments are run the evening before, so that in class they are answered from the store.

A lesson is a link of the dashboard, or an experiment in JSON, or a file of either.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tl_core.cases import Thresholds, recommend
from tl_core.data.dial import POSITIONS, position
from tl_core.engine import LocalEngine, make_engine
from tl_core.engine.stamp import is_private
from tl_core.errors import ExperimentError, UserError
from tl_core.experiment import Experiment
from tl_core.fetch import ProgressLine, say
from tl_core.store import REHEARSAL, Run, Store

MEASURED_IMAGES = 1_000  # as the page measures
MOST_BYTES = 1_000_000  # of a file of lessons
_POLL = 0.1  # seconds


@dataclass(frozen=True)
class Lesson:
    """`prescribed`: the recipe is the one that the map will prescribe between these `thresholds`."""

    experiment: Experiment
    prescribed: bool = False
    thresholds: Thresholds = Thresholds()


@dataclass(frozen=True)
class Rehearsed:
    """`run`: how it ended; `known`: it had been rehearsed before, and nothing has changed since."""

    run: Run
    ending: dict[str, Any]
    known: bool


def read_lessons(words: Sequence[str]) -> list[Lesson]:
    """The lessons of links, JSON texts and files, each once, in their order.

    Raises `UserError` for what is none of these, and for experiments that cannot be.
    """
    return list(dict.fromkeys(lesson for word in words for lesson in _read(word.strip())))


def _read(word: str) -> Iterator[Lesson]:
    if word[:1] in ("{", "["):
        yield from _from_json(word)
    elif "?" in word and "=" in word:
        yield from_link(word)
    else:
        yield from _from_file(Path(word))


def _from_file(path: Path) -> Iterator[Lesson]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"'{path.name}' is too large for a file of lessons: more than {MOST_BYTES:,} bytes.")
        text = path.read_text("utf-8").strip()
    except (OSError, ValueError):
        raise UserError(
            f"'{path}' is neither a link of the dashboard (with '?' in it) nor a text file that can be read."
        ) from None
    if text.startswith("["):
        yield from _from_json(text)
        return
    for line in text.splitlines():
        if (line := line.strip()) and not line.startswith("#"):
            if line[0] != "{" and "?" not in line:
                raise UserError(f"'{path.name}' has a line that is neither a link nor JSON. Received: '{line[:80]}'.")
            yield from _read(line)


def _from_json(text: str) -> Iterator[Lesson]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UserError(f"This is not JSON: {error}. Received: '{text[:80]}'.") from None
    for values in found if isinstance(found, list) else [found]:
        if not isinstance(values, Mapping):
            raise UserError(f"An experiment in JSON is an object. Received: '{str(values)[:80]}'.")
        yield _checked(Lesson(Experiment.from_json(values)))


def from_link(link: str) -> Lesson:
    """The experiment of a dashboard's address. Raises `ExperimentError` where the page would ignore a part of it."""
    query = dict(parse_qsl(urlsplit(link).query))
    prescribed = query.get("recipe", "auto") == "auto"
    if prescribed:
        for key in ("recipe", "cut", "freeze", "init"):
            query.pop(key, None)
    if "data" not in query or query["data"] == "imagine":
        raise ExperimentError(f"The link names no data set to train on. Received: '{link[:200]}'.")
    experiment, notes = Experiment.from_query(query)
    if notes:
        raise ExperimentError(f"{notes[0]} Link: '{link[:200]}'.")
    default = Thresholds()
    try:
        thresholds = Thresholds(
            int(query.get("small", default.num_images)), float(query.get("similar", default.similarity))
        )
    except ValueError:
        raise ExperimentError(f"'small' and 'similar' must be numbers. Received: '{link[:200]}'.") from None
    return _checked(Lesson(experiment, prescribed, thresholds))


def _checked(lesson: Lesson) -> Lesson:
    if is_private(lesson.experiment.data):
        raise ExperimentError(
            "Uploaded pictures belong to one visitor and cannot be rehearsed. "
            "Put them on the shelf (TL_DATA_DIR) and choose them there."
        )
    return lesson


def resolve(lesson: Lesson, engine: LocalEngine) -> Experiment:
    """The experiment that the page will start: where the map prescribes the recipe, the similarity is measured as there."""
    experiment = lesson.experiment
    if not lesson.prescribed:
        return experiment
    known = engine.ask("describe", spec=experiment.data)
    measured = engine.ask(
        "measure", 600.0, data=experiment.data, num_images=min(MEASURED_IMAGES, known["num_to_learn_from"]),
        distance=POSITIONS[position(experiment.distance)], network_name=experiment.network,
    )  # fmt: skip
    size = experiment.num_images or known["default_images"] or known["num_to_learn_from"]
    similarity = measured["similarity"] if measured.get("can_tell", True) else 1.0
    return replace(experiment, recipe=recommend(size, similarity, lesson.thresholds).name)


def rehearse(
    experiment: Experiment,
    engine: LocalEngine,
    fresh: bool = False,
    on_progress: Callable[[str, int, int], None] = lambda doing, done, total: None,
) -> Rehearsed:
    """Run it to its end, unless it was rehearsed before (`fresh`: even then). A run that fails says why in its ending."""
    known = None if fresh else engine.find_record(experiment, REHEARSAL)
    if known is not None:
        return Rehearsed(known, engine.store.endings([known.id])[known.id], True)
    run_id = engine.submit(experiment, REHEARSAL, fresh=True)
    try:
        while (run := engine.store.get_run(run_id)).active:
            if step := engine.progress(run_id):
                on_progress(step["doing"], step["done"], step["total"])
            time.sleep(_POLL)
    except KeyboardInterrupt:
        engine.cancel(run_id)
        raise
    return Rehearsed(run, engine.store.endings([run_id])[run_id], False)


def command(args: argparse.Namespace) -> int:
    """`python -m tl_core rehearse`; returns 0 if every run went through, 2 if one could not for a reason the user can mend."""
    lessons = read_lessons(args.lessons)
    engine = make_engine(Store(), device=os.environ.get("TL_DEVICE", "auto"), warm=False)
    status = 0
    try:
        for number, lesson in enumerate(lessons, 1):
            experiment = resolve(lesson, engine)
            progress = ProgressLine()
            done = rehearse(experiment, engine, args.fresh, progress)
            progress.close()
            if done.run.status != "finished":
                status = 2 if done.ending.get("user_error") or done.run.status == "stopped" else status or 1
            print(_json(experiment, done) if args.json else _line(experiment, done, number, len(lessons)), flush=True)
    finally:
        engine.close()
    return status


def _json(experiment: Experiment, done: Rehearsed) -> str:
    keys = ("test_accuracy", "seconds", "error")
    found = {key: done.ending[key] for key in keys if key in done.ending}
    return json.dumps({"experiment": experiment.to_json(), "status": done.run.status, "known": done.known, **found})


def _line(experiment: Experiment, done: Rehearsed, number: int, total: int) -> str:
    what = f"{experiment.data}, {experiment.num_images or 'all'} images, {experiment.network}, {experiment.recipe}"
    if done.run.status != "finished":
        say(f"tl_core rehearse: {done.run.error or 'stopped'}")
        return f"{number} of {total}: {what}: {done.run.status}"
    result = f"{100 * done.ending['test_accuracy']:.1f} % right, {done.ending['seconds']:.1f} s"
    return f"{number} of {total}: {what}: {result}{', was there already' if done.known else ''}"
