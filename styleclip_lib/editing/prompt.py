"""A text, understood once: the attribute values that it names, and its place in CLIP's space."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from ..models import Models
from ..portraits.language.attribute_values import AttributeValue
from ..portraits.language.captions import said_apart
from ..portraits.language.lexicon import normalised
from ..portraits.language.parsing import COLORED, Parsed, parse
from .directions.prompt_templates import can_read
from .recipe import NEUTRAL

BROWS = frozenset({("expression", "angry"), ("expression", "sad"), ("expression", "surprised")})
"""Expressions that show in the brows, which are fine lines. (A smile is in the mouth.)"""


@dataclass(frozen=True, eq=False)
class Prompt:
    """Everything that a method needs to know about a text.

    text      the target text;  neutral: the neutral text, or None for `NEUTRAL`, which a method may replace by a better one
    vector, neutral_vector  [1, D], CLIP's vectors of both, of length one
    parsed    the text as the grammar reads it: attribute values, a style, unknown words
    parts     for a text that names several attribute values, each of which CLIP can read by itself, a prompt for each; else none
    """

    text: str
    neutral: str | None
    vector: Tensor
    neutral_vector: Tensor
    parsed: Parsed
    parts: tuple[Prompt, ...] = field(default=(), repr=False)

    @classmethod
    @torch.no_grad()
    def of(cls, models: Models, text: str, neutral: str | None = None) -> Prompt:
        """Parses and embeds a text. Raises StyleclipError for an empty text, or one that the domain's CLIP cannot read.

        If that CLIP has a small vocabulary, the prompt's text is put into its words: "not smiling" becomes "a serious face".
        """
        text, neutral = models.clip.plain(text), neutral and models.clip.plain(neutral)
        vector, neutral_vector = models.clip.encode_text([text, neutral or NEUTRAL]).split(1)
        parsed, texts = parse(text), said_apart(text)
        if len(texts) < 2 or not can_read(models.clip, texts):
            return cls(text, neutral, vector, neutral_vector, parsed)
        gender = tuple(attribute_value for attribute_value in parsed.attribute_values if attribute_value[0] == "gender")
        things = [attribute_value for attribute_value in parsed.attribute_values if attribute_value[0] != "gender"]
        parts = tuple(cls(part_text, neutral, one, neutral_vector, Parsed((*gender, thing)))
                      for part_text, thing, one in zip(texts, things, models.clip.encode_text(texts).split(1)))
        return cls(text, neutral, vector, neutral_vector, parsed, parts)

    @property
    def direction(self) -> Tensor:
        """From the neutral text to the target in CLIP's space, of length one. [1, D]"""
        return F.normalize(self.vector - self.neutral_vector, dim=1)

    @property
    def is_described(self) -> bool:
        """Whether the neutral text already says everything that the text asks for, in the same words or in others."""
        if self.neutral is None:
            return False
        if normalised(self.text) == normalised(self.neutral):
            return True
        described = parse(self.neutral)
        understood_all = not (self.unknown or described.unknown or self.parsed.style or described.style)
        return understood_all and bool(self.attribute_values) and set(self.attribute_values) <= set(described.attribute_values)

    @property
    def attribute_values(self) -> tuple[AttributeValue, ...]:
        """(attribute, value) for everything that the text says about a face."""
        return self.parsed.attribute_values

    @property
    def unknown(self) -> tuple[str, ...]:
        """The words outside the vocabulary of the portraits."""
        return self.parsed.unknown

    @property
    def gender(self) -> str | None:
        """ "man" or "woman" if the text says so."""
        return dict(self.attribute_values).get("gender")

    @property
    def speaks_of_color(self) -> bool:
        """Whether the text names a colour."""
        return self.parsed.speaks_of_color

    @property
    def layers(self) -> str:
        """The layers that the text needs: "shape", "color", or "all" for both and for words outside the vocabulary of the portraits."""
        if self.unknown or not self.parsed.attributes:
            return "all"
        if not self.speaks_of_color:
            return "shape"
        return "color" if COLORED.issuperset(self.parsed.attributes) else "all"

    @property
    def needs_fine_layers(self) -> bool:
        """Whether the text asks, or may ask, for colours or fine lines (`BROWS`)."""
        return self.layers != "shape" or not BROWS.isdisjoint(self.attribute_values)

    def cosine(self, embedding: Tensor) -> float:
        """How well the text describes a picture with CLIP's embedding [1, D]: the lowest cosine of the text and its parts.

        "A smiling woman with long red hair" can be close to a picture with short hair if everything else is right.
        """
        return float((embedding @ torch.cat([self.vector, *(part.vector for part in self.parts)]).T).min())

    def is_true_of(self, embedding: Tensor, early_exit: float) -> bool:
        """Whether a picture already shows everything that the text says: its `cosine` reaches the early-exit threshold."""
        return self.cosine(embedding) >= early_exit


def understood(models: Models, text: str | Prompt) -> Prompt:
    """A text as a prompt; a prompt stays as it is."""
    return text if isinstance(text, Prompt) else Prompt.of(models, text)
