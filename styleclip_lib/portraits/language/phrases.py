"""All phrases of the vocabulary as one list, each with the statements it makes."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from ..world.attributes import ATTRIBUTES
from .statements import Statement
from .vocabulary import HAIR_COLORS, HAIR_CUTS, HAIR_LENGTHS, NOUNS_OF_TWO, WIG_COLORS, split, with_article


@dataclass(frozen=True)
class Phrase:
    """`text` at one of `vocabulary.PLACES` in a caption makes these statements."""

    text: str
    place: str
    statements: tuple[Statement, ...]


@lru_cache(maxsize=1)
def single_phrases() -> dict[Statement, tuple[Phrase, ...]]:
    """For each statement the phrases that make it and no other."""
    return {
        (a.name, value): tuple(Phrase(text, place, ((a.name, value),)) for place, text in a.words[value].items())
        for a in ATTRIBUTES for value in a.values
    }


@lru_cache(maxsize=1)
def double_phrases() -> dict[frozenset[Statement], tuple[Phrase, ...]]:
    """For some pairs of statements the phrases that make both: "old man", "long red hair", "a pink mohawk"."""
    doubles = {}
    for statements, texts in NOUNS_OF_TWO.items():
        doubles.setdefault(frozenset(statements), []).extend(Phrase(text, "noun", statements) for text in texts)
    for style, color in product({**HAIR_LENGTHS, **HAIR_CUTS}, HAIR_COLORS):
        statements = (("hair_style", style), ("hair_color", color))
        lengths, cuts, names = (split(names) for names in (
            HAIR_LENGTHS.get(style, ""), HAIR_CUTS.get(style, ""), HAIR_COLORS[color]))
        texts = [f"{length} {name} hair" for length, name in product(lengths, names)]
        texts += [f"a {length} {name} wig" for length, name in product(lengths, names) if color in WIG_COLORS]
        texts += [with_article(f"a {name} {cut}") for name, cut in product(names, cuts)]
        doubles[frozenset(statements)] = [Phrase(text, "having", statements) for text in texts]
    return {pair: tuple(phrases) for pair, phrases in doubles.items()}


@lru_cache(maxsize=1)
def all_phrases() -> tuple[Phrase, ...]:
    """Every phrase that says something about a portrait, more than a thousand."""
    groups = [*single_phrases().values(), *double_phrases().values()]
    return tuple(phrase for group in groups for phrase in group)
