"""Pictures that show the same: found by a small grey copy of them, whatever their format and size were."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 16

NEAR = 6.0
"""Grey levels (root mean square) by which small copies of one picture differ at most. Saved again as a JPEG, a crop differs by 0.6; a
photograph made smaller, in which the face is found anew, by 4.3; of 3,000 portraits the two that are most alike differ by 8.8."""


def fingerprint(picture: Image.Image) -> str:
    """The picture in grey at 16 x 16 pixels, as 512 hexadecimal digits."""
    return picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX).tobytes().hex()


def same_as(fingerprints: list[str], at_once: int = 500) -> list[int | None]:
    """For each fingerprint the number of the first one before it that belongs to the same picture, which has none itself; or None."""
    grey = np.frombuffer(bytes.fromhex("".join(fingerprints)), dtype=np.uint8).reshape(len(fingerprints), SIDE * SIDE).astype(np.float32)
    squares = (grey * grey).sum(1)
    original_of: list[int | None] = [None] * len(grey)
    for start in range(0, len(grey), at_once):
        some = slice(start, start + at_once)
        apart = squares[some, None] + squares[: some.stop] - 2 * grey[some] @ grey[: some.stop].T
        for row, column in np.argwhere(apart <= NEAR**2 * grey.shape[1]):
            if column < start + row and original_of[start + row] is None and original_of[column] is None:
                original_of[start + row] = int(column)
    return original_of
