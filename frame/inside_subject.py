"""What is looked into: the network of the bar, or one of the visitor's runs beside what it started from."""

from dataclasses import dataclass

import streamlit as st

from frame.datasets import DataInfo
from frame.run_view import run_title
from frame.services import get_catalogue, get_events, get_store, owner
from frame.settings import Settings
from frame.text import plain
from frame.widgets import widget
from tl_core.data.dial import POSITIONS, position
from tl_core.experiment import Experiment
from tl_core.language import _, mark
from tl_core.networks import Network, get_network
from tl_core.paths import run_weights
from tl_core.plan import Layer
from tl_core.store import Run

STAND_IN = "wolves"  # drawn here, so always there: looked at while a data set is only imagined
NO_RUN = ""
HELP = mark(
    "The network that is chosen in the bar, as it was pre-trained. Or one of your finished runs: then every layer is shown as "
    "it was before the run and as it is after it."
)


@dataclass(frozen=True)
class Subject:
    """`run`: None for the pre-trained network alone. `data`: '' where there are no pictures. `layers`: of the run, by name."""

    network: Network
    data: str
    distance: float
    run: Run | None = None
    layers: dict[str, Layer] | None = None

    @property
    def run_id(self) -> str:
        return self.run.id if self.run else ""

    @property
    def data_title(self) -> str:
        entry = get_catalogue().get(self.data)
        return _(entry.title) if entry is not None else _("your pictures")

    @property
    def has_before(self) -> bool:
        return self.network.present


def choose_subject(settings: Settings, data: DataInfo) -> Subject:
    """Draw the choice; sentences say what is not as in the bar."""
    runs = {run.id: run for run in get_store().list_runs(owner()) if _can_be_opened(run)}
    network = get_network(settings.experiment.network)
    titles = {NO_RUN: _("{name}, pre-trained", name=_(network.title))} | {
        key: run_title(run) for key, run in runs.items()
    }
    wanted = st.session_state.get("inside_run", NO_RUN)
    wanted = wanted if wanted in titles else NO_RUN

    def changed() -> None:
        st.session_state.inside_run = st.session_state.inside_run_choice

    st.selectbox(
        _("Network to look into"),
        list(titles),
        format_func=titles.get,
        key=widget("inside_run_choice", wanted, changed),
        on_change=changed,
        help=_(HELP),
    )
    if wanted:
        return _of_run(runs[wanted])
    if settings.imagined:
        title = _(get_catalogue()[STAND_IN].title)
        st.info(
            plain(
                _(
                    "An imagined data set has no pictures, so you see {title} here, which this program draws itself.",
                    title=title,
                )
                + " "
                + _("For other pictures, choose a data set in the bar above, or use one of your own.")
            )
        )
        return Subject(network, STAND_IN, 0.0)
    here = settings.experiment.data if data.missing is None and data.error is None else ""
    return Subject(network, here, POSITIONS[position(settings.experiment.distance)])


def _can_be_opened(run: Run) -> bool:
    return run.status == "finished" and run_weights(run.id).is_file()


def _of_run(run: Run) -> Subject:
    experiment = Experiment.from_json(run.experiment)
    entry = get_catalogue().get(experiment.data)
    here = experiment.data if entry is None or entry.present else ""
    started = next((event for event in get_events().of(run.id) if event["event"] == "started"), None)
    layers = {row["name"]: Layer.from_json(row) for row in started["layers"]} if started else {}
    return Subject(get_network(experiment.network), here, POSITIONS[position(experiment.distance)], run, layers)
