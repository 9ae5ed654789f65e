"""What the pages know of the chosen data set: asked from the interactive worker, never decoded in the server itself."""

import functools
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from frame import wake
from frame.services import get_answers, get_catalogue
from frame.settings import Settings
from frame.text import plain
from tl_core.data import Entry, drawn
from tl_core.data.dial import POSITIONS, position
from tl_core.data.folders import newest_change
from tl_core.language import _, retold
from tl_core.networks import Network, get_network

MEASURED_IMAGES = 1_000  # a similarity does not change much beyond (see docs), and larger sets take longer to read
THUMBNAILS = 12
STRIP = 4  # pictures of a short row
SOURCE_OF_DRAWN = "dogs"  # what the network `drawn.NETWORK` learnt from
STAMP_SECONDS = 5
PATIENCE = 0.4  # seconds a page waits for an answer before it draws without it
SOON = 0.3  # seconds after which it is first asked whether the answer has come


@dataclass(frozen=True)
class DataInfo:
    """The chosen data set as far as it is known yet; `description` and `measurement` are None until they are.

    `error` says why the pictures cannot be used, `measure_error` why they cannot be measured (with this network, say).
    `missing` is the set's entry in the catalogue while it is not on this machine; then nothing else is known.
    """

    description: dict[str, Any] | None
    measurement: dict[str, Any] | None
    error: str | None
    measure_error: str | None
    waiting: tuple[Future, ...]
    missing: Entry | None = None

    @property
    def num_classes(self) -> int | None:
        if self.missing is not None:
            return self.missing.num_classes
        return len(self.description["classes"]) if self.description else None


def _take(future: Future, patience: float = PATIENCE) -> tuple[Any, str | None, bool]:
    """Answer, error, still waiting."""
    try:
        return future.result(patience), None, False
    except NotYet:
        return None, None, True
    except Exception as error:
        return None, str(error), False


def describe_data(settings: Settings) -> DataInfo:
    """Counts of the chosen set and its measured similarity; both are asked in the background."""
    experiment = settings.experiment
    entry = get_catalogue().get(experiment.data)
    if entry is not None and not entry.present:
        return DataInfo(None, None, None, None, (), missing=entry)
    answers = get_answers()
    stamp = _stamp(experiment.data)
    described = answers.ask("describe", stamp, spec=experiment.data)
    description, error, waiting = _take(described)
    if description is None:
        return DataInfo(None, None, error, None, (described,) if waiting else ())
    _ask_thumbnails(settings)  # before the measurement, which takes longer and would keep the pictures waiting
    network = get_network(experiment.network)
    source_pictures(network)
    if not network.present:
        missing = _(
            "The weights of {network} are not on this machine yet, so similarity is not measured with them.",
            network=_(network.title),
        )
        missing = f"{missing} {network.bring_sentence}"
        return DataInfo(description, None, None, missing, ())
    measured = answers.ask(
        "measure",
        stamp,
        data=experiment.data,
        num_images=min(MEASURED_IMAGES, description["num_to_learn_from"]),
        distance=POSITIONS[position(experiment.distance)],
        network_name=experiment.network,
    )
    measurement, error, waiting = _take(measured)
    return DataInfo(description, measurement, None, error, (measured,) if waiting else ())


def redraw_when_done(futures: tuple[Future, ...]) -> None:
    """Draw the page again as soon as the awaited answers are there."""
    if futures:
        wake.when(lambda: all(future.done() for future in futures), SOON)


def _stamp(name: str) -> float:
    """When a set on the shelf was changed last, so that what is known of it is asked again. Looked up every 5 s."""
    entry = get_catalogue().get(name)
    if entry is None or entry.path is None:
        return 0.0
    return _newest_change(entry.path, int(time.monotonic() / STAMP_SECONDS))


@functools.lru_cache(maxsize=64)
def _newest_change(path: Path, moment: int) -> float:
    return newest_change(path)


def _ask_thumbnails(settings: Settings) -> Future:
    return _thumbnails(settings.experiment.data, POSITIONS[position(settings.experiment.distance)])


def _thumbnails(data: str, distance: float = 0.0) -> Future:
    return get_answers().ask("thumbnails", _stamp(data), spec=data, distance=distance, count=THUMBNAILS)


def source_pictures(network: Network) -> Future | None:
    """Pictures of what the network learnt from, where they can be drawn here."""
    return _thumbnails(SOURCE_OF_DRAWN) if network.name == drawn.NETWORK else None


def picture_strip(pictures: Settings | Future) -> str:
    """HTML of a short row of the chosen set's pictures, or of those awaited; blank squares until they are there."""
    future = pictures if isinstance(pictures, Future) else _ask_thumbnails(pictures)
    found, error, _waiting = _take(future, 0.0)
    if error:
        return ""
    found = (found or [])[:STRIP]
    return f'<div class="tl-strip">{"".join(_image(picture) for picture in found) or "<span></span>" * STRIP}</div>'


def show_thumbnails(settings: Settings) -> tuple[Future, ...]:
    """A row of pictures as the distance dial shows them; returns what is still awaited."""
    future = _ask_thumbnails(settings)
    pictures, error, waiting = _take(future)
    if error:
        st.warning(plain(retold(error)))
        return ()
    blank = [{"label": "\u00a0", "png": ""}] * THUMBNAILS
    tiles = "".join(_tile(picture) for picture in (blank if waiting else pictures))
    st.html(_THUMBNAIL_STYLE + f'<div class="tl-thumbs">{tiles}</div>')
    return (future,) if waiting else ()


def counts_text(counts: dict[str, Any]) -> str:
    """How many pictures there are, and what they are for."""
    unused = counts["num_images"] - counts["num_to_learn_from"] - counts["num_test"]
    values = {"n": counts["num_images"], "classes": len(counts["classes"])}
    values |= {"learn": counts["num_to_learn_from"], "test": counts["num_test"]}
    if counts["default_images"]:
        text = _(
            "Drawn when they are needed: up to {n:,} images in {classes} classes: {learn:,} to learn from, {test:,} kept apart "
            "for the test",
            **values,
        )
    else:
        text = _(
            "{n:,} images in {classes} classes: {learn:,} to learn from, {test:,} kept apart for the test", **values
        )
    text += _(", {n:,} not used", n=unused) if unused else ""
    skipped = counts["num_skipped"]
    return text + (_("; {n:,} files could not be used.", n=skipped) if skipped else ".")


def _tile(picture: dict[str, str]) -> str:
    return f"<figure>{_image(picture)}<figcaption>{escape(picture['label'])}</figcaption></figure>"


def _image(picture: dict[str, str]) -> str:
    if not picture["png"]:
        return "<span></span>"
    return f'<img alt="{escape(picture["label"])}" src="data:image/png;base64,{picture["png"]}">'


_THUMBNAIL_STYLE = """<style>
.tl-thumbs { display: grid; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); gap: 10px; }
.tl-thumbs figure { margin: 0; min-width: 0; }
.tl-thumbs img, .tl-thumbs span { display: block; width: 100%; aspect-ratio: 1; border-radius: 4px; object-fit: cover;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.tl-thumbs figcaption { font-size: 0.78rem; opacity: 0.8; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
</style>"""
