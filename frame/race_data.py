"""Races and their runs as the pages read them: what is over is read from the store only once for all who watch."""

import threading
from collections import OrderedDict

import streamlit as st

from frame.class_room import allowed, note_guess, note_run
from frame.services import get_engine, get_events, get_races, get_store, owner
from tl_core.data.dial import position_name
from tl_core.data.owned import UPLOAD_NAME, open_own, owner_hash
from tl_core.language import ENGLISH, english, speaking
from tl_core.race import Entry, Race, RaceError
from tl_core.race_runs import RaceRun
from tl_core.races import KeptRace
from tl_core.store import QUEUED, Run, Store

MOST_KEPT = 1_000  # runs that are over
GUESS = "race"  # the kind of guess in a class's tally


class RaceRuns:
    """The runs of races that are looked at."""

    def __init__(self, store: Store):
        self.store = store
        self._over: OrderedDict[str, RaceRun] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, kept: KeptRace) -> list[RaceRun]:
        """In the order of the race. Raises `RunNotFound` if one of them was deleted."""
        with self._lock:
            active = [run_id for run_id in kept.run_ids if run_id not in self._over]
            runs = {run.id: run for run in self.store.get_runs(active)} if active else {}
            return [
                self._over.get(run_id) or self._read(entry, runs[run_id])
                for entry, run_id in zip(kept.race.entries(), kept.run_ids, strict=True)
            ]

    def _read(self, entry: Entry, run: Run) -> RaceRun:
        events = () if run.status == QUEUED else tuple(get_events().of(run.id))
        found = RaceRun(entry, run.id, run.status, events, run.recorded)
        if not found.active:
            self._over[run.id] = found
            while len(self._over) > MOST_KEPT:
                self._over.popitem(last=False)
        return found


@st.cache_resource
def get_race_runs() -> RaceRuns:
    return RaceRuns(get_store())


def start_race(race: Race, fresh: bool = False) -> str:
    """Submit all runs of a race and keep it; returns its id.

    Raises `UserError` where the class or the queue does not take it, and for somebody else's pictures; then nothing was
    submitted. From there on it reads nothing of the visitor's session, where a drawing might end halfway.
    """
    visitor = owner()
    private = UPLOAD_NAME.fullmatch(race.base.data) is not None
    if private and open_own(race.base.data, owner_hash(visitor)) is None:
        raise RaceError(
            english("These pictures belong to somebody else, or are gone. Choose a data set in the bar above.")
        )
    experiments = [allowed(experiment, race.varied) for experiment in race.experiments()]
    run_ids = get_engine().submit_many(experiments, visitor, fresh=fresh)
    race_id = get_races().add(race, run_ids, visitor)  # first, so that no run is without a race that can stop it
    for run_id in run_ids:
        note_run(run_id, visitor)
    if race.guess.recipe is not None and not private:
        note_guess(GUESS, about_race(race), race.guess.recipe, visitor)
    return race_id


def stop_race(kept: KeptRace) -> None:
    """Stop the run that trains and take the waiting ones out of the queue; nothing for anyone but the race's owner."""
    if kept.owner != owner():
        return
    get_races().set_stopped(kept.id)
    for run_id in reversed(kept.run_ids):  # the waiting ones first, so that none of them starts
        get_engine().cancel(run_id)


def about_race(race: Race) -> str:
    """What was guessed of, equal for equal races: 'flowers, 500 images, as is, demo: case-1, case-3'."""
    with speaking(ENGLISH):  # one tally, whatever the students' languages
        dial = position_name(race.base.distance)
    what = [race.base.data, f"{race.num_images} images", dial, race.base.network]
    return f"{', '.join(what)}: {', '.join(sorted(race.recipes))}"[:255]
