"""``styleclip align``: the face in a photograph, cropped as the models want it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from ..errors import StyleclipError
from ..paths import check_destination
from .parsing import Face, parse


@dataclass
class Settings:
    """Find the one face in a photograph, turn it upright and crop it as the FFHQ pictures are cropped."""

    input: tyro.conf.Positional[Path]
    """a photograph with one face"""
    output: tyro.conf.Positional[Path]
    """where to write the crop (.png, .jpg, ...)"""
    size: int = 256
    """side of the crop in pixels"""
    face: Face = None
    """which face to take when there are several: its number, 0 being the largest, or largest"""
    framing: float = 1.0
    """how much wider than an FFHQ picture the crop is (the portraits domain draws its faces at 1.43)"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "align", arguments)
    if not 16 <= settings.size <= 4096:
        raise StyleclipError("--size must lie between 16 and 4096 pixels.")
    check_destination(settings.output)

    from ..images import check_picture_path, open_picture, save_image

    check_picture_path(settings.output)
    picture = open_picture(settings.input)

    from ..photos.detection import align_face

    save_image(align_face(picture, size=settings.size, face=settings.face, framing=settings.framing), settings.output)
    print(f"Saved {settings.output}.")
    return 0
