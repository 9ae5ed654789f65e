"""Pictures: what data sets there are, where their files lie, how they are divided, decoded once and looked at.

Nothing here imports torch or streamlit: pages and workers read the same cached files.
"""

from tl_core.data.catalogue import catalogue
from tl_core.data.dataset import DataSet, load_dataset
from tl_core.data.dial import POSITIONS, apply_distance, pixel_index, position_name, turn_colours
from tl_core.data.entry import Entry
from tl_core.data.owned import new_upload_id
from tl_core.data.preview import describe, thumbnails
from tl_core.data.source import ImageSource, open_source, resolve_spec
from tl_core.data.uploads import UploadReport, import_upload

__all__ = [
    "POSITIONS",
    "DataSet",
    "Entry",
    "ImageSource",
    "UploadReport",
    "apply_distance",
    "catalogue",
    "describe",
    "import_upload",
    "load_dataset",
    "new_upload_id",
    "open_source",
    "pixel_index",
    "position_name",
    "resolve_spec",
    "thumbnails",
    "turn_colours",
]
