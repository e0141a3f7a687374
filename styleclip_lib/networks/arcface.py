"""The official identity network: ArcFace on IR-SE50 (Deng et al. 2019), with StyleCLIP's crop of the face."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from .irse50 import BLOCKS, Irse50, at_256

INPUT_SIZE = 112
FACE_ROWS, FACE_COLUMNS = slice(35, 223), slice(32, 220)
"""Where the face lies in a picture of 256 pixels with FFHQ's crop."""


class Arcface(nn.Module):
    """image -> unit vector; vectors of the same person point the same way."""

    def __init__(self, blocks: Sequence[int] = BLOCKS, embedding_dim: int = 512):
        super().__init__()
        self.trunk = Irse50(blocks)
        last = blocks[-1]
        features = last * (INPUT_SIZE >> len(self.trunk.widths)) ** 2
        self.head = nn.Sequential(nn.BatchNorm2d(last), nn.Dropout(0.6), nn.Flatten(), nn.Linear(features, embedding_dim),
                                  nn.BatchNorm1d(embedding_dim))

    def forward(self, image: Tensor) -> Tensor:
        """image [B, 3, H, W] in [-1, 1], with FFHQ's crop -> unit vectors [B, embedding_dim]"""
        return F.normalize(self.head(self.trunk(face(image))[-1]).float(), dim=1)


def face(image: Tensor) -> Tensor:
    """The face in an FFHQ crop: image [B, 3, H, W] -> [B, 3, 112, 112]."""
    return F.adaptive_avg_pool2d(at_256(image)[:, :, FACE_ROWS, FACE_COLUMNS], INPUT_SIZE)
