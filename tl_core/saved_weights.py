"""Files of weights: written whole or not at all, and no more of them than there is room for; read into memory of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import safe_open

if TYPE_CHECKING:  # what only writes has no need of it
    from torch import Tensor

KEEP_WEIGHTS_MB = 2048  # saved weights of the latest runs, all together


@contextmanager
def writing_weights(path: Path) -> Iterator[Path]:
    """A temporary path whose file gets the name `path` when the block ends well; then the oldest files beside it go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    yield temporary
    temporary.replace(path)
    saved = sorted(path.parent.glob("*.safetensors"), key=lambda file: file.stat().st_mtime, reverse=True)
    room = KEEP_WEIGHTS_MB * 2**20
    for file in saved:
        room -= file.stat().st_size
        if room < 0 and file != path:
            file.unlink(missing_ok=True)


def read_weights(path: Path) -> tuple[dict[str, "Tensor"], dict[str, str]]:
    """The tensors of a safetensors file, on the CPU, and what was written beside them.

    They are copied: in the file they begin wherever its header ends, and products of matrices add up in another order at odd
    addresses, so that equal weights would not always give equal bytes. Raises `SafetensorError` and `OSError`.
    """
    with safe_open(path, "pt") as file:
        return {key: file.get_tensor(key).clone() for key in file.keys()}, file.metadata() or {}
