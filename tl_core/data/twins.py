"""Near-duplicates: pictures that show the same, though size, compression, brightness or a few pixels may differ."""

import numpy as np

MAX_HAMMING = 4  # of the 64 bits of the difference hash
MAX_SHADE = 24.0  # how much brighter one may be as a whole, of 255
MAX_DIFFERENCE = 6.0  # mean over the pixels at 16 x 16 once their means are equal, of 255
MAX_SHARE = 0.15  # ... and in proportion to the contrast, so that flat pictures do not all match
FLAT_DIFFERENCE = 1.0  # what is allowed in any case: compression alone makes as much
# Of pictures that look alike but are not the same, each is compared with so many, those nearest to it first.
MOST_COARSE = 500  # at 4 x 4
MOST_FULL = 128  # at 16 x 16, at a time: another round follows only if one of these was a match


def find_twins(marks: np.ndarray) -> list[list[int]]:
    """Groups of two or more near-duplicates, each ascending; `marks` (N,) are `tl_core.data.kept.MARK`.

    A picture belongs to a group if it matches any picture in it. What is in a group already is never compared again, so N
    pictures of the same thing take about N comparisons; `MOST_COARSE` and `MOST_FULL` bound what pictures cost that are only
    similar, and beyond them a match may be missed. Measured times: see `tests/data/test_twins.py`.
    """
    if not len(marks):
        return []
    # identical marks at once
    _, first, copy_of = np.unique(marks[["hash", "small"]], return_index=True, return_inverse=True)
    group_of_mark = _Search(marks[first]).groups()
    group_of = group_of_mark[copy_of]
    in_groups = np.argsort(group_of, kind="stable")
    starts = np.flatnonzero(np.diff(group_of[in_groups])) + 1
    return sorted(group.tolist() for group in np.split(in_groups, starts) if len(group) > 1)


class _Search:
    """Grows one group after another: whatever matches one of its pictures joins it."""

    def __init__(self, marks: np.ndarray):
        small = marks["small"].astype(np.float32)  # (M, 16, 16, 3)
        shade = small.mean(axis=(1, 2))  # (M, 3)
        centred = small - shade[:, None, None]
        self.hash, self.shade = marks["hash"].copy(), np.ascontiguousarray(shade.T)  # (M,), (3, M)
        self.coarse = centred.reshape(-1, 4, 4, 4, 4, 3).mean(axis=(2, 4)).reshape(len(marks), -1)
        self.full = centred.reshape(len(marks), -1)
        contrast = np.abs(self.full).mean(axis=1)
        self.limit = np.maximum(FLAT_DIFFERENCE, np.minimum(MAX_DIFFERENCE, MAX_SHARE * contrast))

    def groups(self) -> np.ndarray:
        """The number of each picture's group: (M,) int64."""
        group_of = np.empty(len(self.hash), np.int64)
        rest, hashes = np.arange(len(self.hash)), self.hash  # those without a group yet, and their hashes
        number = 0
        while len(rest):
            group_of[rest[0]] = number
            to_visit = [int(rest[0])]
            rest, hashes = rest[1:], hashes[1:]
            while to_visit and len(rest):
                at = to_visit.pop()
                near = np.flatnonzero(np.bitwise_count(hashes ^ self.hash[at]) <= MAX_HAMMING)
                near = near[self._matches(at, rest[near])] if len(near) else near
                if len(near):
                    group_of[rest[near]] = number
                    to_visit += rest[near].tolist()
                    rest, hashes = np.delete(rest, near), np.delete(hashes, near)
            number += 1
        return group_of

    def _matches(self, one: int, others: np.ndarray) -> np.ndarray:
        """Positions in `others`, of pictures whose hashes are near, of those that show the same."""
        allowed = np.minimum(self.limit[one], self.limit[others])
        apart = np.max([np.abs(channel[others] - channel[one]) for channel in self.shade], axis=0)
        kept = np.flatnonzero(apart <= np.minimum(MAX_SHADE, 4 * allowed))
        if len(kept) > MOST_COARSE:
            kept = kept[np.argpartition(apart[kept], MOST_COARSE)[:MOST_COARSE]]
        apart = np.abs(self.coarse[others[kept]] - self.coarse[one]).mean(axis=1)
        likely = apart <= allowed[kept]
        kept = kept[likely][np.argsort(apart[likely], kind="stable")]
        found = [kept[:0]]
        for start in range(0, len(kept), MOST_FULL):
            part = kept[start : start + MOST_FULL]
            same = part[np.abs(self.full[others[part]] - self.full[one]).mean(axis=1) <= allowed[part]]
            found.append(same)
            if not len(same):
                break
        return np.concatenate(found)
