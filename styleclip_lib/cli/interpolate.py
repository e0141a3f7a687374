"""``styleclip interpolate``: the path from one face to another, as an animation or as a sheet."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from ..errors import StyleclipError
from ..paths import check_destination
from .parsing import Align, Device, Domain, Face, parse

ANIMATIONS = (".gif", ".mp4", ".webp")
SHEETS = (".png", ".jpg", ".jpeg")
MOST_FRAMES = 1000


@dataclass
class Settings:
    """Draw the path from one face to another, in steps that look equally large. Ctrl-C keeps the most even path so far; before
    the first one nothing is written."""

    a: tyro.conf.Positional[str]
    """the first face: a picture with one face, or the seed of an invented face, as in styleclip sample"""
    b: tyro.conf.Positional[str]
    """the last face: a picture or a seed"""
    output: tyro.conf.Positional[Path]
    """where to write the animation (.gif, .mp4, .webp), or a sheet of all frames (.png, .jpg)"""
    space: Literal["z", "w", "w+"] = "w+"
    """the space of the path: an arc in z (seeds only), or a line in w or w+"""
    frames: int = 24
    """number of frames, including both faces"""
    fps: float = 12
    """frames per second of an animation"""
    back: bool = False
    """play the animation forwards and backwards, so that it loops without a jump"""
    uniform: bool = False
    """take equal steps in the space instead of steps that look equally large"""
    reach: tuple[float, float] = (0.0, 1.0)
    """positions of the first and the last frame: 0 is A and 1 is B; -0.5 1.5 goes beyond both"""
    layers: Literal["all", "coarse", "medium", "fine"] = "all"
    """which layers change: coarse (pose and shape, up to 8 px), medium (16 and 32 px) or fine (colours); only in w+"""
    psi: float = 0.7
    """truncation of invented faces: 0 is the average face, 1 the full variety"""
    inversion_steps: int = 100
    """inversion steps for a picture"""
    seed: int = 0
    """seed of the inversion: the same seed gives the same result"""
    align: Align = "auto"
    face: Face = None
    domain: Domain = "portraits"
    device: Device = "auto"


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "interpolate", arguments)
    _check(settings)

    from ..images import check_picture_path, image_grid, open_picture, save_animation, save_image

    check_picture_path(settings.output, ANIMATIONS + SHEETS)
    ends = [point if is_seed(point) else open_picture(point) for point in (settings.a, settings.b)]

    from ..descent import parts_of_a_whole
    from ..evaluation.boundary_crossing import boundary_crossings
    from ..interpolation import layer_weights, morph
    from ..models import is_at_hand, load_models
    from ..weights.domain import find_domain, sources

    only = None
    if all(isinstance(end, str) for end in ends):  # nothing is inverted: networks that only measure are not worth a download
        only = ["generator", *(name for name in ("perceptual", "attributes") if is_at_hand(settings.domain, name))]
    models = load_models(settings.domain, device=settings.device, only=only)
    even = not settings.uniform and models.perceptual is not None
    if not settings.uniform and not even:
        listed = "perceptual" in sources(find_domain(settings.domain))
        print("The steps are equal in the latent space, because the perceptual network that would even them out is not here"
              + (f"; styleclip download {settings.domain} fetches it." if listed else "."))
    with parts_of_a_whole():
        a, b = (_code(models, end, settings) for end in ends)
    layers = None if settings.layers == "all" else layer_weights(models.generator, **{settings.layers: 1.0})
    path = morph(models, a, b, frames=settings.frames, space=settings.space, even=even, reach=settings.reach,
                 layers=layers, truncation_psi=settings.psi)
    if settings.output.suffix.lower() in SHEETS:
        save_image(image_grid(path.images, labels=[f"{weight:.2f}" for weight in path.weights]), settings.output)
    else:
        animation = list(path.images)
        save_animation(animation + animation[-2:0:-1] if settings.back else animation, settings.output, fps=settings.fps)
    if models.perceptual is not None:
        print(f"The path is {path.length:.2f} long; its steps differ by {100 * path.unevenness:.0f} %.")
    if models.attributes is not None:
        for crossing in boundary_crossings(models, path):
            print(f"  {crossing}")
    print(f"Saved {settings.output}.")
    return 0


def is_seed(point: str) -> bool:
    """Whether A or B is the seed of an invented face; a picture whose name is a number needs a path, such as ./7."""
    return re.fullmatch(r"\d{1,10}", point) is not None and int(point) < 2**32


def _code(models, end, settings: Settings):
    """The latent code of A or B in the chosen space. `end`: a seed, or the opened picture."""
    if isinstance(end, str):
        return _invented(models, int(end), settings)

    from ..inversion.invert import invert, preset_for
    from ..photos.loading import load_face

    photo = load_face(models, end, align=settings.align, face=settings.face)
    for note in photo.notes:
        print(note)
    inversion = invert(models, photo.image, space=settings.space, preset=preset_for(models), steps=settings.inversion_steps,
                       seed=settings.seed)
    return inversion.w_plus[:, 0] if settings.space == "w" else inversion.w_plus


def _invented(models, seed: int, settings: Settings):
    """The latent code of the face that `styleclip sample` draws for this seed."""
    import torch

    z = torch.randn(1, models.generator.z_dim, generator=torch.Generator().manual_seed(seed)).to(models.device)
    if settings.space == "z":
        return z
    with torch.no_grad():
        w_plus = models.generator.mapping(z, truncation_psi=settings.psi)
    return w_plus[:, 0] if settings.space == "w" else w_plus


def _check(settings: Settings) -> None:
    """Raises StyleclipError for wrong options, before a picture is opened or a model loaded."""
    if settings.space == "z" and not (is_seed(settings.a) and is_seed(settings.b)):
        raise StyleclipError("--space z works with two seeds only, because no z draws a given picture: take --space w or w+ for pictures.")
    if settings.layers != "all" and settings.space != "w+":
        raise StyleclipError(f"--layers {settings.layers} needs --space w+, where every layer has its own latent code.")
    if not 2 <= settings.frames <= MOST_FRAMES:
        raise StyleclipError(f"--frames must lie between 2 and {MOST_FRAMES}.")
    if not 1 <= settings.fps <= 50:
        raise StyleclipError("--fps must lie between 1 and 50 frames per second.")
    if not all(map(math.isfinite, (*settings.reach, settings.psi))) or settings.reach[0] == settings.reach[1]:
        raise StyleclipError("--reach must be two different numbers, such as 0 1 or -0.5 1.5, and --psi a number such as 0.7.")
    if settings.inversion_steps < 0:
        raise StyleclipError("--inversion-steps must be 0 or more.")
    check_destination(settings.output)
