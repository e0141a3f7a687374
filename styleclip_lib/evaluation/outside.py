"""Where an edit should have changed nothing, and how much it changed there."""

import torch
import torch.nn.functional as F

from ..networks.perceptual import Perceptual
from ..portraits.drawing.render import render
from ..portraits.language.parsing import parse
from ..portraits.world.factors import Factors

TOUCHED = 0.1  # a pixel has to change if the renderer changes its colour by more than this, of a range of 2
MARGIN = 9  # pixels around it that may change too, at 256 pixels


def with_text(factors: Factors, text: str) -> Factors:
    """The portraits with the attributes of the text, otherwise unchanged."""
    return factors.replace(**dict(parse(text).attribute_values))


def region(factors: Factors, text: str, size: int) -> torch.Tensor:
    """Where a portrait has to change for a text to become true: where the renderer draws something else, plus a margin.

    factors of one portrait -> bool [1, 1, size, size]
    """
    moved = (render(with_text(factors, text), size) - render(factors, size)).abs().amax(1, keepdim=True) > TOUCHED
    width = 2 * round(MARGIN * size / 256) + 1
    return F.max_pool2d(moved.float(), width, stride=1, padding=width // 2) > 0


def distance_outside(perceptual: Perceptual, a: torch.Tensor, b: torch.Tensor, inside: torch.Tensor) -> float:
    """The perceptual distance of two pictures [1, 3, R, R], averaged over the positions outside a region [1, 1, R, R]."""
    total = 0.0
    with torch.no_grad():
        for apart in perceptual.maps(perceptual.features(a), perceptual.features(b)):
            share = F.adaptive_avg_pool2d(1 - inside.float(), apart.shape[-2:])[:, 0]
            total += float((apart * share).sum() / share.sum().clamp(min=1e-6))
    return total
