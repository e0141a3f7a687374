"""Companions: other faces on which an optimisation tries its offset, so that it finds what the text means and not what fools CLIP."""

import torch
from torch import Tensor

from ..models import Models
from .move_space import MoveSpace
from .objective import Goal

POOL = 64
"""Invented faces among which the companions of each step are drawn."""

_AT_ONCE = 8
_FIRST = 500  # seed of the first of them; the lessons' own faces have smaller ones


class Companions:
    """Some invented faces, and what CLIP sees of them before the edit.

    An offset that pleases CLIP on one face may be a flaw of CLIP's at this face. One that makes many faces true is what
    generator and CLIP agree about; the mapper and the global directions look for such ways among many faces, too.
    """

    def __init__(self, models: Models, goal: Goal, at: MoveSpace, space: str, stop_at: int, seed: int):
        self.goal, self.at, self.stop_at = goal, at, stop_at
        self.rng = torch.Generator().manual_seed(seed)
        w_plus, self.seen = _pool(models, stop_at)
        self.faces = torch.cat(models.generator.styles(w_plus), dim=1) if space == "styles" else w_plus

    def terms(self, offset: Tensor, count: int) -> dict[str, Tensor]:
        """ "clip" and "side" of `count` faces drawn at random, moved by the offset: numbers, as `Goal.terms` has them."""
        which = torch.randint(POOL, (count,), generator=self.rng)
        step = self.at.moved(offset) - self.at.moved(self.at.zero)
        images = self.at.draw(self.faces[which] + step, stop_at=self.stop_at)
        return self.goal.seen_terms(self.goal.models.clip.encode_image(images), self.seen[which])


@torch.no_grad()
def _pool(models: Models, stop_at: int) -> tuple[Tensor, Tensor]:
    """The faces, w_plus [POOL, num_ws, w_dim], and what CLIP sees of them, [POOL, D]; the same for every text, so kept."""
    if ("companions", stop_at) not in models.memo:
        w_plus = torch.cat([models.sample(_FIRST + number, truncation_psi=1.0) for number in range(POOL)])
        pictures = (models.generator.synthesis(some, stop_at=stop_at) for some in w_plus.split(_AT_ONCE))
        models.memo["companions", stop_at] = w_plus, torch.cat([models.clip.encode_image(picture) for picture in pictures])
    return models.memo["companions", stop_at]
