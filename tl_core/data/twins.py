"""Near-duplicates: pictures that show the same, though size, compression, brightness or a few pixels may differ."""

import numpy as np

MAX_HAMMING = 4  # of the 64 bits of the difference hash
MAX_SHADE = 24.0  # how much brighter one may be as a whole, of 255
MAX_DIFFERENCE = 6.0  # mean over the pixels at 16 x 16 once their means are equal, of 255
MAX_SHARE = 0.15  # ... and in proportion to the contrast, so that flat pictures do not all match
FLAT_DIFFERENCE = 1.0  # what is allowed in any case: compression alone makes as much
_BLOCK_ROWS = 512
_CHUNK_PAIRS = 8_192


def find_twins(marks: np.ndarray) -> list[list[int]]:
    """Groups of two or more near-duplicates, each ascending; `marks` (N,) are `tl_core.data.kept.MARK`.

    Hashes are compared pair by pair, in blocks: 2,000 pictures take 0.2 s, 20,000 about 2 s.
    """
    if not len(marks):
        return []
    # identical marks at once: a thousand copies would otherwise make half a million pairs
    _, first, copy_of = np.unique(marks[["hash", "small"]], return_index=True, return_inverse=True)
    group_of = _Groups(len(marks))
    for index, at in enumerate(copy_of):
        group_of.join(int(first[at]), index)
    hashes = marks["hash"][first]
    small = marks["small"][first].astype(np.float32)  # (M, 16, 16, 3)
    shade = small.mean(axis=(1, 2))  # (M, 3)
    centred = (small - shade[:, None, None]).reshape(len(first), -1)
    coarse = centred.reshape(len(first), 4, 4, 4, 4, 3).mean(axis=(2, 4)).reshape(len(first), -1)
    contrast = np.abs(centred).mean(axis=1)
    limit = np.maximum(FLAT_DIFFERENCE, np.minimum(MAX_DIFFERENCE, MAX_SHARE * contrast))
    for start in range(0, len(first), _BLOCK_ROWS):
        block = hashes[start : start + _BLOCK_ROWS, None]
        near = np.bitwise_count(block ^ hashes[None, start:]) <= MAX_HAMMING
        left, right = np.nonzero(np.triu(near, 1))
        left, right = left + start, right + start
        for at in range(0, len(left), _CHUNK_PAIRS):
            i, j = left[at : at + _CHUNK_PAIRS], right[at : at + _CHUNK_PAIRS]
            allowed = np.minimum(limit[i], limit[j])
            keep = np.abs(shade[i] - shade[j]).max(axis=1) <= np.minimum(MAX_SHADE, 4 * allowed)
            keep &= np.abs(coarse[i] - coarse[j]).mean(axis=1) <= allowed
            i, j, allowed = i[keep], j[keep], allowed[keep]
            keep = np.abs(centred[i] - centred[j]).mean(axis=1) <= allowed
            for one, other in zip(i[keep], j[keep], strict=True):
                group_of.join(int(first[one]), int(first[other]))
    return group_of.groups()


class _Groups:
    """Union and find."""

    def __init__(self, count: int):
        self._above = list(range(count))

    def join(self, one: int, other: int) -> None:
        one, other = self._top(one), self._top(other)
        self._above[max(one, other)] = min(one, other)

    def groups(self) -> list[list[int]]:
        members: dict[int, list[int]] = {}
        for index in range(len(self._above)):
            members.setdefault(self._top(index), []).append(index)
        return [group for group in members.values() if len(group) > 1]

    def _top(self, index: int) -> int:
        while self._above[index] != index:
            self._above[index] = self._above[self._above[index]]
            index = self._above[index]
        return index
