"""How strong an edit has to be: as weak as CLIP allows."""

from collections.abc import Callable, Sequence

import torch

from ..models import Models

STRENGTHS = (0.0, 0.25, 0.4, 0.55, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
LEARNT = (0.0, 1.0, 1.25, 1.5, 1.75, 2.0)
"""Strengths for a mapper, which has learnt what 1 is: less is not tried, more helps on inverted faces."""

ENOUGH = 2.0
_PATIENCE = 2  # strengths in a row that are no better


@torch.no_grad()
def smallest_strength(models: Models, draw: Callable[[float], torch.Tensor], text: str, *, strengths: Sequence[float] = STRENGTHS,
                      enough: float = ENOUGH, crowd: torch.Tensor | None = None) -> float:
    """The first of the strengths at which CLIP is content with the picture; if it never is, the best of those before it got no better.

    One strength does not suit every face: what is plain to see on one is hardly there on the next, and what is true already
    needs none (so the strengths begin with 0). Every method can be asked this way, for it only has to draw.

    draw    strength -> picture [1, 3, R, R] in [-1, 1]
    enough  how well the picture has to fit, in standard deviations above an invented face; see `fit`
    crowd   what `seen_faces` returned, so that it is not drawn again

    Raises StyleclipError for a text that CLIP cannot read.
    """
    crowd = seen_faces(models) if crowd is None else crowd
    best, waited = (-float("inf"), 0.0), 0
    for strength in strengths:
        fits = fit(models, draw(strength), text, crowd)
        if fits >= enough:
            return strength
        best, waited = ((fits, strength), 0) if fits > best[0] else (best, waited + 1)
        if waited == _PATIENCE:  # going on would only break the picture
            break
    return best[1]


@torch.no_grad()
def seen_faces(models: Models, count: int = 64, seed: int = 0) -> torch.Tensor:
    """CLIP's vectors [count, D] of faces that the generator invents, as a crowd to compare with."""
    w_plus = torch.cat([models.sample(seed + i, truncation_psi=1.0) for i in range(count)])
    pictures = (models.generator.synthesis(some).clamp(-1, 1) for some in w_plus.split(8))
    return torch.cat([models.clip.encode_image(picture) for picture in pictures])


@torch.no_grad()
def fit(models: Models, image: torch.Tensor, text: str, crowd: torch.Tensor) -> float:
    """How much better a picture fits a text than an invented face does, in standard deviations of the crowd.

    A cosine by itself says little: in the domain of portraits 0.2 means that a text is true, OpenAI's CLIP gives 0.2 to anything.
    image [1, 3, H, W] in [-1, 1], crowd [N, D] -> a number, about -2 to 4
    """
    vector = models.clip.encode_text([text])[0]
    usual = crowd @ vector
    return float((models.clip.encode_image(image.to(models.device).clamp(-1, 1))[0] @ vector - usual.mean()) / usual.std())
