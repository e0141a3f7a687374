"""A style's text, understood once: its place in CLIP's space, the source text, and the rival styles."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..editing.directions.prompt_templates import can_read, phrasings, readable_templates
from ..editing.prompt import Prompt
from ..errors import StyleclipError
from ..models import Models
from ..portraits.language.refusals import EXAMPLE
from ..portraits.language.style_words import STYLE_WORDS
from .losses import text_direction

STYLE_EXAMPLE = "name what the picture should become, such as 'a pencil sketch', 'an oil painting' or 'a photo of night'"

RIVALS = {name: words.opening[0] for name, words in STYLE_WORDS.items()}
"""What a picture may be instead, by the style's name: "a pencil sketch", ..."""


@dataclass(frozen=True, eq=False)
class StylePrompt:
    """What the losses need to know about a text.

    text       what the picture should become;  source: what it is before
    direction  ΔT [1, D], from the source to the text, of length one
    target     [1, D], the text itself;  rivals [K, D]: the source, and the other styles
    scale      of CLIP's logits
    """

    text: str
    source: str
    direction: Tensor
    target: Tensor
    rivals: Tensor
    scale: float

    @classmethod
    @torch.no_grad()
    def of(cls, models: Models, text: str, source: str, templates: bool = False) -> StylePrompt:
        """Embeds a text. Raises StyleclipError for an empty text, a word that the domain's CLIP does not know, or identical texts."""
        try:
            prompt, clip = Prompt.of(models, text, source), models.clip
        except StyleclipError as error:
            raise StyleclipError(str(error).replace(EXAMPLE, STYLE_EXAMPLE)) from None
        source = prompt.neutral or source
        templates_of_both = readable_templates(clip, prompt.text, source) if templates else ["{}"]
        features = [clip.text_features(phrasings(one, templates_of_both) if templates else [one]) for one in (prompt.text, source)]
        direction = text_direction(*features)
        if not direction.any():
            raise StyleclipError(f"The text and the source text are both '{text}': let the text say what the picture should become, "
                                 "such as 'a pencil sketch', and the source what it is, such as 'a photo'.")
        others = [words for name, words in RIVALS.items()
                  if name != prompt.parsed.style and words != prompt.text and can_read(clip, [words])]
        return cls(prompt.text, source, direction, prompt.vector, clip.encode_text([source, *others]), clip.model.logit_scale.exp().item())

    def probability(self, embedding: Tensor) -> Tensor:
        """CLIP's probability of the text among the source and the other styles. embedding [N, D], of length one -> [N]"""
        return (self.scale * embedding @ torch.cat([self.target, self.rivals]).T).softmax(1)[:, 0]
