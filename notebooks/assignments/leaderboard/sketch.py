"""A sketch of a method: several directions at several strengths, and CLIP chooses, as long as it stays the same person.

Ideas to go on with: other neutral texts, thresholds for each text, a few steps of optimisation from the winner.
"""

import torch

from styleclip_lib import StyleclipError
from styleclip_lib.editing.recipes import Directions

BETAS = (None, 0.05, 0.1)
"""None: the library's own choice for the text."""
PRICE = 0.3
"""What a loss of identity of 1 costs, in cosine."""


@torch.no_grad()
def edit(models, face, prompt):
    """The best of several edits by global directions."""
    person = models.identity(face.image)

    def worth(candidate):
        cosine = (models.clip.encode_image(candidate.image) * prompt.vector).sum()
        return float(cosine - PRICE * (1 - (models.identity(candidate.image) * person).sum()))

    candidates = []
    for beta in BETAS:
        try:
            candidates.append(Directions(beta=beta, strength="auto").apply(models, face, prompt, progress=False))
        except StyleclipError:  # no channel reaches this threshold for this text
            continue
    return max(candidates, key=worth)
