"""The choice of a data set: imagined, on this machine, the visitor's own, or to be downloaded."""

from frame import state
from frame.my_images import own_uploads
from frame.services import get_catalogue
from frame.settings import IMAGINED, Settings
from frame.widgets import change_network, choice
from tl_core.data import Entry, drawn
from tl_core.experiment import DEFAULT_NETWORK
from tl_core.language import _


def data_picker(settings: Settings) -> None:
    catalogue = get_catalogue()
    current = settings.experiment.data
    present = [name for name, entry in catalogue.items() if entry.present]
    to_download = [name for name in catalogue if name not in present]
    uploads = own_uploads(current)
    names = [IMAGINED, *present, *uploads, *to_download]
    if current not in names:  # it was taken off the shelf
        names.append(current)

    def title(name: str) -> str:
        if name == IMAGINED:
            return _("Imagine any data set")
        if name in uploads:
            return uploads[name]
        if name not in catalogue:
            return _("{name} (no longer here)", name=name)
        entry = catalogue[name]
        if entry.present:
            return entry.shown_title
        return _("{name} ({mb:,.0f} MB to download)", name=entry.shown_title, mb=entry.download_mb)

    def choose(name: str) -> None:
        entry = catalogue.get(name)
        size = 500 if name == IMAGINED else entry.default_images if entry else None
        state.change(data=name, num_images=size, distance=0.0)
        change_network(_network_for(name, entry, state.get_settings().experiment.network))

    choice(
        _("Data set"),
        {name: title(name) for name in names},
        current,
        choose,
        key="bar_data",
        help=_(
            "The new pictures. 'Imagine' lets you move freely over the map; to train, choose a set of real pictures or upload "
            "your own."
        ),
    )


def _network_for(name: str, entry: Entry | None, network: str) -> str:
    """Drawn pictures go with the network that learnt from drawn ones, and photographs not with it."""
    if entry is not None and entry.network:
        return entry.network
    return DEFAULT_NETWORK if network == drawn.NETWORK and name != IMAGINED else network
