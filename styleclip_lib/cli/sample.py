"""``styleclip sample``: faces invented by the generator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..errors import StyleclipError
from ..paths import check_destination
from .parsing import Device, Domain, parse

MOST_SEEDS = 1024


@dataclass
class Settings:
    """Invent faces: a picture for one seed, a grid for several."""

    output: tyro.conf.Positional[Path]
    """where to write the picture (.png, .jpg, ...)"""
    seeds: Annotated[str, tyro.conf.arg(aliases=["--seed"], metavar="N,N-N")] = "0"
    """numbers and ranges, such as 7 or 0-15 or 1,5,20-23; the same seed gives the same face"""
    text: str | None = None
    """what the faces should show, such as "a smiling woman with red hair"; the seeds decide everything else. Latent alignment draws them
    in one step; a domain that ships no map for it computes one first, in about a minute"""
    psi: float = 0.7
    """truncation: 0 is the average face, 1 the full variety"""
    columns: int | None = None
    """number of columns of the grid"""
    domain: Domain = "portraits"
    device: Device = "auto"


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "sample", arguments)
    seeds = read_seeds(settings.seeds)
    if settings.columns is not None and settings.columns < 1:
        raise StyleclipError("--columns must be 1 or more.")
    if settings.text is not None and not settings.text.strip():
        raise StyleclipError('The text is empty: say what the faces should show, such as --text "a smiling woman".')
    check_destination(settings.output)

    from ..images import check_picture_path, image_grid, save_image

    check_picture_path(settings.output)
    faces = _faces(settings, seeds)
    save_image(faces if len(seeds) == 1 else image_grid(faces, columns=settings.columns), settings.output)
    print(f"Saved {settings.output}.")
    return 0


def _faces(settings: Settings, seeds: Sequence[int]):
    """One face for each seed, [len(seeds), 3, R, R]."""
    from ..models import load_generator, load_models

    if settings.text is None:
        return draw(load_generator(settings.domain, settings.device), seeds, settings.psi)
    return draw_of_text(load_models(settings.domain, settings.device), seeds, settings.psi, settings.text)


def draw_of_text(models, seeds: Sequence[int], psi: float, text: str):
    """One face for each seed, as a text describes it, [len(seeds), 3, R, R]. Raises StyleclipError for a text that CLIP cannot read."""
    import torch

    from ..editing.alignment import LatentAlignment
    from ..editing.prompt import Prompt

    prompt = Prompt.of(models, text)
    alignment = LatentAlignment.available(models)
    return torch.cat([alignment.face_of_text(prompt, seed, psi).image.cpu() for seed in seeds])


def read_seeds(text: str) -> list[int]:
    """'1,5,20-23' -> [1, 5, 20, 21, 22, 23]. Raises StyleclipError for anything else, or for too many."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,10})(?:\s*-\s*([0-9]{1,10}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or last >= 2**32:
            raise StyleclipError(f"Cannot read the seeds '{text}': give numbers and ranges, such as 7 or 0-15, below 2^32.")
        if len(seeds) + last - first >= MOST_SEEDS:
            raise StyleclipError(f"'{text}' gives too many seeds: at most {MOST_SEEDS} fit into one picture.")
        seeds.extend(range(first, last + 1))
    return seeds


def draw(generator, seeds: Sequence[int], psi: float):
    """One face for each seed, [len(seeds), 3, R, R] in [-1, 1]; a face depends on its own seed alone."""
    import torch

    faces = []
    with torch.inference_mode():
        for seed in seeds:
            z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(seed))
            w_plus = generator.mapping(z.to(generator.mapping.w_avg.device), truncation_psi=psi)
            faces.append(generator.synthesis(w_plus, noise_mode="const").cpu())
    return torch.cat(faces)
