"""Perceptual distance: how different two pictures look, measured in the features of a network."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from .resampling import resized
from .trunk import Trunk


class Perceptual(nn.Module):
    """LPIPS with equal weights for all channels (Zhang et al. 2018, eq. 1).

    d(x, y) = Σ_l mean_hw Σ_c (f_l(x) - f_l(y))², where every feature vector f_l has unit length.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 128, 192), input_size: int | None = None):
        """input_size: the side in pixels to which pictures are resized. None: pictures are not resized."""
        super().__init__()
        self.input_size = input_size
        self.trunk = Trunk(widths)

    def features(self, image: Tensor) -> list[Tensor]:
        """image [B, 3, H, W] in [-1, 1] -> unit feature vectors [B, C_l, H_l, W_l] of every stage."""
        return [F.normalize(feature.float(), dim=1, eps=1e-4) for feature in self.trunk(resized(image, self.input_size))]

    def pooled(self, image: Tensor) -> Tensor:
        """The last features, not normalised, averaged over the picture, for comparing sets of pictures: image [B, 3, H, W] -> [B, C]"""
        return self.trunk(resized(image, self.input_size))[-1].mean((2, 3))

    def maps(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> list[Tensor]:
        """The distance at each position of each stage, between two results of `features`: [B, H_l, W_l] for every stage"""
        return [(x - y).square().sum(1) for x, y in zip(a, b)]

    def distance(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
        """The distance [B] between two results of `features`."""
        return sum(apart.mean((1, 2)) for apart in self.maps(a, b))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x, y [B, 3, H, W] in [-1, 1] -> distance [B], zero for equal pictures."""
        return self.distance(self.features(x), self.features(y))
