"""One run on the page: where it stands, its curves, its layers, its result. Drawn from recorded events only."""

from typing import Any

import streamlit as st

from frame import components
from frame.drawings import show_diagram
from frame.services import get_catalogue, get_engine, get_events, get_store, owner
from frame.take_home import show_take_home
from frame.text import plain
from tl_core.cases import CASE_NAMES, CUSTOM, find_recipe
from tl_core.data.dial import position, position_name
from tl_core.errors import RunNotFound
from tl_core.experiment import Experiment
from tl_core.figures import RunCurve, confusion_figure, curves_figure
from tl_core.networks import get_network
from tl_core.plan import Layer
from tl_core.store import INTERRUPTED, Run

POLL_SECONDS = 0.5
MOST_CLASSES = 60  # in a confusion matrix that can still be read


def run_title(run: Run) -> str:
    """'Run 3: digits, 300 images, 4 x 4 tiles, case 1'."""
    experiment = Experiment.from_json(run.experiment)
    parts = [data_word(experiment), f"{experiment.num_images:,} images" if experiment.num_images else "all images"]
    if position(experiment.distance):
        parts.append(position_name(experiment.distance))
    parts += [get_network(experiment.network).title, recipe_word(experiment)]
    return f"Run {run.number}: {', '.join(parts)}"


def data_word(experiment: Experiment) -> str:
    """The title of the data set; an upload has none that others should see."""
    entry = get_catalogue().get(experiment.data)
    return entry.title if entry is not None else "uploaded pictures"


def recipe_word(experiment: Experiment) -> str:
    """'case 1', 'tune one block', 'own recipe', and where the network was cut if that was chosen."""
    name = experiment.make_recipe().name
    if name in CASE_NAMES:
        word = name.replace("-", " ")
    else:
        word = "own recipe" if name == CUSTOM else find_recipe(name).title.lower()
    return f"{word}, cut after {experiment.cut}" if experiment.cut else word


def is_going_on(run_id: str | None, experiment: Experiment) -> bool:
    """Whether the shown run is this very experiment and not over yet."""
    if not run_id:
        return False
    try:
        run = get_store().get_run(run_id)
    except RunNotFound:
        return False
    return run.active and run.experiment == experiment.to_json()


def show_run(run_id: str, others: list[str]) -> None:
    """The run, live while it goes on; `others` are ids of runs whose curves are laid over it."""
    store = get_store()
    try:
        run = store.get_run(run_id)
    except RunNotFound as error:
        st.warning(plain(str(error)))
        return
    st.subheader(plain(run_title(run)), anchor=False)

    @st.fragment(run_every=POLL_SECONDS if run.active else None)
    def watch() -> None:
        now = store.get_run(run_id)
        if run.active and not now.active:
            st.rerun()
        events = get_events().of(run_id)
        _status(now, events)
        if not now.active and _find(events, "epoch") is None:
            return
        left, right = st.columns([5, 9], gap="large")
        with left:
            _curves(now, events, others)
        with right:
            _layers(events)

    watch()
    if not run.active:
        _result(run, get_events().of(run_id))
        show_take_home(run, run_title(run), data_word(Experiment.from_json(run.experiment)))


def _find(events: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    """The last event of a kind."""
    return next((event for event in reversed(events) if event["event"] == kind), None)


def _epochs(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == "epoch"]


def _status(run: Run, events: list[dict[str, Any]]) -> None:
    """A progress bar that says what is going on, and Stop."""
    bar, button = st.columns([8, 1], vertical_alignment="bottom") if run.active else (st.container(), None)
    engine = get_engine()
    epochs = _epochs(events)
    with bar:
        if run.status == "queued":
            place = engine.position(run.id) or 1
            st.progress(0.0, f"Waiting: place {place} in line, behind the run that is training. It starts by itself.")
        elif run.active:
            _progress_bar(epochs, engine.progress(run.id))
        else:
            _end_bar(run, epochs, _find(events, "finished"))
    if button is not None and run.owner == owner():
        button.button("Stop", key="stop", on_click=engine.cancel, args=(run.id,), width="stretch")
    if run.error:
        (st.error if run.status == "failed" else st.warning)(plain(run.error))
    for note in {note: None for event in events for note in event.get("notes", [])}:
        st.caption(plain(note))


def _progress_bar(epochs: list[dict[str, Any]], step: dict[str, Any] | None) -> None:
    """What is being done at this moment, down to the batch."""
    step = step or {"doing": "Getting ready", "done": 0, "total": 1}
    share = min(1.0, step["done"] / max(1, step["total"]))
    text = step["doing"] + (f": {step['done']:,} of {step['total']:,}" if step["total"] > 1 else "")
    if epochs:
        last = epochs[-1]
        share = min(1.0, (last["epoch"] + (share if share < 1 else 0)) / last["num_epochs"])
        text += f"; {last['images_per_second']:,.0f} images per second, {_duration(last['eta_seconds'])} left"
    st.progress(share, text)


def _end_bar(run: Run, epochs: list[dict[str, Any]], finished: dict[str, Any] | None) -> None:
    word = {"finished": "Finished", "stopped": "Stopped", "failed": "Failed", INTERRUPTED: "Interrupted"}[run.status]
    if not epochs:
        st.progress(0.0, f"{word} before the first epoch.")
        return
    last = epochs[-1]
    text = f"{word} after epoch {last['epoch']} of {last['num_epochs']}, {_duration(last['elapsed_seconds'])}"
    if finished:
        if last["epoch"] < last["num_epochs"]:
            text += f", since nothing improved after epoch {finished['best_epoch']}"
        text += f": {100 * finished['test_accuracy']:.1f} % of the test images are right"
    st.progress(1.0 if finished else last["epoch"] / last["num_epochs"], f"{text}.")


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} minutes"


