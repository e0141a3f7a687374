"""``styleclip invert``: the latent code that draws a given face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from ..errors import StyleclipError
from ..paths import check_destination, written_whole
from .parsing import Align, Device, Domain, Face, parse


@dataclass
class Settings:
    """Find the latent code that draws a given face, and save what it draws. Ctrl-C keeps the best so far."""

    input: tyro.conf.Positional[Path]
    """a picture with one face"""
    output: tyro.conf.Positional[Path]
    """where to write what the generator makes of it (.png, .jpg, ...)"""
    latent: Path | None = None
    """where to write the code itself, as a .npy file of shape [num_ws, w_dim]"""
    space: Literal["w", "w+"] = "w+"
    """one w for all layers, or one for each layer (closer to the picture)"""
    steps: int = 100
    """steps of optimisation after the encoder's first guess"""
    seed: int = 0
    """the same seed gives the same result"""
    align: Align = "auto"
    """auto crops the face out of every picture that has not exactly the generator's size"""
    face: Face = None
    """which face to take when there are several: its number, 0 being the largest, or largest"""
    domain: Domain = "portraits"
    """whose faces: the name of a domain, or a folder with one"""
    device: Device = "auto"
    """what computes"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "invert", arguments)
    if settings.steps < 0:
        raise StyleclipError("--steps must be 0 or more.")
    if settings.latent is not None and check_destination(settings.latent).suffix != ".npy":
        raise StyleclipError(f"Cannot write '{settings.latent}': give it the extension .npy.")
    check_destination(settings.output)

    import numpy as np

    from ..images import check_picture_path, open_picture, save_image

    check_picture_path(settings.output)
    picture = open_picture(settings.input)

    from ..inversion import invert
    from ..models import load_models
    from .portrait import aligned_portrait, note_on_photographs

    models = load_models(settings.domain, device=settings.device)
    face, cropped = aligned_portrait(models, picture, settings.align, settings.face)
    note_on_photographs(models, cropped)
    found = invert(models, face, space=settings.space, steps=settings.steps, seed=settings.seed)
    save_image(found.image, settings.output)
    print(f"Saved {settings.output}.")
    if settings.latent is not None:
        with written_whole(settings.latent) as partial:
            np.save(partial, found.w_plus[0].detach().float().cpu().numpy())
        print(f"Saved {settings.latent}.")
    return 0
