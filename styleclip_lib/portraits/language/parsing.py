"""Understanding a text: which statements it makes, which style it names, and which words are unknown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .fillers import DETERMINERS, ENDINGS, INTENSIFIERS, NEUTRAL_ADJECTIVES, NEUTRAL_NOUNS, OPENINGS, PRONOUNS
from .phrases import all_phrases
from .scene_words import SCENE_WORDS
from .statements import Statement
from .style_words import STYLE_WORDS

COLORED = frozenset({"skin_tone", "hair_color", "eye_color", "makeup", "background", "clothes"})
"""The attributes that are colours."""

_GLUE = ("a an the and with who that is has having wearing of",)
_ARTICLES = ("a", "an", "the")
_NEGATIONS = ("no", "not", "without")


@dataclass(frozen=True)
class Parsed:
    """What a text says.

    statements  (attribute, value) for everything it says about a portrait, in the order of the text
    style       the style it names, or None
    unknown     the words that no caption uses, and negations that could not be understood
    """

    statements: tuple[Statement, ...] = ()
    style: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes that the text is about, each once."""
        return tuple(dict.fromkeys(attribute for attribute, _ in self.statements))

    @property
    def speaks_of_color(self) -> bool:
        """Whether it says of what colour something is."""
        return not COLORED.isdisjoint(self.attributes)


def words_of(text: str) -> list[str]:
    """The words of a text as the vocabulary spells them: lower case, hyphens and punctuation as spaces."""
    return re.findall(r"[^\W_]+", text.lower().replace("'s ", " "))


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word that a caption may contain."""
    return frozenset(word for text in _all_texts() for word in words_of(text))


def unknown_words(text: str) -> list[str]:
    """The words of the text that no caption contains, in their order, each once."""
    return [word for word in dict.fromkeys(words_of(text)) if word not in known_words()]


def parse(text: str) -> Parsed:
    """Reads a text by looking for the longest phrase of the vocabulary at each place.

    Articles do not matter. A negation is understood where the vocabulary has it ("without glasses", "no beard");
    elsewhere ("without a smile") it is reported as unknown and what it negates is left out. If a text says two
    things about one attribute, the later one counts.
    """
    words = [word for word in words_of(text) if word not in _ARTICLES]
    said, style, unknown, negated, at = {}, None, unknown_words(text), False, 0
    while at < len(words):
        length, statements, named = _longest_phrase(words, at)
        if statements and not negated:
            said.update(statements)
        style = style or (None if negated else named)
        negates = length == 0 and words[at] in _NEGATIONS
        unknown += [words[at]] if negates else []
        negated = negates or (negated and length == 0)
        at += max(length, 1)
    return Parsed(tuple(said.items()), style, tuple(dict.fromkeys(unknown)))


def _longest_phrase(words, at):
    """(number of words, statements, style) of the longest phrase that starts at a place; (0, (), None) if none does."""
    for length in range(min(_longest(), len(words) - at), 0, -1):
        meaning = _meanings().get(tuple(words[at : at + length]))
        if meaning is not None:
            return length, *meaning
    return 0, (), None


@lru_cache(maxsize=1)
def _meanings() -> dict[tuple[str, ...], tuple[tuple[Statement, ...], str | None]]:
    """The words of each phrase, without articles, and what it means: (statements, style)."""
    meanings = {_key(text): ((), None) for text in (*OPENINGS, *ENDINGS, *NEUTRAL_NOUNS)}
    for style, words in STYLE_WORDS.items():
        for text in (style, *words.opening, *words.ending, *words.alone):
            meanings[_key(text)] = ((), style)
    for phrase in all_phrases():
        for text in (phrase.text, re.sub(r"^(whose|who is|who|the) ", "", phrase.text)):
            meanings[_key(text)] = (phrase.statements, None)
    return meanings


def _key(text):
    return tuple(word for word in words_of(text) if word not in _ARTICLES)


@lru_cache(maxsize=1)
def _longest():
    return max(map(len, _meanings()))


def _all_texts() -> Iterator[str]:
    yield from (phrase.text for phrase in all_phrases())
    for words in STYLE_WORDS.values():
        yield from (*words.opening, *words.ending, *words.alone)
    for words in SCENE_WORDS.values():
        yield from words
    for texts in (DETERMINERS, ENDINGS, INTENSIFIERS, NEUTRAL_ADJECTIVES, NEUTRAL_NOUNS, OPENINGS, PRONOUNS, _GLUE):
        yield from texts