def _curve(run: Run, epochs: list[dict[str, Any]], metric: str, index: int) -> RunCurve:
    best = max(epochs, key=lambda e: (e["val_accuracy"], -e["val_loss"]))["epoch"] if epochs else None
    return RunCurve(
        label=f"Run {run.number}",
        colour_index=index,
        epochs=[e["epoch"] for e in epochs],
        train=[e[f"train_{metric}"] for e in epochs],
        held_out=[e[f"val_{metric}"] for e in epochs],
        best_epoch=best if not run.active else None,
    )


def _curves(run: Run, events: list[dict[str, Any]], others: list[str]) -> None:
    store = get_store()
    shown = [(run, _epochs(events))]
    shown += [(store.get_run(other), _epochs(get_events().of(other))) for other in others if other != run.id]
    num_epochs = max((e[-1]["num_epochs"] for _, e in shown if e), default=None)
    if num_epochs is None:
        started = _find(events, "started")
        num_epochs = started["num_epochs"] if started else 10
    dark = st.context.theme.type == "dark"
    for metric in ("accuracy", "loss"):
        curves = [_curve(each, epochs, metric, index) for index, (each, epochs) in enumerate(shown)]
        figure = curves_figure(curves, metric, num_epochs=num_epochs, dark=dark)
        components.live_plot(figure, alt=_curve_alt(metric, curves[0]), key=f"live_{metric}")


def _curve_alt(metric: str, curve: RunCurve) -> str:
    if not curve.epochs:
        return f"Chart of the {metric} by epoch; no point yet."
    unit = (100, " %") if metric == "accuracy" else (1, "")
    last = [f"{value * unit[0]:.2f}{unit[1]}" for value in (curve.train[-1], curve.held_out[-1])]
    where = f"{curve.label} after epoch {curve.epochs[-1]}"
    return f"Chart of the {metric} by epoch. {where}: training {last[0]}, held-out {last[1]}."


def _layers(events: list[dict[str, Any]]) -> None:
    """The diagram of this run's own layers, with how far the weights of each have moved."""
    started = _find(events, "started")
    if started is None:
        st.caption("The layers are drawn as soon as the network is ready.")
        return
    moved = next((event["weights_moved"] for event in reversed(events) if event.get("weights_moved")), None)
    layers = tuple(Layer.from_json(layer) for layer in started["layers"])
    network = get_network(started["experiment"]["network"])
    show_diagram(
        layers,
        network.input_size,
        key="run_diagram",
        weights_moved=moved or {layer.name: 0.0 for layer in layers if layer.state != "sliced"},
    )
    trained = (
        f"{started['num_train']:,} training, {started['num_val']:,} held-out and {started['num_test']:,} test images"
    )
    st.caption(
        f"{trained}; {len(started['classes'])} classes; trained on {started['device']}. *Moved*: the size of the change of a "
        "layer's weights, compared with their size at the start."
    )


def _result(run: Run, events: list[dict[str, Any]]) -> None:
    finished, started = _find(events, "finished"), _find(events, "started")
    if finished is None or started is None:
        return
    left, right = st.columns([4, 5], gap="large")
    with left:
        low, high = (100 * finished[f"test_accuracy_{end}"] for end in ("low", "high"))
        st.metric(
            "Test accuracy",
            f"{100 * finished['test_accuracy']:.1f} %",
            help="Share of the test images, never seen in training, that are right.",
        )
        st.caption(
            f"95 % interval {low:.1f} to {high:.1f} %, from {started['num_test']:,} test images; "
            f"weights of epoch {finished['best_epoch']}."
        )
        st.write(plain(finished["verdict"]))
    with right:
        classes = started["classes"]
        if len(classes) <= MOST_CLASSES:
            st.plotly_chart(
                confusion_figure(finished["confusion"], classes, dark=st.context.theme.type == "dark"),
                theme=None,
                key=f"confusion_{run.id}",
                config={"displayModeBar": False},
                alt="Confusion matrix: for each true class, how many test images were given each class.",
            )
        else:
            st.caption(f"The confusion matrix of {len(classes)} classes is too large to read here.")
