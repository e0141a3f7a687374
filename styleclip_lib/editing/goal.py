"""What a text asks of a face, and what of it shall stay: the terms that latent optimisation and the latent mapper have in common."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..losses import clip_loss, identity_loss, random_views, side_loss
from ..models import Models
from ..portraits.captions import said_apart

NEUTRAL = "a face"
"""What a picture shows before anything is said of it."""

SEEN = 256
"""Pixels that the identity network looks at; larger generators are drawn at this resolution while an edit is searched."""


def seen_resolution(models: Models) -> int:
    """The resolution at which all is drawn that CLIP and the identity network look at: all of the generator's, or 256 if that is more."""
    resolutions = models.generator.synthesis.resolutions
    return next((r for r in resolutions if r >= max(SEEN, models.clip.image_size)), resolutions[-1])


@dataclass
class Faces:
    """Faces before the edit: who they are, person [B, E], and what CLIP sees of them, seen [B, D]; all of length one."""

    person: Tensor
    seen: Tensor

    def __getitem__(self, which: Tensor) -> "Faces":
        return Faces(self.person[which], self.seen[which])


@dataclass
class Goal:
    """What a text states, in CLIP's space: the vectors [S, D] of its statements, and the directions [S, D] to them from the neutral text.

    enough: the cosine of picture and statement with which CLIP is content
    """

    models: Models
    text_vectors: Tensor
    directions: Tensor
    enough: float

    @classmethod
    @torch.no_grad()
    def of_text(cls, models: Models, text: str, enough: float, apart: bool = False) -> "Goal":
        """apart: each statement is a text of its own (`captions.said_apart`), else the text stays in one piece.

        Raises StyleclipError for an empty text, or a word that CLIP does not know.
        """
        whole, neutral = models.clip.encode_text([text, NEUTRAL]).split(1)
        text_vectors = models.clip.encode_text(said_apart(text)) if apart else whole
        return cls(models, text_vectors, F.normalize(text_vectors - neutral, dim=1), enough)

    @torch.no_grad()
    def faces(self, images: Tensor) -> Faces:
        """images [B, 3, R, R] in [-1, 1], before the edit"""
        return Faces(self.models.identity(images), self.models.clip.encode_image(images))

    def fulfilled(self, before: Faces, already: float) -> bool:
        """Whether every statement has the cosine `already`, at least, with every face."""
        return bool((before.seen @ self.text_vectors.T >= already).all())

    def terms(self, images: Tensor, before: Faces, views: int, rng: torch.Generator) -> dict[str, Tensor]:
        """ "clip" (the mean over the statements), "identity" and "side", numbers without their weights, averaged over the faces.

        CLIP hears the louder statement of a text and is content with it; asked for one after the other, none is forgotten.
        images [B, 3, R, R]
        """
        seen = self.models.clip.encode_image(random_views(images, views, rng))
        unmet = [clip_loss(seen, vector).clamp(min=1 - self.enough) for vector in self.text_vectors]
        return {"clip": torch.stack(unmet).mean(),
                "identity": identity_loss(self.models.identity, images, before.person).mean(),
                "side": side_loss(before.seen, seen[: len(images)], self.directions).mean()}
