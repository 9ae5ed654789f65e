"""A run's network as a safetensors file that says what it is."""

import json
from pathlib import Path

from safetensors.torch import save_file

from tl_core.export.kept_run import KeptRun, description, plain_name


def write_weights(kept: KeptRun, path: Path) -> None:
    """The kept stages (`body.STAGE...`) and the new layer (`new...`), float32; `description` in the file's metadata.

    The names are those of the notebook's network, which loads the file as it is.
    """
    tensors = {plain_name(key): value.contiguous() for key, value in kept.tensors.items()}
    about = {key: value if isinstance(value, str) else json.dumps(value) for key, value in description(kept).items()}
    save_file(tensors, path, {"format": "pt", **about})
