"""How far a drawn picture is from the one that it should become: the loss of inversion and of tuning."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.lpips import Lpips
from ..networks.perceptual import Perceptual


class Difference:
    """D(y) = λ_pixel ‖y - x‖² / N + λ_perceptual d(y, x) for a picture x [1, 3, R, R] in [-1, 1].

    Called with y of the same shape, it returns D(y) and each term by its name, without its weight.
    """

    def __init__(self, perceptual: Perceptual | Lpips, target: Tensor, lambda_pixel: float, lambda_perceptual: float):
        self._perceptual, self._target = perceptual, target
        self._lambda_pixel, self._lambda_perceptual = lambda_pixel, lambda_perceptual
        with torch.no_grad():
            self._features = perceptual.features(target)

    def __call__(self, drawn: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        pixel = F.mse_loss(drawn, self._target)
        likeness = self._perceptual.distance(self._perceptual.features(drawn), self._features).mean()
        return self._lambda_pixel * pixel + self._lambda_perceptual * likeness, {"pixel": pixel, "perceptual": likeness}
