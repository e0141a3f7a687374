"""How strong an edit has to be: as strong as CLIP likes it, and no stronger than the person bears."""

from collections.abc import Callable, Sequence

import torch

from ..models import Models

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)
LEARNT = (0.0, 1.0, 1.25, 1.5, 1.75, 2.0)
"""Strengths for a mapper, which has learnt what 1 is: less is not tried, more helps on inverted faces."""

ALREADY = 1.6
"""A face that fits a text so well from the start, in standard deviations above an invented face, shows what it says."""

ENOUGH = 3.0
"""With this fit there is nothing to be gained by going on."""

PRICE = 2.0
"""How much fit the whole identity is worth: a step that costs 0.1 of its cosine has to bring 0.2."""

_HOPELESS = 0.7  # so far below the best, going on would only break the picture


def best_strength(models: Models, draw: Callable[[float], torch.Tensor], text: str, **how) -> float:
    """The strength that `weighed_strength` finds, with the same arguments."""
    return weighed_strength(models, draw, text, **how)[0]


@torch.no_grad()
def weighed_strength(models: Models, draw: Callable[[float], torch.Tensor], text: str, *, strengths: Sequence[float] = STRENGTHS,
                     already: float = ALREADY, enough: float = ENOUGH, price: float = PRICE,
                     crowd: torch.Tensor | None = None) -> tuple[float, float]:
    """The strength with the best of  fit - price · (1 - identity): what CLIP gains, less what the person loses.

    One strength does not suit every face: what is plain to see on one is hardly there on the next, and what is true already
    needs none. Nothing happens for a while and then all at once (a hat is there or not), so a plateau is no reason to stop.
    Every method can be asked this way, for it only has to draw.

    draw       strength -> picture [1, 3, R, R] in [-1, 1]
    strengths  from weak to strong; the first draws the face as it is
    already    the fit from which on the text counts as true from the start;  enough  the fit with which to stop
    crowd      what `seen_faces` returned, so that it is not drawn again

    Returns the strength and what it is worth.

    Raises StyleclipError for a text that CLIP cannot read.
    """
    crowd = seen_faces(models) if crowd is None else crowd
    person, best = None, (-float("inf"), strengths[0])
    for strength in strengths:
        image = draw(strength).to(models.device).clamp(-1, 1)
        fitting, here = fit(models, image, text, crowd), models.identity(image)
        person = here if person is None else person
        worth = fitting - price * (1 - float((here * person).sum()))
        if fitting >= (already if strength == strengths[0] else enough):
            return strength, worth
        best = max(best, (worth, strength), key=lambda found: found[0])
        if worth < best[0] - _HOPELESS:
            break
    return best[1], best[0]


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
    return float(fits(models, image, [text], crowd)[0])


@torch.no_grad()
def fits(models: Models, image: torch.Tensor, texts: Sequence[str], crowd: torch.Tensor) -> torch.Tensor:
    """`fit` for each of N texts. -> [N]"""
    vectors = models.clip.encode_text(texts)
    usual = crowd @ vectors.T
    return ((models.clip.encode_image(image.to(models.device).clamp(-1, 1)) @ vectors.T - usual.mean(0)) / usual.std(0))[0]
