"""Auxiliary latents: other faces on which an optimisation tries its offset, so that it finds what the text means, not what fools CLIP."""

from __future__ import annotations

import torch
from torch import Tensor

from .move_space import MoveSpace
from .objective import Objective

POOL = 64
"""Invented faces among which those of each step are drawn."""

FIRST_SEED = 500
"""Seed of the first of them. The lessons' own faces have smaller ones: no face is its own auxiliary."""


class AuxiliaryLatents:
    """Some invented faces, and what CLIP sees of them before the edit.

    An offset that pleases CLIP on one face may exploit a flaw of CLIP at this face. One that makes a text true of many faces is what
    generator and CLIP agree about; the mapper and the global directions look for such offsets among many faces, too.
    """

    def __init__(self, objective: Objective, at: MoveSpace, space: str, stop_at: int, seed: int):
        models = objective.models
        self.objective, self.at, self.stop_at = objective, at, stop_at
        self.rng = torch.Generator().manual_seed(seed)
        reference = models.reference_faces(POOL, FIRST_SEED, stop_at)
        self.before = reference.embedding
        with torch.no_grad():
            self.faces = torch.cat(models.generator.styles(reference.w_plus), dim=1) if space == "styles" else reference.w_plus

    def terms(self, offset: Tensor, count: int) -> dict[str, Tensor]:
        """ "clip" and "off_direction" of `count` faces drawn at random, moved by the offset: numbers, as `Objective.terms` has them."""
        which = torch.randint(POOL, (count,), generator=self.rng)
        step = self.at.moved(offset) - self.at.moved(self.at.zero)
        images = self.at.draw(self.faces[which] + step, stop_at=self.stop_at)
        return self.objective.clip_terms(self.objective.models.clip.encode_image(images), self.before[which])
