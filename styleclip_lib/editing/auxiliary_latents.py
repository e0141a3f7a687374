"""Auxiliary latents: other faces on which an optimisation tries its offset, so that it does not merely fool CLIP on one face."""

from __future__ import annotations

import torch
from torch import Tensor

from .move_space import MoveSpace
from .objective import Objective

POOL = 64
"""Number of invented faces from which those of each step are drawn."""

FIRST_SEED = 500
"""Seed of the first of them; the lessons use smaller seeds, so that no face is its own auxiliary."""


class AuxiliaryLatents:
    """Some invented faces, and CLIP's embeddings of them before the edit.

    An offset that raises CLIP's similarity on a single face may exploit a flaw of CLIP there. An offset that works on many faces does not;
    the mapper and the global directions are computed from many faces, too.
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
        """ "clip" and "off_direction" of `count` random faces moved by the offset: scalars, as in `Objective.terms`."""
        which = torch.randint(POOL, (count,), generator=self.rng)
        step = self.at.moved(offset) - self.at.moved(self.at.zero)
        images = self.at.draw(self.faces[which] + step, stop_at=self.stop_at)
        return self.objective.clip_terms(self.objective.models.clip.encode_image(images), self.before[which])
