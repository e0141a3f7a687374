"""What style transfer has done to a picture: does CLIP see the style, does what it shows stay?"""

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
    """How a restyled picture stands to its text and to the picture before.

    text         what was asked for
    probability  CLIP's choice of the text among the source and all other styles, after; probability_before: before
    distance     the perceptual distance to the picture before
    """

    text: str
    probability: float
    probability_before: float
    distance: float

    def __str__(self) -> str:
        return (f"{self.text}: CLIP takes it for that with a probability of {self.probability:.2f}, before {self.probability_before:.2f}; "
                f"perceptual distance {self.distance:.3f}.")


@torch.no_grad()
def measure_style(models: Models, before: Tensor, after: Tensor, text: str, source: str) -> StyleReport:
    """Measures one picture. before, after [1, 3, H, W] in [-1, 1]. Raises StyleclipError for a text that CLIP cannot read, and where
    a network computes something infinite or undefined."""
    prompt = StylePrompt.of(models, text, source)
    pictures = torch.cat([squared(picture.to(models.device)) for picture in (after, before)])
    now, then = prompt.probability(models.clip.encode_image(pictures)).tolist()
    distance = models.perceptual(pictures[1:], pictures[:1]).item()
    require_finite("CLIP's probability of the text", now, then)
    require_finite("The perceptual distance", distance)
    return StyleReport(prompt.text, round(now, 4), round(then, 4), round(distance, 4))
