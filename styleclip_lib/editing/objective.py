"""What a text asks of a face, and what of it shall stay: the terms that latent optimisation and the latent mapper have in common."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..models import Models
from ..portraits.language.captions import said_apart
from .directions.prompt_templates import can_read
from .losses import clip_loss, identity_loss, random_views, side_loss

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
    """A text in CLIP's space: its vector [1, D], and the direction [1, D] to it from the neutral text.

    statements  the vectors [S, D] of the text and, if it says several things of a face, of each by itself
    enough      the cosine of picture and text with which CLIP is content
    """

    models: Models
    text_vector: Tensor
    direction: Tensor
    statements: Tensor
    enough: float

    @classmethod
    @torch.no_grad()
    def of_text(cls, models: Models, text: str, enough: float) -> "Goal":
        """Raises StyleclipError for an empty text, or a word that CLIP does not know."""
        text_vector, neutral = models.clip.encode_text([text, NEUTRAL]).split(1)
        apart = [statement for statement in said_apart(text) if can_read(models.clip, [statement])]
        statements = models.clip.encode_text([text, *apart])
        return cls(models, text_vector, F.normalize(text_vector - neutral, dim=1), statements, enough)

    @torch.no_grad()
    def faces(self, images: Tensor) -> Faces:
        """images [B, 3, R, R] in [-1, 1], before the edit"""
        return Faces(self.models.identity(images), self.models.clip.encode_image(images))

    @torch.no_grad()
    def truth(self, image: Tensor) -> float:
        """How true the text is of one picture [1, 3, R, R]: its cosine, or that of its statement which fits least.

        "A smiling woman with long red hair" can be near to a picture with short hair, if all else is so.
        """
        return float((self.models.clip.encode_image(image) @ self.statements.T).min())

    def terms(self, images: Tensor, before: Faces, views: int, rng: torch.Generator) -> dict[str, Tensor]:
        """ "clip", "identity" and "side", numbers without their weights, averaged over the faces. images [B, 3, R, R]"""
        seen = self.models.clip.encode_image(random_views(images, views, rng))
        return {"clip": self._far(seen), "identity": identity_loss(self.models.identity, images, before.person).mean(),
                "side": self._beside(seen[: len(images)], before.seen)}

    def seen_terms(self, seen: Tensor, before: Tensor) -> dict[str, Tensor]:
        """ "clip" and "side" of faces that need not stay the same person. seen, before [B, D], CLIP's vectors after and before"""
        return {"clip": self._far(seen), "side": self._beside(seen, before)}

    def _far(self, seen: Tensor) -> Tensor:
        return clip_loss(seen, self.text_vector).clamp(min=1 - self.enough).mean()

    def _beside(self, seen: Tensor, before: Tensor) -> Tensor:
        return side_loss(before, seen, self.direction).mean()
