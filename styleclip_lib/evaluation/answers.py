"""What became of each edit of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image
from torch import Tensor

from ..images import image_grid
from .questions import Question
from .report import EditReport

THUMBNAIL = 96
"""Pixels along each side of the pictures that are kept of an edit."""


@dataclass
class Answer:
    """What a method made of one portrait and one text.

    outside     perceptual distance where nothing had to change, if that is known
    thumbnails  the picture before and the one after, side by side
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
