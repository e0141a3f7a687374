"""From a picture file to what a generator can be asked to draw: one aligned face of the right size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..images import ImageSource, from_pil, open_picture
from .parsing import Align, Face

if TYPE_CHECKING:
    import numpy as np
    import torch

    from ..models import Models

PORTRAITS_NOTE = "This domain draws portraits, so a photograph becomes a drawn face: for photographs use --domain ffhq."


def aligned_portrait(
    models: Models, source: ImageSource, align: Align = "auto", face: Face = None
) -> tuple[torch.Tensor, np.ndarray | None]:
    """(the face [1, 3, R, R] in [-1, 1], the square it was cropped from [4, 2] or None); R is the generator's resolution.

    ``auto`` takes a picture that has exactly the generator's size as it is, and crops the face out of any other;
    ``always`` and ``never`` say so outright. ``face`` chooses among several, as in ``align_face``.
    Raises StyleclipError (no picture, no face, several faces).
    """
    picture = open_picture(source)
    side = models.generator.img_resolution
    if align == "always" or (align == "auto" and picture.size != (side, side)):
        from ..photos.alignment import crop_quad
        from ..photos.detection import find_quad

        quad = find_quad(picture, face=face, domain=models.folder)
        return from_pil(crop_quad(picture, quad, side)), quad
    return from_pil(picture.resize((side, side))), None


def note_on_photographs(models: Models, quad: np.ndarray | None) -> None:
    """Says what to expect when a face was cropped out of a photograph and the domain knows drawn ones only."""
    if quad is not None and models.domain == "portraits":
        print(PORTRAITS_NOTE)
