"""The bar at the top of every page: data set, number of images, similarity, network, recipe, always in this order."""

from dataclasses import replace
from typing import Any

import streamlit as st

from frame import state
from frame.data_picker import data_picker
from frame.datasets import DataInfo, describe_data
from frame.services import get_catalogue
from frame.settings import AUTO, Settings
from frame.text import plain
from frame.widgets import change_network, choice, widget
from tl_core.cases import ALL, BONUS, CASES, CUSTOM, EXCEPT, EXCEPT_FIRST, NONE, Recipe, find_recipe
from tl_core.data.dial import POSITIONS, position, position_name
from tl_core.experiment import MAX_IMAGES
from tl_core.language import _
from tl_core.networks import Network, get_network, networks
from tl_core.plan import resolve_cut

_SERIES = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
IMAGINED_CLASSES = 5
IMAGINED_SIZES = 10, MAX_IMAGES


def experiment_bar() -> tuple[Settings, DataInfo]:
    """Draw the bar; returns the settings and what is known of the data."""
    settings = state.get_settings()
    data = DataInfo(None, None, None, None, ()) if settings.imagined else describe_data(settings)
    settings = _fit_to_data(settings, data)
    with st.container(border=True, key="experiment_bar"):
        columns = st.columns([2.2, 2.6, 2.6, 2.2, 2.0], gap="medium")
        with columns[0]:
            data_picker(settings)
        with columns[1]:
            _size_widget(settings, data)
        with columns[2]:
            _similarity_widget(settings)
        with columns[3]:
            _network_widget(settings)
        with columns[4]:
            _recipe_widget(settings)
        if not settings.auto and settings.experiment.recipe == CUSTOM:
            _custom_widgets(settings)
        elif not settings.auto and find_recipe(settings.experiment.recipe).recipe.freeze == EXCEPT_FIRST:
            _block_widget(settings)
    entry = get_catalogue().get(settings.experiment.data)
    if entry is not None and entry.path is None and entry.present:
        st.caption(plain(f"{entry.shown_title}: {_(entry.description)}"))
    return settings, data


def real_pictures_button() -> None:
    """For a page of an imagined data set."""
    st.button(
        _("Try it on real pictures"),
        type="primary",
        on_click=lambda: state.change(data="digits", num_images=None, distance=0.0),
        help=_("An imagined data set cannot be trained on; this chooses the handwritten digits."),
    )


def num_images(settings: Settings, data: DataInfo) -> int:
    """Images to learn from: as set, or all that the set has (with the test images while it is not on this machine)."""
    if settings.experiment.num_images is not None:
        return settings.experiment.num_images
    if data.missing is not None:
        return data.missing.num_images or 1
    if data.description is None:
        return 1
    return data.description["default_images"] or data.description["num_to_learn_from"]


def size_steps(low: int, high: int, value: int) -> list[int]:
    """Positions of the size slider: about ten to each power of ten, the ends and the present value."""
    steps = {round(step * 10**power) for power in range(7) for step in _SERIES}
    return sorted({low, high, value} | {step for step in steps if low < step < high})


def imagined_sizes(settings: Settings) -> list[int]:
    """Positions of the size slider for an imagined data set."""
    return size_steps(*IMAGINED_SIZES, imagined_size(settings))


def imagined_size(settings: Settings) -> int:
    """Where that slider stands."""
    low, high = IMAGINED_SIZES
    return min(max(settings.experiment.num_images or low, low), high)


def _fit_to_data(settings: Settings, data: DataInfo) -> Settings:
    """A size that the chosen set does not have becomes all that it has."""
    wanted = settings.experiment.num_images
    if data.description is None or wanted is None:
        return settings
    most, least = data.description["num_to_learn_from"], 2 * len(data.description["classes"])
    everything = most if data.description["default_images"] else None
    if wanted >= most and wanted != everything:
        state.change(num_images=everything)
    elif wanted < least:
        state.change(num_images=least)
    return state.get_settings()


