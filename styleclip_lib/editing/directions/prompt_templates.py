"""Prompt templates: averaging over many wordings of one text (Radford et al. 2021, section 3.1.4)."""

import re
from collections.abc import Sequence

import torch
import torch.nn.functional as F

from ...errors import StyleclipError
from ...networks.clip import Clip
from ...portraits.language.vocabulary import with_article

# The 79 of CLIP's 80 for ImageNet that StyleCLIP uses: "a photo of many {}." is left out.
TEMPLATES = (
    "a bad photo of a {}.", "a sculpture of a {}.", "a photo of the hard to see {}.", "a low resolution photo of the {}.",
    "a rendering of a {}.", "graffiti of a {}.", "a bad photo of the {}.", "a cropped photo of the {}.", "a tattoo of a {}.",
    "the embroidered {}.", "a photo of a hard to see {}.", "a bright photo of a {}.", "a photo of a clean {}.",
    "a photo of a dirty {}.", "a dark photo of the {}.", "a drawing of a {}.", "a photo of my {}.", "the plastic {}.",
    "a photo of the cool {}.", "a close-up photo of a {}.", "a black and white photo of the {}.", "a painting of the {}.",
    "a painting of a {}.", "a pixelated photo of the {}.", "a sculpture of the {}.", "a bright photo of the {}.",
    "a cropped photo of a {}.", "a plastic {}.", "a photo of the dirty {}.", "a jpeg corrupted photo of a {}.",
    "a blurry photo of the {}.", "a photo of the {}.", "a good photo of the {}.", "a rendering of the {}.",
    "a {} in a video game.", "a photo of one {}.", "a doodle of a {}.", "a close-up photo of the {}.", "a photo of a {}.",
    "the origami {}.", "the {} in a video game.", "a sketch of a {}.", "a doodle of the {}.", "a origami {}.",
    "a low resolution photo of a {}.", "the toy {}.", "a rendition of the {}.", "a photo of the clean {}.",
    "a photo of a large {}.", "a rendition of a {}.", "a photo of a nice {}.", "a photo of a weird {}.",
    "a blurry photo of a {}.", "a cartoon {}.", "art of a {}.", "a sketch of the {}.", "a embroidered {}.",
    "a pixelated photo of a {}.", "itap of the {}.", "a jpeg corrupted photo of the {}.", "a good photo of a {}.",
    "a plushie {}.", "a photo of the nice {}.", "a photo of the small {}.", "a photo of the weird {}.", "the cartoon {}.",
    "art of the {}.", "a drawing of the {}.", "a photo of the large {}.", "a black and white photo of a {}.",
    "the plushie {}.", "a dark photo of a {}.", "itap of a {}.", "graffiti of the {}.", "a toy {}.", "itap of my {}.",
    "a photo of a cool {}.", "a photo of a small {}.", "a tattoo of the {}.",
)  # fmt: skip


def phrasings(text: str, templates: Sequence[str] = TEMPLATES) -> list[str]:
    """The text in every template, with the template's article instead of its own; "a" becomes "an" where it must.

    "a face with glasses" in "a photo of the {}." is "a photo of the face with glasses."
    """
    bare = re.sub(r"^(a|an|the)\s+", "", text.strip().rstrip("."), flags=re.IGNORECASE)
    return [with_article(template.format(bare)) for template in templates]


def readable_templates(clip: Clip, *texts: str) -> list[str]:
    """The templates in which this CLIP can read all of these texts.

    The small CLIP of a domain knows only the words of its vocabulary, and only short texts.
    Raises StyleclipError if it cannot read a text by itself: empty, too long, or with a word that it does not know.
    """
    for text in texts:
        clip.tokenizer([text])
    return [t for t in TEMPLATES if all(can_read(clip, phrasings(text, [t])) for text in texts)] or ["{}"]


def can_read(clip: Clip, texts: list[str]) -> bool:
    """Whether a CLIP knows all words of the texts, and none is too long for it."""
    try:
        clip.tokenizer(texts)
    except StyleclipError:
        return False
    return True


def direction_between(neutral: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Δt: from the mean over one text's templates to that over the other's, of length one (Patashnik et al. 2021, section 6).

    Every template has the same weight. neutral, target [T, D] -> [D]
    """
    means = [F.normalize(F.normalize(vectors, dim=1).mean(0), dim=0) for vectors in (neutral, target)]
    return F.normalize(means[1] - means[0], dim=0)


@torch.no_grad()
def text_direction(clip: Clip, target: str, neutral: str) -> torch.Tensor:
    """Δt in CLIP's space, from the neutral text to the target, over all templates that this CLIP can read. -> [D]

    Raises StyleclipError for a text that CLIP cannot read, and if both texts say the same.
    """
    templates = readable_templates(clip, target, neutral)
    vectors = [clip.encode_text(phrasings(text, templates)) for text in (neutral, target)]
    direction = direction_between(*vectors)
    if not direction.any():
        raise StyleclipError(f"The target and the neutral text are both '{target}'; the edit goes from one to the other, "
                             "so let the target say what should change, such as 'a smiling face', and the neutral text 'a face'.")
    return direction
