"""Latent alignment: a picture's CLIP embedding gives its latent code in one pass (after Zheng et al. 2022).

A domain may ship a trained map. For any other the closed form is solved on first use, from faces invented by the generator; no pictures
are needed.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import torch
from torch import Tensor
from tqdm.auto import tqdm

from .. import __version__
from ..errors import StyleclipError
from ..models import Models
from ..networks.alignment import Alignment
from ..paths import cache_folder, user_path, writable_cache
from ..weights.domain import file_path, own_files
from ..weights.downloads.fingerprint import fingerprint
from ..weights.learnt import Learnt, halved
from ..weights.schema import AlignmentFacts

NAME = "alignment"
RIDGE, RIDGE_TEXT = 0.01, 0.3
"""Regularisation of the closed form for pictures and for texts; see `Alignment.solve`."""

FACES = 1000
"""The default number of faces for the closed form."""

_FILES = Learnt(NAME, "an alignment", "LatentAlignment.compute(models).save(path)", AlignmentFacts)
_AT_ONCE = 8
_LARGEST = 256  # pixels at which faces are drawn, where the generator draws more and CLIP does not look at more


def alignment_of(models: Models, progress: bool = True) -> Alignment:
    """The map of a domain: the one that it ships, or the closed form (`kept_closed_form`). Remembered.

    Raises StyleclipError if the shipped one belongs to other networks.
    """
    if NAME not in models.memo:
        path = shipped_path(models)
        models.memo[NAME] = kept_closed_form(models, progress) if path is None else read(path, models)
    return models.memo[NAME]


def shipped_path(models: Models) -> Path | None:
    """The file that the domain ships, or None."""
    return file_path(models.folder, NAME) if NAME in own_files(models.folder) else None


def kept_closed_form(models: Models, progress: bool = True) -> Alignment:
    """The closed form of a domain, solved on first use and then read from a file in `cache_folder()`.

    Raises StyleclipError if that folder cannot be written.
    """
    belongs = f"{fingerprint(models.generator)} {fingerprint(models.clip)} {FACES} {RIDGE} {RIDGE_TEXT} {__version__}"
    path = cache_folder() / f"{NAME}-{hashlib.sha256(belongs.encode()).hexdigest()[:16]}.safetensors"
    if not path.is_file():
        writable_cache()
        write(path, closed_form(models, FACES, progress=progress), models, {"method": "closed form", "faces": FACES})
    return read(path, models)


def closed_form(models: Models, faces: int = FACES, *, ridge: float = RIDGE, ridge_text: float = RIDGE_TEXT, seed: int = 0,
                progress: bool = True) -> Alignment:
    """The closed form, from `faces` invented faces. ridge, ridge_text: see `Alignment.solve`. Raises StyleclipError for fewer than 2."""
    if faces < 2:
        raise StyleclipError(f"faces must be at least 2, not {faces}.")
    w, embedding = pairs(models, faces, seed, progress)
    generator = models.generator
    alignment = Alignment(generator.num_ws, generator.w_dim, embedding.shape[1])
    alignment.solve(embedding.cpu(), w.cpu(), ridge, ridge_text)
    return alignment.to(models.device).eval().requires_grad_(False)


@torch.no_grad()
def pairs(models: Models, count: int, seed: int = 0, progress: bool = True) -> tuple[Tensor, Tensor]:
    """Invented faces, untruncated: w [count, w_dim], and CLIP's embeddings [count, D] of their pictures. Seeded."""
    generator, rng = models.generator, torch.Generator().manual_seed(seed)
    w = generator.mapping.w(torch.randn(count, generator.z_dim, generator=rng).to(models.device))
    parts = tqdm(w.split(_AT_ONCE), desc="faces for the alignment", disable=not progress, leave=False)
    return w, torch.cat([embedded(models, part) for part in parts])


def embedded(models: Models, w: Tensor) -> Tensor:
    """CLIP's embeddings of the faces of w [B, w_dim], one for all layers -> [B, D]"""
    generator = models.generator
    picture = generator.synthesis(w[:, None].expand(-1, generator.num_ws, -1), stop_at=drawn_at(models))
    return models.clip.encode_image(picture.clamp(-1, 1))


def drawn_at(models: Models) -> int:
    """The resolution at which faces are drawn for CLIP: 256, or the generator's if that is lower."""
    return models.generator.synthesis.resolution_for(max(_LARGEST, models.clip.image_size))


@torch.no_grad()
def code_of(models: Models, image: Tensor, alignment: Alignment | None = None) -> Tensor:
    """A picture's latent code, in one pass: f(CLIP(x)). image [B, 3, H, W] in [-1, 1] -> w_plus [B, num_ws, w_dim]"""
    alignment = alignment or alignment_of(models)
    return alignment.codes(models.clip.encode_image(image.to(models.device)))


def write(path: str | Path, alignment: Alignment, models: Models, recipe: dict) -> None:
    """Writes a map, the fingerprints of the networks that it joins, and its recipe, whole or not at all. Matrices are in half precision.

    Raises StyleclipError if the file cannot be written.
    """
    facts = {"generator": fingerprint(models.generator), "clip": fingerprint(models.clip), **alignment.config(), "recipe": recipe}
    _FILES.write(user_path(path), halved(alignment.state_dict()), facts)


def read(path: str | Path, models: Models) -> Alignment:
    """A map from a file, on the device of the models. Raises StyleclipError for another kind of file, or one of other networks."""
    path = user_path(path)
    facts = read_facts(path)
    for network, those in (("generator", models.related_generators), ("clip", [models.clip])):
        if getattr(facts, network) not in map(fingerprint, those):
            raise StyleclipError(f"{path} was made for another {network} than that of the domain '{models.domain}', where its codes "
                                 "would mean something else; LatentAlignment.compute(models) makes one for this one.")

    generator = models.generator
    if (facts.num_ws, facts.w_dim, facts.clip_dim) != (generator.num_ws, generator.w_dim, models.clip.embedding_dim):
        raise _FILES.refusal(path)
    usual = torch.full((1, facts.clip_dim), facts.clip_dim**-0.5)
    alignment = _FILES.read_network(
        path, lambda: Alignment(facts.num_ws, facts.w_dim, facts.clip_dim, facts.depth, facts.width, facts.mixing),
        lambda alignment: (alignment.codes(usual) + alignment(usual, of_text=True)) @ alignment.effect)
    return alignment.to(models.device)


def read_facts(path: Path) -> AlignmentFacts:
    """The metadata of a file. Raises StyleclipError for a file of another kind."""
    if not os.path.isfile(path):
        raise StyleclipError(f"There is no alignment at {path}; LatentAlignment.compute(models).save(path) makes one.")
    return _FILES.read_facts(path)
