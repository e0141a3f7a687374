"""The words that captions use, and what their phrases mean: how a text is looked up, word by word and phrase by phrase."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from .attribute_values import AttributeValue
from .everyday import EMOJI, FILLERS, NEGATORS, REMOVERS, SYNONYMS
from .fillers import DETERMINERS, ENDINGS, INTENSIFIERS, NEUTRAL_ADJECTIVES, NEUTRAL_NOUNS, OPENINGS, PRONOUNS
from .phrases import all_phrases
from .scene_words import SCENE_WORDS
from .style_words import PLAIN_WORDS, STYLE_WORDS

ARTICLES = ("a", "an", "the")
_GLUE = ("a an the and with who that is has having wearing of",)
_SAME = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'", "\u00b4": "'", "\u2010": "-", "\u2011": "-", "\u2013": " - ",
                       "\u2014": ", ", "&": " and ", "\u2026": ". ", "\u201c": '"', "\u201d": '"'})


def normalised(text: str) -> str:
    """In lower case, typographic signs as a keyboard has them, an emoji as its name."""
    signs = []
    for sign in unicodedata.normalize("NFKC", text.translate(_SAME)).translate(_SAME):
        kind = unicodedata.category(sign)
        if kind == "So":
            signs.append(f" {EMOJI.get(sign) or unicodedata.name(sign, '').removeprefix('EMOJI COMPONENT ')} ")
        elif kind not in ("Sk", "Mn", "Cf", "Cs", "Co"):  # skin tones and joiners of emoji
            signs.append(sign)
    return "".join(signs).lower()


def words_of(text: str) -> list[str]:
    """The words of a text as the vocabulary spells them: lower case, hyphens and punctuation as spaces."""
    return re.findall(r"[^\W_]+", re.sub(r"'s\b", " ", normalised(text)))


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word that a caption may contain."""
    return frozenset(word for text in _all_texts() for word in words_of(text))


def unknown_words(text: str) -> list[str]:
    """The words of the text that no caption contains, in their order, each once."""
    return [word for word in dict.fromkeys(words_of(text)) if word not in known_words()]


def base_form(word: str) -> str:
    """A word of the captions that this is a form of ("longer", "hats"), else the word itself."""
    if word in known_words() or word in FILLERS or word in NEGATORS | REMOVERS:
        return word
    return stem_of(word) or word


def stem_of(word: str) -> str:
    """The word of the captions that another word is a form of; empty if there is none."""
    for ending, others in (("iest", ["y"]), ("ier", ["y"]), ("est", ["", "e"]), ("er", ["", "e"]), ("es", ["", "e"]), ("s", [""])):
        stem = word.removesuffix(ending)
        for other in others if stem != word else []:
            for form in (stem + other, stem[:-1] + other):
                if form in known_words() and len(form) > 2:
                    return form
    return ""


@lru_cache(maxsize=1)
def synonyms() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Everyday words -> words of captions."""
    return {tuple(other.split()): tuple(word.split()) for other, word in SYNONYMS.items()}


@lru_cache(maxsize=1)
def neutral_words() -> frozenset[str]:
    """Words that captions use around what they say."""
    return frozenset(word for text in (*DETERMINERS, *INTENSIFIERS, *NEUTRAL_ADJECTIVES, *PRONOUNS, *_GLUE) for word in words_of(text))


def longest_phrase(words: Sequence[str], at: int) -> tuple[int, tuple[AttributeValue, ...], str | None]:
    """(number of words, attribute values, style) of the longest phrase that starts at a place; (0, (), None) if none does."""
    for length in range(min(_longest(), len(words) - at), 0, -1):
        meaning = _meanings().get(tuple(words[at : at + length]))
        if meaning is not None:
            return length, *meaning
    return 0, (), None


@lru_cache(maxsize=1)
def _meanings() -> dict[tuple[str, ...], tuple[tuple[AttributeValue, ...], str | None]]:
    """The words of each phrase, without articles, and what it means: (attribute values, style)."""
    scenes = (text for texts in SCENE_WORDS.values() for text in texts)
    meanings = {_key(text): ((), None) for text in (*OPENINGS, *ENDINGS, *NEUTRAL_NOUNS, *PLAIN_WORDS, *scenes)}
    for style, words in STYLE_WORDS.items():
        for text in (style, *words.opening, *words.ending, *words.alone):
            meanings[_key(text)] = ((), style)
    for phrase in all_phrases():
        for text in (phrase.text, re.sub(r"^(whose|who is|who wears|who|the) ", "", phrase.text)):
            meanings[_key(text)] = (phrase.attribute_values, None)
    return meanings


@lru_cache(maxsize=1)
def things() -> frozenset[tuple[str, ...]]:
    """The words of every phrase that is worn or had, but for hair: "gold earrings", "a hat with a brim", "a smile"."""
    attributes = ("glasses", "headwear", "facial_hair", "makeup", "earrings", "clothes", "expression")
    return frozenset(_key(phrase.text) for phrase in all_phrases()
                     if phrase.place in ("having", "wearing") and phrase.attribute_values[0][0] in attributes
                     and phrase.attribute_values[0][1] != "none" and _key(phrase.text)[-1] not in ("face", "look", "expression"))


def _key(text: str) -> tuple[str, ...]:
    return tuple(word for word in words_of(text) if word not in ARTICLES)


@lru_cache(maxsize=1)
def _longest() -> int:
    return max(map(len, _meanings()))


def _all_texts() -> Iterator[str]:
    yield from (phrase.text for phrase in all_phrases())
    for words in STYLE_WORDS.values():
        yield from (*words.opening, *words.ending, *words.alone)
    for words in SCENE_WORDS.values():
        yield from words
    for texts in (DETERMINERS, ENDINGS, INTENSIFIERS, NEUTRAL_ADJECTIVES, NEUTRAL_NOUNS, OPENINGS, PLAIN_WORDS, PRONOUNS, _GLUE):
        yield from texts
