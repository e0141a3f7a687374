"""The loss terms that latent optimisation and the latent mapper have in common."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..models import Models
from .losses import clip_loss, identity_loss, off_direction_loss, random_views
from .prompt import Prompt

IDENTITY_PIXELS = 256
"""Resolution of the identity network's input; larger generators are drawn at this resolution during a search."""


def search_resolution(models: Models) -> int:
    """The resolution at which pictures are drawn for CLIP and the identity network: 256, or the generator's own if that is lower."""
    return models.generator.synthesis.resolution_for(max(IDENTITY_PIXELS, models.clip.image_size))


@dataclass
class FacesBefore:
    """Faces before the edit: the identity network's embeddings, identity [B, E], and CLIP's, embedding [B, D], of length one."""

    identity: Tensor
    embedding: Tensor

    def __getitem__(self, which: Tensor) -> FacesBefore:
        return FacesBefore(self.identity[which], self.embedding[which])


@dataclass
class Objective:
    """The terms of a loss for one text.

    clip_cap  similarity cap: the cosine of picture and text above which the CLIP loss stops falling
    """

    models: Models
    prompt: Prompt
    clip_cap: float

    @torch.no_grad()
    def before(self, images: Tensor) -> FacesBefore:
        """images [B, 3, R, R] in [-1, 1], before the edit"""
        return FacesBefore(self.models.identity(images), self.models.clip.encode_image(images))

    def terms(self, images: Tensor, before: FacesBefore, views: int, rng: torch.Generator) -> dict[str, Tensor]:
        """ "clip", "identity" and "off_direction", unweighted scalars, averaged over the faces. images [B, 3, R, R]"""
        embedding = self.models.clip.encode_image(random_views(images, views, rng))
        return {"clip": self._clip(embedding), "identity": identity_loss(self.models.identity, images, before.identity).mean(),
                "off_direction": self._off_direction(embedding[: len(images)], before.embedding)}

    def clip_terms(self, embedding: Tensor, before: Tensor) -> dict[str, Tensor]:
        """ "clip" and "off_direction" of faces whose identity does not matter. embedding, before [B, D]: CLIP's, after and before"""
        return {"clip": self._clip(embedding), "off_direction": self._off_direction(embedding, before)}

    def _clip(self, embedding: Tensor) -> Tensor:
        return clip_loss(embedding, self.prompt.vector).clamp(min=1 - self.clip_cap).mean()

    def _off_direction(self, embedding: Tensor, before: Tensor) -> Tensor:
        return off_direction_loss(before, embedding, self.prompt.direction).mean()
