"""Measuring style transfer: whether CLIP sees the style, and how much of the picture's content is lost."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..finite import require_finite
from ..models import Models
from ..stylization.optimization import squared
from ..stylization.style_prompt import StylePrompt


@dataclass(frozen=True)
class StyleReport:
    """A restyled picture compared with its text and with the picture before.

    text         what was asked for
    probability  CLIP's probability of the text among the source and all other styles, afterwards; probability_before: beforehand
    distance     the perceptual distance from the picture before
    """

    text: str
    probability: float
    probability_before: float
    distance: float

    def __str__(self) -> str:
        return (f"{self.text}: CLIP's probability is {self.probability:.2f} (before: {self.probability_before:.2f}); "
                f"perceptual distance {self.distance:.3f}.")


@torch.no_grad()
def measure_style(models: Models, before: Tensor, after: Tensor, text: str, source: str) -> StyleReport:
    """Measures one picture. before, after [1, 3, H, W] in [-1, 1]. Raises StyleclipError for a text that CLIP cannot read, and if a
    network's output is infinite or undefined."""
    prompt = StylePrompt.of(models, text, source)
    pictures = torch.cat([squared(picture.to(models.device)) for picture in (after, before)])
    now, then = prompt.probability(models.clip.encode_image(pictures)).tolist()
    distance = models.perceptual(pictures[1:], pictures[:1]).item()
    require_finite("CLIP's probability of the text", now, then)
    require_finite("The perceptual distance", distance)
    return StyleReport(prompt.text, round(now, 4), round(then, 4), round(distance, 4))
