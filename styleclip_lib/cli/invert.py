"""``styleclip invert``: the latent code of a given face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from ..errors import StyleclipError
from ..paths import check_destination, written_whole
from .parsing import Align, Device, Domain, Face, parse

FRAMES = 40


@dataclass
class Settings:
    """Find the latent code of a given face, and save the picture that it draws. Ctrl-C keeps the best so far."""

    input: tyro.conf.Positional[Path]
    """a picture with one face"""
    output: tyro.conf.Positional[Path]
    """where to write the generator's picture of it (.png, .jpg, ...)"""
    latent: Path | None = None
    """where to write the latent code: .npy for w_plus [num_ws, w_dim], .npz for w_plus and the noise maps"""
    gif: Path | None = None
    """where to write an animation of the optimisation (.gif, .mp4, .webp)"""
    preset: Literal["default", "photograph", "projector", "image2stylegan"] | None = None
    """default: start from the encoder's guess. photograph: the same, with noise maps and the losses for photographs. projector:
    StyleGAN2's (w noise, from the mean; use --steps 1000). image2stylegan: Abdal et al. 2019 (w+, from the mean, at a small learning rate;
    use --steps 5000). By default the domain's: default or photograph"""
    space: Literal["z", "w", "w+", "z noise", "w noise", "w+ noise"] | None = None
    """w: one w for all layers; w+: one for each layer, closer to the picture; z: the input of the mapping network; with " noise" the
    noise maps are optimised too. By default the preset's"""
    start: Literal["encoder", "alignment", "mean"] | None = None
    """where to start: the encoder's guess, latent alignment's guess from the picture's CLIP embedding, or the mean face. By default the
    preset's"""
    steps: int = 100
    """number of optimisation steps"""
    tune: bool = False
    """then fine-tune a copy of the generator to draw exactly this face (pivotal tuning), and save its picture; the latent code still
    belongs to the original generator"""
    tune_steps: int = 150
    """number of steps of pivotal tuning"""
    seed: int = 0
    """the same seed gives the same result"""
    align: Align = "auto"
    face: Face = None
    domain: Domain = "portraits"
    device: Device = "auto"


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "invert", arguments)
    _check(settings)

    from ..images import check_picture_path, open_upright, save_animation, save_image

    check_picture_path(settings.output)
    if settings.gif is not None:
        check_picture_path(settings.gif, (".gif", ".mp4", ".webp"))
    picture = open_upright(settings.input)

    from ..inversion.invert import invert, preset_for
    from ..models import load_models
    from ..photos.loading import load_face

    models = load_models(settings.domain, device=settings.device)
    photo = load_face(models, picture, align=settings.align, face=settings.face)
    for note in photo.notes:
        print(note)
    chosen = {"space": settings.space, "start": settings.start, "frames": FRAMES if settings.gif else None}
    given = {name: value for name, value in chosen.items() if value is not None}
    inversion = invert(models, photo.image, preset=settings.preset or preset_for(models), steps=settings.steps, seed=settings.seed, **given)
    drawn = _tuned(models, inversion, photo.image, settings) if settings.tune and not inversion.interrupted else inversion
    save_image(drawn.image, settings.output)
    print(f"Saved {settings.output}.")
    if settings.gif is not None:
        save_animation(inversion.frames, settings.gif)
        print(f"Saved {settings.gif}.")
    if settings.latent is not None:
        _write_latent(settings.latent, inversion)
        print(f"Saved {settings.latent}.")
    return 0


def _tuned(models, inversion, face, settings: Settings):
    """The inversion as drawn by a generator tuned to the face; prints by how much that helped."""
    from ..inversion.pivotal_tuning import tune_generator

    _, tuned = tune_generator(models, inversion, face, steps=settings.tune_steps, seed=settings.seed)
    print(f"Tuning raised the PSNR from {inversion.psnr:.1f} to {tuned.psnr:.1f} dB.")
    return tuned


def _check(settings: Settings) -> None:
    """Raises StyleclipError for wrong options, before a picture is opened or a model loaded."""
    if settings.steps < 0 or settings.tune_steps < 1:
        raise StyleclipError("--steps must be 0 or more and --tune-steps 1 or more.")
    if settings.latent is not None and check_destination(settings.latent).suffix not in (".npy", ".npz"):
        raise StyleclipError(f"Cannot write '{settings.latent}': give it the extension .npy, or .npz.")
    check_destination(settings.output)


def _write_latent(path: Path, inversion) -> None:
    """w_plus [num_ws, w_dim] as .npy; as .npz with the noise maps noise_0, noise_1, ... [r, r], if there are any."""
    import numpy as np

    w_plus = inversion.w_plus[0].detach().float().cpu().numpy()
    noises = getattr(inversion, "noises", None) or []
    if path.suffix == ".npy" and noises:
        print("A .npy file does not hold the noise maps; name it .npz to keep them.")
    with written_whole(path) as partial:
        if path.suffix == ".npy":
            np.save(partial, w_plus)
        else:
            np.savez(partial, w_plus=w_plus, **{f"noise_{i}": noise[0, 0].cpu().numpy() for i, noise in enumerate(noises)})
