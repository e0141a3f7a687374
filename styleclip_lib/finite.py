"""Checks that a network's output is finite, since weights that are finite may still overflow together."""

from __future__ import annotations

import math

from torch import Tensor

from .errors import StyleclipError


def require_finite(what: str, *values: Tensor | float) -> None:
    """Raises StyleclipError if one of the values is infinite or undefined. what: a name for them that can begin a sentence"""
    if not all(bool(value.isfinite().all()) if isinstance(value, Tensor) else math.isfinite(value) for value in values):
        raise StyleclipError(f"{what} comes out infinite or undefined: a network that it is computed with has damaged or far too large "
                             "weights, so get its files again, or train it again.")
