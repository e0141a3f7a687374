"""A small image encoder, distilled from CLIP's."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from .convnext import ConvNext
from .resampling import resized


class ClipStudent(nn.Module):
    """image [B, 3, H, H] in [-1, 1] -> unit vectors [B, D], close to those of the CLIP that it was distilled from.

    clip_dim  D;  image_size: the side in pixels to which pictures are resized;  widths, depths: see `ConvNext`
    """

    def __init__(self, clip_dim: int, image_size: int = 64, widths: Sequence[int] = (24, 48, 96, 128),
                 depths: Sequence[int] = (1, 1, 2, 1)):
        super().__init__()
        self.image_size = image_size
        self.body = ConvNext(tuple(widths), tuple(depths))
        self.norm, self.head = nn.LayerNorm(self.body.channels), nn.Linear(self.body.channels, clip_dim)

    def encode_image(self, image: Tensor) -> Tensor:
        """As `Clip.encode_image`."""
        return F.normalize(self(image), dim=1)

    def forward(self, image: Tensor) -> Tensor:
        """The vectors [B, D] before they are normalised."""
        return self.head(self.norm(self.body(resized(image, self.image_size)).mean((2, 3))))
