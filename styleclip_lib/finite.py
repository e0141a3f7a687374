"""What a network computes must be numbers: weights that are finite one by one may overflow together."""

from __future__ import annotations

import math

from torch import Tensor

from .errors import StyleclipError


def require_finite(what: str, *values: Tensor | float) -> None:
    """Raises StyleclipError where one of the values is infinite or undefined. what: what they are, as the beginning of a sentence."""
    if not all(bool(value.isfinite().all()) if isinstance(value, Tensor) else math.isfinite(value) for value in values):
        raise StyleclipError(f"{what} comes out infinite or undefined: a network that it is computed with has damaged or far too large "
                             "weights, so get its files again, or train it again.")
