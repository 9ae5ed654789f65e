"""Files of trained weights: there whole or not at all, and no more of them than there is room for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
