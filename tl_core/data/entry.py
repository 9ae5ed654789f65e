"""What is known about a data set without reading it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tl_core.language import _


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue.

    - `num_classes`, `num_images`: None until a set on the shelf was read once.
    - `present`: whether it can be used now; else it has to be downloaded first, `download_mb` megabytes.
    - `default_images`: what an open number of images means where there is no natural end; None for all.
    - `network`: the one that goes with these pictures, None for any.
    - `path`: the folder or archive on the shelf, None for a set that the project itself knows how to read.
    """

    name: str
    title: str
    num_classes: int | None
    num_images: int | None
    present: bool
    download_mb: float
    licence: str
    source: str
    description: str
    mirror_safe: bool = True
    default_images: int | None = None
    network: str | None = None
    path: Path | None = None

    @property
    def shown_title(self) -> str:
        """In the language spoken; what lies on the shelf is called as its owner called it."""
        return _(self.title) if self.path is None else self.title

    def to_json(self) -> dict[str, Any]:
        names = ("name", "title", "num_classes", "num_images", "present", "download_mb", "licence", "source")
        return {name: getattr(self, name) for name in names}
