"""A network that predicts the strength of an edit from the face and the text."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class StrengthPredictor(nn.Module):
    """CLIP's vectors of a face and a text -> the strength of the edit, between 0 and `largest`.

    Without hidden layers it is the projection layer of the CelebrityLook app; with `width` > 0 it is a small network.

    embedding [B, D] of the faces, offset [B, D] from the neutral text to the text, z [B] CLIP z-scores of the text before the edit -> [B]
    """

    def __init__(self, clip_dim: int, width: int = 0, largest: float = 2.0):
        super().__init__()
        self.largest = largest
        inputs = 2 * clip_dim + 1
        if width:
            self.layers = nn.Sequential(nn.Linear(inputs, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))
        else:
            self.layers = nn.Sequential(nn.Linear(inputs, 1))

    def forward(self, embedding: Tensor, offset: Tensor, z: Tensor) -> Tensor:
        scale = embedding.shape[1] ** 0.5  # the entries of unit vectors are small
        features = torch.cat([scale * embedding, scale * nn.functional.normalize(offset, dim=1), z[:, None]], dim=1)
        return self.largest * torch.sigmoid(self.layers(features)[:, 0])
