"""``styleclip align``: the face in a photograph, cropped for the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from ..errors import StyleclipError
from ..paths import check_destination
from .parsing import DomainName, Face, parse


@dataclass
class Settings:
    """Find the face in a photograph, turn it upright and crop it as the FFHQ pictures are cropped."""

    input: tyro.conf.Positional[Path]
    """a photograph with one face"""
    output: tyro.conf.Positional[Path]
    """where to write the crop (.png, .jpg, ...)"""
    size: int = 256
    """side of the crop in pixels"""
    face: Face = None
    framing: float | None = None
    """how much wider than an FFHQ picture the crop is; by default the domain's framing, or 1 without a domain"""
    domain: DomainName = ""
    """crop for this domain, with its landmark model and its framing; by default as FFHQ's pictures are cropped"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "align", arguments)
    if not 16 <= settings.size <= 4096:
        raise StyleclipError("--size must lie between 16 and 4096 pixels.")
    check_destination(settings.output)

    from ..images import check_picture_path, open_picture, save_image

    check_picture_path(settings.output)
    picture = open_picture(settings.input)

    from ..photos.loading import align_face
    from ..weights.domain import find_domain

    domain = find_domain(settings.domain) if settings.domain else None
    save_image(align_face(picture, settings.size, face=settings.face, framing=settings.framing, domain=domain), settings.output)
    print(f"Saved {settings.output}.")
    return 0
