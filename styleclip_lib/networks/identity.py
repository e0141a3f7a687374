"""The identity network: a face becomes a unit vector; vectors of the same person point the same way."""

import torch.nn.functional as F
from torch import Tensor, nn

from .resampling import resized
from .trunk import Trunk


class Identity(nn.Module):
    """image -> unit vector, trained with the ArcFace loss (Deng et al. 2019). Small, and for any picture size."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 128, 192), embedding_dim: int = 128, input_size: int = 64):
        super().__init__()
        self.input_size = input_size
        self.trunk = Trunk(widths)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(16 * widths[-1], embedding_dim), nn.BatchNorm1d(embedding_dim, affine=False))

    def forward(self, image: Tensor) -> Tensor:
        """image [B, 3, H, W] in [-1, 1] -> unit vectors [B, embedding_dim]"""
        return F.normalize(self.head(self.features(resized(image, self.input_size))).float(), dim=1)

    def features(self, image: Tensor) -> Tensor:
        """The input of the last layer, for images of the network's own size: [B, 3, H, H] -> [B, 16 * widths[-1]]"""
        return F.adaptive_avg_pool2d(self.trunk(image)[-1], 4).flatten(1)
