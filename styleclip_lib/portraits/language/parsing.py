"""Understanding a text: the attribute values and the style that it names, and what is not understood."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache

from ...errors import StyleclipError
from .attribute_values import AttributeValue
from .fillers import NEUTRAL_NOUNS, PICTURES, PRONOUNS
from .lexicon import ARTICLES, known_words, words_of
from .reading import Reader
from .refusals import EXAMPLE, not_understood
from .wording import worded

COLORED = frozenset({"skin_tone", "hair_color", "eye_color", "makeup", "background", "clothes"})
"""The attributes that are colours."""

_NEUTRAL = frozenset([*PICTURES, *PRONOUNS, *(word for noun in NEUTRAL_NOUNS for word in words_of(noun))]) - {"of", "a"}
"""Words of texts that name a face and say nothing else of it."""


@dataclass(frozen=True)
class Parsed:
    """What a text says.

    attribute_values  (attribute, value) for everything it says about a portrait, in the order of the text
    style       the style it names, or None
    unknown     the words that were not understood
    plain       the same in words of the captions: the text itself where it has no others
    problem     a sentence for the person who wrote it, where it was not understood, or not without a doubt; else empty
    """

    attribute_values: tuple[AttributeValue, ...] = ()
    style: str | None = None
    unknown: tuple[str, ...] = ()
    plain: str = ""
    problem: str = ""

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes that the text is about, each once."""
        return tuple(dict.fromkeys(attribute for attribute, _ in self.attribute_values))

    @property
    def speaks_of_color(self) -> bool:
        """Whether it says of what colour something is."""
        return not COLORED.isdisjoint(self.attributes)


def in_plain_words(text: str, vocabulary: Container[str] | None = None) -> str:
    """A text in words that captions use, for a CLIP that has learnt from captions; a text that uses no others comes back as it is.

    "make her smile" -> "a smiling face"; "a face without a smile" -> "a serious face".
    vocabulary  the words that this CLIP knows; None: all words of captions
    Raises StyleclipError, with what would help, for a text that is not understood: never the opposite of what it says.
    """
    parsed = parse(text)
    if parsed.problem:
        raise StyleclipError(parsed.problem)
    known = known_words() if vocabulary is None else vocabulary
    return parsed.plain if all(word in known for word in words_of(parsed.plain)) else worded(parsed.attribute_values, parsed.style)


@lru_cache(maxsize=4096)
def parse(text: str) -> Parsed:
    """Reads a text by looking for the longest phrase of the vocabulary at each place.

    Articles and fillers do not matter. A negation denies the phrase that comes next ("not smiling", "remove the hat"), and what is joined
    to it by "or"; what is said outright counts more than what follows from a denial. Words that are left over are reported.
    """
    reader = Reader(text)
    for sentence in reader.sentences():
        reader.read(sentence)
    attribute_values = reader.attribute_values()
    says = attribute_values or reader.style
    plain = worded(attribute_values, reader.style) if reader.rephrased and says else text
    unknown = tuple(dict.fromkeys(reader.unknown))
    problem = not_understood(unknown, words_of(text)) if unknown else next(iter(reader.problems), "" if says else _says_nothing(text))
    return Parsed(attribute_values, reader.style, unknown, plain, problem)


def _says_nothing(text: str) -> str:
    """The sentence about a text in which nothing is said; none for one that names a face, as a neutral text does: "a photo of a person"."""
    words = [word for word in words_of(text) if word not in ARTICLES]
    if not words:
        return f"The text is empty: {EXAMPLE}."
    if _NEUTRAL.isdisjoint([*words, *(word.removesuffix("s") for word in words)]):
        return f"The text does not say how the face should look: {EXAMPLE}."
    return ""
