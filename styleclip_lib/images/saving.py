"""Saving pictures, completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ..errors import StyleclipError
from ..paths import check_destination, written_whole
from .modes import to_rgb
from .tensors import to_pil

PICTURE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


def save_image(image: torch.Tensor | Image.Image, path: str | os.PathLike[str]) -> Path:
    """Writes one picture, completely or not at all, and returns its path. The extension determines the format.

    ``image`` is [3, H, W] or [1, 3, H, W] in [-1, 1], or a PIL image.
    Raises StyleclipError for an extension that is not in ``PICTURE_EXTENSIONS``, or if the file cannot be written.
    """
    path = check_picture_path(path)
    picture = image if isinstance(image, Image.Image) else to_pil(image)
    if path.suffix.lower() in (".jpg", ".jpeg", ".bmp"):
        picture = to_rgb(picture)
    settings: dict[str, Any] = {"quality": 95} if path.suffix.lower() in (".jpg", ".jpeg", ".webp") else {}
    if "icc_profile" in picture.info:  # without it a phone's colours would look pale
        settings["icc_profile"] = picture.info["icc_profile"]
    with written_whole(path) as partial:
        picture.save(partial, **settings)
    return path


def check_picture_path(
    path: str | os.PathLike[str], extensions: Sequence[str] = PICTURE_EXTENSIONS
) -> Path:
    """``check_destination`` plus the extension; raises StyleclipError that lists the ones that work."""
    path = check_destination(path)
    if path.suffix.lower() not in extensions:
        raise StyleclipError(f"Cannot write '{path}': give it one of the extensions {', '.join(extensions)}.")
    return path
