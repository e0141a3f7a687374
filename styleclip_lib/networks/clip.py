"""CLIP: pictures and texts as unit vectors in one space (Radford et al. 2021).

The network is `clip.model.CLIP` of the package clip-anytorch, whatever its size: the same code serves the small CLIP of the portraits
domain and OpenAI's ViT-B/32. They differ in their weights and in how a text becomes tokens.
"""

import difflib
import warnings
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import StyleclipError
from ..portraits.language.lexicon import known_words, words_of
from ..portraits.language.parsing import in_plain_words

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about pkg_resources, which the package imports; the user can do nothing about it
    from clip import tokenize
    from clip.model import CLIP, build_model

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
EMPTY = "The text is empty; say what the face should look like, for instance 'a smiling face'."


class WordTokenizer:
    """One token for each word of a vocabulary. 0 pads; the start and end tokens have the two highest numbers, as CLIP expects.

    sentences  whether its CLIP was trained on everyday sentences (`portraits.language.sentences`) as well as captions
    """

    def __init__(self, words: Sequence[str], context_length: int = 32, sentences: bool = False):
        self.words, self.context_length, self.sentences = list(words), context_length, sentences
        self._number = {word: i + 1 for i, word in enumerate(self.words)}
        self.start, self.end = len(self.words) + 1, len(self.words) + 2
        self.vocab_size = len(self.words) + 3

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Texts -> int64 [N, context_length]. Raises StyleclipError for an unknown word, which it names, and for a text too long."""
        tokens = torch.zeros(len(texts), self.context_length, dtype=torch.long)
        for row, text in zip(tokens, texts):
            words = words_of(text)
            if not words:
                raise StyleclipError(EMPTY)
            if len(words) > self.context_length - 2:
                raise StyleclipError(f"The text has {len(words)} words; this CLIP reads at most {self.context_length - 2}.")
            numbers = [self.start, *(self._lookup(word) for word in words), self.end]
            row[: len(numbers)] = torch.tensor(numbers)
        return tokens

    def plain(self, text: str) -> str:
        """The text itself if this CLIP was trained on such texts, otherwise the same thing in the words of captions (`in_plain_words`).
        Raises StyleclipError for a text that is not understood.

        A text with words of a user's own vocabulary, which the portraits' grammar does not know, is left as it is.
        """
        words = words_of(text)
        if not self.sentences and any(word in self._number and word not in known_words() for word in words):
            return text
        plain = in_plain_words(text, self._number)
        return text if self.sentences and all(word in self._number for word in words) else plain

    def _lookup(self, word: str) -> int:
        if word not in self._number:
            near = difflib.get_close_matches(word, self.words, n=3, cutoff=0.75)
            hint = f" Did you mean {' or '.join(repr(w) for w in near)}?" if near else " Try to say it in other words."
            raise StyleclipError(f"This domain's CLIP has never seen the word '{word}'.{hint}")
        return self._number[word]


class PieceTokenizer:
    """OpenAI's tokens: frequent words and pieces of words (byte-pair encoding), from the package's list. It can encode any text."""

    def __init__(self, context_length: int = 77):
        self.context_length = context_length

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Texts -> int64 [N, context_length]. Raises StyleclipError for an empty text and one that is too long."""
        return torch.cat([self._tokens(text) for text in texts])

    def plain(self, text: str) -> str:
        """The text itself: this CLIP was trained on texts of all kinds."""
        return text

    def _tokens(self, text: str) -> Tensor:
        if not text.strip():
            raise StyleclipError(EMPTY)
        try:
            return tokenize(text, self.context_length).long()
        except RuntimeError:
            raise StyleclipError(f"The text of {len(text.split())} words is too long: this CLIP reads at most {self.context_length - 2} "
                                 "tokens; use fewer words.") from None


class Clip(nn.Module):
    """The library's pictures or texts in, unit vectors out."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: CLIP, tokenizer: WordTokenizer | PieceTokenizer):
        super().__init__()
        self.model, self.tokenizer = model, tokenizer
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)

    @property
    def image_size(self) -> int:
        return self.model.visual.input_resolution

    @property
    def embedding_dim(self) -> int:
        """D of the vectors."""
        return self.model.text_projection.shape[1]

    def preprocess(self, image: Tensor) -> Tensor:
        """image [B, 3, H, W] in [-1, 1] -> [B, 3, S, S], resized (bicubic) and normalised as in CLIP's training. StyleCLIP's own loss
        resizes by area (`resampling.fractional_area_resize`) and feeds values in [-1, 1] without normalising them."""
        if image.shape[-2:] != (self.image_size, self.image_size):
            image = F.interpolate(image, size=(self.image_size, self.image_size), mode="bicubic", antialias=True, align_corners=False)
        return (((image + 1) / 2 - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    def encode_image(self, image: Tensor) -> Tensor:
        """image [B, 3, H, W] in [-1, 1] -> unit vectors [B, D]"""
        return F.normalize(self.model.visual(self.preprocess(image).to(self.model.dtype)).float(), dim=1)

    def plain(self, text: str) -> str:
        """The wording of a text that this CLIP understands best: for a CLIP with a small vocabulary, "not smiling" becomes "a serious
        face". Raises StyleclipError, with advice, for a text that such a CLIP would misunderstand."""
        return self.tokenizer.plain(text)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """Texts -> unit vectors [N, D]. Raises StyleclipError if a word is unknown."""
        return F.normalize(self.text_features(texts), dim=1)

    def text_features(self, texts: Sequence[str]) -> Tensor:
        """Texts -> vectors [N, D] before they are normalised. Raises StyleclipError if a word is unknown."""
        texts = [texts] if isinstance(texts, str) else texts
        return self.model.encode_text(self.tokenizer(texts).to(self.mean.device)).float()


def clip_from_state(state: dict[str, Tensor], tokenizer: WordTokenizer | PieceTokenizer) -> Clip:
    """Builds a CLIP of the size that the state dict has, in float32, frozen."""
    model = build_model(dict(state)).float()
    return Clip(model, tokenizer).eval().requires_grad_(False)
