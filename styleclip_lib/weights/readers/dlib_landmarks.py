"""dlib's shape predictors (`shape_predictor_68_face_landmarks.dat` and its like) -> arrays.

dlib itself trusts the indices and counts in such a file. Here everything is read into arrays whose sizes and ranges are checked, and
`photos.landmarks` predicts with them.

The file is a sequence of packed integers (a byte with the sign and the number of bytes, then those bytes); a float is two of them, a
mantissa and an exponent of 2. They are, in this order: the version; the mean shape; for every cascade its trees, each with splits (two
pixels and a threshold) and leaves (how far the points move); for every cascade the point to which each pixel is anchored; and the
offset of each pixel from that point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..unpickling.untrusted import Refused, Stretch

MOST_BYTES = 120_000_000
"""Of a file, and of its leaves in memory; dlib's own model has 99.7 and 65 million bytes."""

POINTS = 68
MOST_CASCADES, MOST_TREES, MOST_SPLITS, MOST_PIXELS = 100, 5000, 255, 5000

WINDOW = 1 << 15
"""Bytes that are decoded together."""

Arrays = dict[str, np.ndarray]


def read_dlib(file: Stretch) -> Arrays:
    """The model in a file: C cascades of T trees with S splits, which compare F pixels.

    shape       float32 [68, 2], the mean shape in the unit square of a face's box
    anchors     int32 [C, F], the point to which each pixel is anchored;  deltas float32 [C, F, 2], its offset from that point
    pixels      int32 [C, T, S, 2], the pixels that a split compares;  thresholds float32 [C, T, S]
    leaves      float32 [C, T, S + 1, 68, 2], how far the points move

    Raises Refused for a file that is broken, is something else, or has impossible indices or counts.
    """
    if len(file) > MOST_BYTES:
        raise Refused("it is larger than any model of 68 landmarks")
    try:
        return checked(_Parts(packed_integers(np.frombuffer(file.read(), np.uint8))).arrays())
    except (IndexError, ValueError) as error:
        raise Refused("it is not one of dlib's shape predictors") from error


def checked(arrays: Arrays) -> Arrays:
    """The arrays, if they belong together and every index is in range. Otherwise raises Refused."""
    check_shapes({name: array.shape for name, array in arrays.items()})
    for name, most in (("anchors", POINTS), ("pixels", arrays["anchors"].shape[1])):
        if not ((arrays[name] >= 0) & (arrays[name] < most)).all():
            raise Refused("an index in it leads outside")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise Refused("numbers in it are infinite or undefined")
    return arrays


