"""What the page 'Does the rule hold?' draws from: the recorded study, and every run that was finished on this server."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import streamlit as st

from frame.services import get_answers, get_catalogue, get_store, owner
from frame.settings import is_upload
from tl_core.data.owned import UPLOAD_NAME, open_own, owner_hash
from tl_core.errors import UserError
from tl_core.language import _, mark
from tl_core.networks import get_network
from tl_core.rule_cells import SET_TITLES, Cell, Similarity, gather, made_here, recorded

STUDY, HERE = mark("the recorded study"), mark("runs made here")
MEASURED_IMAGES = 1_000
MOST_MEASURED = 12  # similarities that a page asks for, so that nobody's pictures wait long behind them
LARGEST_INPUT = 64  # px; larger networks need too long to measure by the way
RUNS_KEPT = 5  # seconds for which the runs of the store are not read again


@dataclass(frozen=True)
class RuleData:
    """`waiting`: similarities that are still being measured; `left_out`: runs with settings of their own."""

    cells: list[Cell]
    left_out: int
    waiting: tuple[Future, ...]


@st.cache_data(ttl=RUNS_KEPT, max_entries=64, show_spinner=False)
def _rows_here(asking: str) -> tuple[list[dict[str, Any]], int]:
    """Rows of this server's runs that the visitor `asking` may see: of uploads only their own."""
    return made_here(get_store(), lambda data, maker: not is_upload(data) or maker == asking)


def all_rows(source: str | None) -> tuple[list[dict[str, Any]], int]:
    """Rows of the study, of runs made here, or (None) both; and how many runs were left out."""
    study = list(recorded().rows) if source != HERE else []
    here, left_out = _rows_here(owner()) if source != STUDY else ([], 0)
    return [*study, *here], left_out


def title_of(data: str) -> str:
    """A data set's name for the page; of an upload the name that its owner gave it."""
    if UPLOAD_NAME.fullmatch(data):
        found = open_own(data, owner_hash(owner()))
        return found[0].title if found else _("Pictures of yours, deleted")
    entry = get_catalogue().get(data)
    if data in SET_TITLES:
        return _(SET_TITLES[data])
    return entry.shown_title if entry else data


def rule_data(source: str | None, network: str | None, recipes: list[str] | None) -> RuleData:
    """The cells of a network (None for all of them), for the recipes that take part (None for every one)."""
    rows, left_out = all_rows(source)
    study = recorded()
    waiting: list[Future] = []

    def similarity(name: str, data: str, distance: float) -> Similarity | None:
        known = study.similarity(name, data, distance)
        return known or _measured(name, data, distance, rows, waiting)

    chosen = [row for row in rows if network is None or row["network"] == network]
    return RuleData(gather(chosen, similarity, title_of, recipes), left_out, tuple(waiting))


def _measured(
    network: str, data: str, distance: float, rows: list[dict[str, Any]], waiting: list[Future]
) -> Similarity | None:
    """The similarity of pictures that are here, asked from the interactive worker in the background."""
    entry = get_catalogue().get(data)
    if not (is_upload(data) or (entry is not None and entry.present)):
        return None
    try:
        if get_network(network).input_size > LARGEST_INPUT or len(waiting) >= MOST_MEASURED:
            return None
    except UserError:
        return None
    sizes = [row["num_train"] + row["num_val"] for row in rows if row["data"] == data]
    future = get_answers().ask(
        "measure", data=data, num_images=min(MEASURED_IMAGES, max(sizes)), distance=distance, network_name=network
    )
    if not future.done():
        if future not in waiting:
            waiting.append(future)
        return None
    if future.exception() is not None:
        return None
    found = future.result()
    return found["similarity"], found["similarity_low"], found["similarity_high"]
