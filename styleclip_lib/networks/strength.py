"""How strong an edit has to be, predicted from the face and the text."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class StrengthPredictor(nn.Module):
    """What CLIP sees of a face and of a text -> the strength of the edit, between 0 and `largest`.

    Without hidden layers it is the projection layer of the CelebrityLook app; with `width` > 0 a small network.

    embedding [B, D], offset [B, D] from the neutral text to the text, z [B] how true the text is of the face already -> [B]
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
        scale = embedding.shape[1] ** 0.5  # vectors of length one have small entries
        features = torch.cat([scale * embedding, scale * nn.functional.normalize(offset, dim=1), z[:, None]], dim=1)
        return self.largest * torch.sigmoid(self.layers(features)[:, 0])
