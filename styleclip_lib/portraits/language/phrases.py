"""All phrases of the vocabulary, each with the attribute values that it names."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from ..world.attributes import ATTRIBUTES
from .attribute_values import AttributeValue
from .vocabulary import HAIR_COLORS, HAIR_CUTS, HAIR_LENGTHS, NOUNS_OF_TWO, WIG_COLORS, split, with_article


@dataclass(frozen=True)
class Phrase:
    """A phrase: `text`, at one of `vocabulary.PLACES` in a caption, names these attribute values."""

    text: str
    place: str
    attribute_values: tuple[AttributeValue, ...]


@lru_cache(maxsize=1)
def single_phrases() -> dict[AttributeValue, tuple[Phrase, ...]]:
    """For each attribute value the phrases that name only this one."""
    return {
        (a.name, value): tuple(Phrase(text, place, ((a.name, value),)) for place, text in a.words[value].items())
        for a in ATTRIBUTES for value in a.values
    }


@lru_cache(maxsize=1)
def double_phrases() -> dict[frozenset[AttributeValue], tuple[Phrase, ...]]:
    """For some pairs of attribute values the phrases that name both: "old man", "long red hair", "a pink mohawk"."""
    doubles = {}
    for attribute_values, texts in NOUNS_OF_TWO.items():
        doubles.setdefault(frozenset(attribute_values), []).extend(Phrase(text, "noun", attribute_values) for text in texts)
    for style, color in product({**HAIR_LENGTHS, **HAIR_CUTS}, HAIR_COLORS):
        attribute_values = (("hair_style", style), ("hair_color", color))
        lengths, cuts, names = (split(names) for names in (
            HAIR_LENGTHS.get(style, ""), HAIR_CUTS.get(style, ""), HAIR_COLORS[color]))
        texts = [f"{length} {name} hair" for length, name in product(lengths, names)]
        texts += [f"a {length} {name} wig" for length, name in product(lengths, names) if color in WIG_COLORS]
        texts += [with_article(f"a {name} {cut}") for name, cut in product(names, cuts)]
        doubles[frozenset(attribute_values)] = [Phrase(text, "having", attribute_values) for text in texts]
    return {pair: tuple(phrases) for pair, phrases in doubles.items()}


@lru_cache(maxsize=1)
def all_phrases() -> tuple[Phrase, ...]:
    """Every phrase that says something about a portrait, more than a thousand."""
    groups = [*single_phrases().values(), *double_phrases().values()]
    return tuple(phrase for group in groups for phrase in group)
