"""A sketch of a method: several directions at several strengths, and CLIP chooses, as long as it stays the same person.

Ideas to go on with: other neutral texts, thresholds for each text, a few steps of optimisation from the winner.
"""

import torch

from styleclip_lib.editing.recipes import Directions

BETAS = (0.08, 0.15, 0.25)
PRICE = 0.3
"""What a loss of identity of 1 costs, in cosine."""


@torch.no_grad()
def edit(models, face, prompt):
    """The best of several edits by global directions."""
    person = models.identity(face.image)

    def worth(candidate):
        cosine = (models.clip.encode_image(candidate.image) * prompt.vector).sum()
        return float(cosine - PRICE * (1 - (models.identity(candidate.image) * person).sum()))

    candidates = [Directions(beta=beta, strength="auto").apply(models, face, prompt, progress=False) for beta in BETAS]
    return max(candidates, key=worth)
