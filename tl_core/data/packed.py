"""A data set in one piece that can be sent to another machine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tl_core.data.folders import Unread
from tl_core.data.source import ImageSource


def pack(source: ImageSource) -> ImageSource:
    """The same set, its fingerprint included, with all its files in memory: it can be pickled and read anywhere.

    Takes `source.num_bytes` of memory, and as long as reading them does. A drawn set is drawn anywhere and comes back as it is.
    Raises `ArchiveError` if the archive has gone bad.
    """
    if source.is_drawn:
        return source
    found = dict(source.read_many(range(len(source.items))))
    files = [found[index] for index in range(len(source.items))]
    shapes = [file.shape if isinstance(file, np.ndarray) else (0, 0, 0) for file in files]
    flat = [file.ravel() if isinstance(file, np.ndarray) else np.frombuffer(file, np.uint8) for file in files]
    reader = PackedReader(
        tuple(item.ref for item in source.items),
        np.concatenate(flat),
        np.cumsum([0, *map(len, flat)]),
        np.array(shapes, dtype=np.int32),
        np.array([isinstance(file, Unread) for file in files]),
    )
    return replace(source, reader=reader)


@dataclass(frozen=True, eq=False)
class PackedReader:
    """Reads from one array: arrays are sent and shared without being copied, files one by one would not be.

    `content`: (num_bytes,) uint8; `starts`: (N + 1,) where each file begins and ends; `shapes`: (N, 3) height, width and
    channels of pixels, zeros for an encoded file; `unread`: (N,) bool, those that could not be opened.
    """

    refs: tuple[str, ...]
    content: np.ndarray
    starts: np.ndarray
    shapes: np.ndarray
    unread: np.ndarray

    def __call__(
        self, refs: Sequence[str], alive: Callable[[], None], size: int = 0
    ) -> Iterator[tuple[str, bytes | np.ndarray]]:
        wanted = set(refs)
        for at, ref in enumerate(self.refs):
            if ref in wanted:
                data = self.content[self.starts[at] : self.starts[at + 1]]
                if self.shapes[at].any():
                    yield ref, data.reshape(self.shapes[at])
                else:
                    yield ref, Unread() if self.unread[at] else data.tobytes()
            alive()
