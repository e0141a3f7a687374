"""The results of an evaluation, edit by edit."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image
from torch import Tensor

from ..images import image_grid
from .questions import Question
from .report import EditReport

THUMBNAIL = 96
"""Side, in pixels, of the thumbnails that are kept of each edit."""


@dataclass
class Answer:
    """The result of a method for one portrait and one text.

    outside     perceptual distance where nothing had to change, if known
    thumbnails  the pictures before and after, side by side
    """

    portrait: int
    report: EditReport
    outside: float | None
    thumbnails: Image.Image | None = field(default=None, repr=False)


@dataclass
class Row:
    """A method and a text: all its answers."""

    method: str
    question: Question
    answers: list[Answer] = field(default_factory=list)


def thumbnails(before: Tensor, after: Tensor) -> Image.Image:
    """Both pictures [1, 3, R, R], small, side by side."""
    return image_grid([before, after], columns=2, size=THUMBNAIL)