def _size_widget(settings: Settings, data: DataInfo) -> None:
    if settings.imagined:
        low, high = IMAGINED_SIZES
    elif data.description:
        low, high = 2 * len(data.description["classes"]), data.description["num_to_learn_from"]
    else:
        st.select_slider(_("Number of images"), [_("not known yet"), " "], key="bar_images_unknown", disabled=True)
        return
    endless = settings.imagined or data.description["default_images"]  # 'all' is then not what anyone means
    value = min(max(num_images(settings, data), low), high)

    def changed() -> None:
        chosen = st.session_state.bar_images
        state.change(num_images=None if chosen == high and not endless else chosen)

    st.select_slider(
        _("Number of images"),
        size_steps(low, high, value),
        format_func=lambda n: _("{n:,}", n=n),
        key=widget("bar_images", value, changed),
        on_change=changed,
        disabled=low >= high,
        help=_(
            "How many images there are to learn from (training and validation). Images for the final test are kept apart and "
            "come on top."
        ),
    )


def _similarity_widget(settings: Settings) -> None:
    def imagined() -> None:
        state.change(similarity=round(st.session_state.bar_similarity, 2))

    def dialled() -> None:
        state.change(distance=st.session_state.bar_distance)

    if settings.imagined:
        st.slider(
            _("Similarity to the original data"),
            0.0,
            1.0,
            step=0.01,
            key=widget("bar_similarity", settings.similarity, imagined),
            on_change=imagined,
            help=_(
                "How much the new pictures are like those the network was trained on: 0 is different, 1 is similar."
            ),
        )
        return
    order = list(reversed(POSITIONS))  # less similar on the left, as on the map's axis from the bottom up
    st.select_slider(
        _("Similarity to the original data"),
        order,
        format_func=position_name,
        key=widget("bar_distance", POSITIONS[position(settings.experiment.distance)], dialled),
        on_change=dialled,
        help=_(
            "Real pictures cannot be made more similar, but they can be made less so: their tiles are swapped, in the same way "
            "in every picture, finer and finer to the left. Edges survive, shapes do not. How similar the result is, is "
            "measured."
        ),
    )


def _network_widget(settings: Settings) -> None:
    catalogue = networks()

    def title(network: Network) -> str:
        if network.present:
            return _(network.title)
        return _("{network} ({mb:.0f} MB)", network=_(network.title), mb=network.download_mb)

    learnt_from = catalogue[settings.experiment.network].trained_on

    choice(
        _("Network"),
        {name: title(network) for name, network in catalogue.items()},
        settings.experiment.network,
        change_network,
        key="bar_network",
        help=_("The pre-trained network that is adapted. This one learnt from {what}.", what=_(learnt_from)),
    )


def _recipe_widget(settings: Settings) -> None:
    titles = {AUTO: _("As the map says")} | {case.name: _("Case {number}", number=case.number) for case in CASES}
    titles |= {bonus.name: _(bonus.title) for bonus in BONUS} | {CUSTOM: _("My own")}
    more = "\n".join(f"- *{_(bonus.title)}*: {_(bonus.summary)}" for bonus in BONUS)
    help_text = _(
        "What is done to the network: the recipe of the map's quadrant, another case's on purpose, one that research adds, or "
        "your own."
    )

    def changed() -> None:
        name = st.session_state.bar_recipe
        if name == AUTO:
            state.change(auto=True, recipe="case-1", cut=None, freeze=None, init=None)
        elif name == CUSTOM:
            network = get_network(state.get_settings().experiment.network)
            state.change(auto=False, recipe=CUSTOM, cut=resolve_cut(network, "last"), freeze=ALL, init="pretrained")
        else:
            state.change(auto=False, recipe=name, cut=None, freeze=None, init=None)

    st.selectbox(
        _("Recipe"),
        list(titles),
        format_func=titles.get,
        key=widget("bar_recipe", AUTO if settings.auto else settings.experiment.recipe),
        on_change=changed,
        help=f"{help_text}\n\n{more}",
    )