def check_shapes(shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises Refused for shapes of arrays that do not belong together, or that no model has."""
    try:
        cascades, trees, splits = shapes["thresholds"]
        count = shapes["anchors"][1]
    except (KeyError, IndexError, ValueError) as error:
        raise Refused("it is not a model of 68 landmarks") from error
    sizes = {"shape": (POINTS, 2), "anchors": (cascades, count), "deltas": (cascades, count, 2), "pixels": (cascades, trees, splits, 2),
             "thresholds": (cascades, trees, splits), "leaves": (cascades, trees, splits + 1, POINTS, 2)}  # fmt: skip
    if dict(shapes) != sizes or splits & (splits + 1) or not count or 4 * math.prod(sizes["leaves"]) > MOST_BYTES:
        raise Refused("it is not a model of 68 landmarks")


class _Parts:
    """The integers of a file, taken part by part."""

    def __init__(self, numbers: np.ndarray):
        self.numbers, self.at = numbers, 0

    def take(self, *shape: int) -> np.ndarray:
        count = int(np.prod(shape, dtype=np.int64))
        self.at += count
        if self.at > len(self.numbers):
            raise Refused("it is cut off")
        return self.numbers[self.at - count : self.at].reshape(shape)

    def count(self, most: int, wanted: int | None = None) -> int:
        (count,) = self.take(1).tolist()
        if not 0 < count <= most or wanted not in (None, count):
            raise Refused("a count in it is not that of a model of 68 landmarks")
        return count

    def arrays(self) -> Arrays:
        if self.take(1) != 1 or (self.take(2) != (-2 * POINTS, -1)).any():
            raise Refused("it is not one of dlib's shape predictors for 68 landmarks")
        shape = floats(self.take(2 * POINTS, 2)).reshape(POINTS, 2)
        forests = [self.forest() for _ in range(self.count(MOST_CASCADES))]
        pixels, thresholds, leaves = (np.stack(parts) for parts in zip(*forests))
        self.count(MOST_CASCADES, len(forests))
        anchors = np.stack([self.take(self.count(MOST_PIXELS)) for _ in forests])
        self.count(MOST_CASCADES, len(forests))
        deltas = np.stack([floats(self.take(self.count(MOST_PIXELS), 2, 2)) for _ in forests])
        if self.at != len(self.numbers):
            raise Refused("there is something after its end")
        for indices, most in ((anchors, POINTS), (pixels, MOST_PIXELS)):
            if (indices < 0).any() or (indices >= most).any():
                raise Refused("an index in it leads outside")
        return {"shape": shape, "anchors": anchors.astype(np.int32), "deltas": deltas, "pixels": pixels.astype(np.int32),
                "thresholds": thresholds, "leaves": leaves}  # fmt: skip

    def forest(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The trees of a cascade, all of the same size: pixels [T, S, 2], thresholds [T, S], leaves [T, S + 1, 68, 2]."""
        trees = self.count(MOST_TREES)
        splits = int(self.numbers[self.at])
        if not 0 < splits <= MOST_SPLITS:
            raise Refused("a count in it is not that of a model of 68 landmarks")
        leaf = 2 + 4 * POINTS
        each = self.take(trees, 1 + 4 * splits + 1 + (splits + 1) * leaf)
        decisions, movements = each[:, 1 : 1 + 4 * splits].reshape(trees, splits, 4), each[:, 2 + 4 * splits :].reshape(trees, -1, leaf)
        if (each[:, 0] != splits).any() or (each[:, 1 + 4 * splits] != splits + 1).any() or (movements[..., :2] != (-2 * POINTS, -1)).any():
            raise Refused("its trees are not all of the same size")
        moves = floats(movements[..., 2:].reshape(trees, splits + 1, POINTS, 2, 2))
        return decisions[..., :2], floats(decisions[..., 2:]), moves


def floats(pairs: np.ndarray) -> np.ndarray:
    """Mantissas and exponents, int64 [..., 2] -> float32 [...]."""
    if (np.abs(pairs[..., 1]) > 1000).any():  # dlib writes infinite and undefined numbers like this
        raise Refused("numbers in it are infinite or undefined")
    with np.errstate(over="ignore"):
        return np.ldexp(pairs[..., 0].astype(np.float64), pairs[..., 1].astype(np.int32)).astype(np.float32)


def packed_integers(content: np.ndarray) -> np.ndarray:
    """All integers of a file, uint8 [N] -> int64. Only the first byte of an integer says where the next one begins, so a window of bytes is
    decoded together by pointer doubling: from every byte to the next integer, to the one after two, after four, and so on."""
    parts, at = [], 0
    while at < len(content):
        window = content[at : at + WINDOW].astype(np.int64)
        size = len(window)
        after = np.append(np.minimum(np.arange(size) + (window & 15) + 1, size + 1), [size, size + 1])
        begins, jump = np.zeros(1, np.int64), after
        while begins[-1] < size:
            begins, jump = np.concatenate([begins, jump[begins]]), jump[jump]
        begins = begins[(begins < size) & (after[np.minimum(begins, size)] <= size)]
        if not len(begins):
            raise Refused("it is cut off")
        parts.append(_values(window, begins))
        at += int(after[begins[-1]])
    return np.concatenate(parts)


def _values(window: np.ndarray, begins: np.ndarray) -> np.ndarray:
    heads = window[begins]
    lengths = heads & 15
    if (heads & 0x70).any() or (lengths < 1).any() or (lengths > 8).any():
        raise Refused("it is not one of dlib's shape predictors")
    values = np.zeros(len(begins), np.int64)
    padded = np.append(window, np.zeros(8, np.int64))
    for k in range(8):
        values |= np.where(lengths > k, padded[begins + 1 + k], 0) << (8 * k)
    return np.where(heads & 0x80, -values, values)