def _custom_widgets(settings: Settings) -> None:
    """Cut, freeze and start of a recipe of one's own."""
    experiment = settings.experiment
    network = get_network(experiment.network)
    recipe = experiment.make_recipe()
    kept = [stage.name for stage in network.stages[:-1]]
    titles = {stage.name: _(stage.title) for stage in network.stages}

    def choose(**chosen: str) -> None:
        now = state.get_settings().experiment
        if (now.network, now.recipe) == (network.name, CUSTOM):  # as when this was drawn
            state.change(**_own(network, now.make_recipe(), **chosen))

    columns = st.columns(3, gap="medium")
    with columns[0]:
        st.select_slider(
            _("Keep the layers up to"),
            kept,
            format_func=titles.get,
            key=widget("bar_cut", resolve_cut(network, recipe.cut)),
            on_change=lambda: choose(cut=st.session_state.bar_cut),
            help=_("Everything after this layer is sliced off, and the new layer is put here."),
        )
    with columns[1]:
        words = _freeze_words(kept[: kept.index(resolve_cut(network, recipe.cut)) + 1], titles)
        freeze = f"{EXCEPT}{kept[0]}" if recipe.freeze == EXCEPT_FIRST else recipe.freeze
        st.selectbox(
            _("Freeze"),
            list(words),
            format_func=words.get,
            key=widget("bar_freeze", freeze if freeze in words else ALL),
            on_change=lambda: choose(freeze=st.session_state.bar_freeze),
            disabled=recipe.init == "random",
            help=_("Frozen layers do not change: all layers up to one of them, or all but one."),
        )
    with columns[2]:
        st.segmented_control(
            _("Start from"),
            ["pretrained", "random"],
            format_func={"pretrained": _("pre-trained weights"), "random": _("random weights")}.get,
            key=widget("bar_init", recipe.init),
            required=True,
            on_change=lambda: choose(init=st.session_state.bar_init),
            help=_("Pre-trained weights know something already; random ones know nothing."),
        )


def _freeze_words(kept: list[str], titles: dict[str, str]) -> dict[str, str]:
    """What can be frozen of these stages, from nothing to all, then all but one."""
    up_to = {name: _("up to {layer}", layer=titles[name]) for name in kept[:-1]}
    but = {f"{EXCEPT}{name}": _("all but {layer}", layer=titles[name]) for name in kept} if len(kept) > 1 else {}
    return {NONE: _("nothing"), **up_to, ALL: _("all that is kept"), **but}


def _block_widget(settings: Settings) -> None:
    """Which one of the pre-trained layers is trained."""
    network = get_network(settings.experiment.network)
    recipe = settings.experiment.make_recipe()
    kept = [stage.name for stage in network.stages[: network.index(resolve_cut(network, recipe.cut)) + 1]]
    titles = {stage.name: _(stage.title) for stage in network.stages}
    block = kept[0] if recipe.freeze == EXCEPT_FIRST else recipe.freeze.removeprefix(EXCEPT)

    def changed() -> None:
        chosen, now = st.session_state.bar_block, state.get_settings().experiment
        if (now.network, now.recipe) != (network.name, settings.experiment.recipe):
            return  # another since this was drawn
        state.change(freeze=None if chosen == kept[0] else f"{EXCEPT}{chosen}")

    with st.columns(3, gap="medium")[0]:
        st.select_slider(
            _("Block to tune"),
            kept,
            format_func=titles.get,
            key=widget("bar_block", block, changed),
            on_change=changed,
            help=_(
                "The pre-trained layer that is trained together with the new one. The first ones see edges and colours, the "
                "later ones shapes and objects."
            ),
        )


def _own(network: Network, recipe: Recipe, **chosen: str) -> dict[str, Any]:
    """A recipe of one's own after one choice, made consistent: no frozen random layers, no tuned block that is cut off."""
    recipe = replace(recipe, **chosen)
    cut, freeze = resolve_cut(network, recipe.cut), recipe.freeze
    if recipe.init == "random":
        freeze = NONE
    elif freeze.startswith(EXCEPT) and freeze != EXCEPT_FIRST:
        tuned = network.index(freeze.removeprefix(EXCEPT))
        freeze = freeze if tuned <= network.index(cut) else ALL
    return {"recipe": CUSTOM, "auto": False, "cut": cut, "freeze": freeze, "init": recipe.init}
