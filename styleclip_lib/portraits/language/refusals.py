"""The sentences for people whose text is not understood, or can be understood in two ways."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from .everyday import ASKING, FILLERS, NEGATORS, REMOVERS
from .lexicon import known_words, longest_phrase, stem_of, synonyms, words_of
from .phrases import all_phrases
from .rewording import OLD_FROM, YOUNG_FROM, YOUNG_TO

EXAMPLE = "describe the face as it should be, such as 'a smiling woman with glasses'"

_TWO_WAYS = f"What the text denies can be understood in two ways: {EXAMPLE}."
_DOUBTFUL = (
    (r"\b(could|can) not (be|look) (any )?more\b|\bnever (\w+ )?so\b", _TWO_WAYS),
    (r"(?<!\S)-[^\W\d_]", "A '-' before a word can be a dash or a minus: say 'without' for what should not be there."),
)
"""Patterns of texts that people understand in two ways, and a sentence for each."""


def doubts_of_text(text: str) -> Iterator[str]:
    """What is doubtful about a text as a whole. text: as `rewording.reworded` gives it"""
    yield from (sentence for pattern, sentence in _DOUBTFUL if re.search(pattern, text))
    if "?" in text and (words_of(text) or [""])[0] in ASKING:
        yield f"The text asks a question: {EXAMPLE}."


def doubts_of_sentence(words: list[str], plain: list[str]) -> Iterator[str]:
    """What is doubtful about one sentence: its words, and the same in words of the captions."""
    if _denies_a_comparison(words):
        yield _TWO_WAYS
    if _complains(plain):
        yield f"The text says what there is too much of: {EXAMPLE}."


def not_understood(unknown: tuple[str, ...], words: list[str]) -> str:
    """The sentence about words that are not understood, with what comes near."""
    unknown = tuple(word for word in unknown if word not in NEGATORS | REMOVERS) or unknown
    strange = tuple(word for word in unknown if word not in known_words() and word not in FILLERS)
    unknown = strange or unknown
    word = unknown[0]
    if strange and len(unknown) > 1 and 2 * len(unknown) >= len(words):
        return f"This domain does not know the words {', '.join(map(repr, unknown))}: in simple English, {EXAMPLE}."
    if word in NEGATORS | REMOVERS:
        return f"What '{word}' denies was not understood: {EXAMPLE}."
    if word in known_words():
        shortest = sorted((phrase for phrase in all_phrases() if word in words_of(phrase.text)), key=lambda phrase: len(phrase.text))
        with_it = {phrase.attribute_values: repr(phrase.text) for phrase in reversed(shortest)}
        hint = f"it is understood in {', '.join(sorted(with_it.values(), key=len)[:4])}" if with_it else EXAMPLE
        return f"What '{word}' says of the face was not understood here: {hint}."
    if word.isdigit():
        return (f"A number is understood as an age only: a child to {YOUNG_FROM - 1}, young to {YOUNG_TO}, old from {OLD_FROM} years; "
                f"{EXAMPLE}.")
    spelled = known_words() | {" ".join(key) for key in synonyms()}
    near = difflib.get_close_matches(word, spelled, n=3, cutoff=0.75) if len(word) > 3 else []
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"Try other words: {EXAMPLE}."
    return f"This domain's CLIP has never seen the word '{word}'. {hint}"


def _denies_a_comparison(words: list[str]) -> bool:
    """Whether a text says "not happier" or "could not be happier"."""
    for at, word in enumerate(words):
        if word in ("no", "not", "never"):
            following = next((word for word in words[at + 1 :] if word not in FILLERS), "")
            if following.endswith("er") and following != "longer" and stem_of(following):
                return True
    return False


def _complains(words: list[str]) -> bool:
    """Whether a text says "too old" or "too much makeup", which can be a wish or its opposite; "not too old" cannot."""
    for at, word in enumerate(words):
        if word == "too" and words[at - 1 : at] not in [[one] for one in NEGATORS]:
            following = at + 2 if words[at + 1 : at + 2] in (["much"], ["many"]) else at + 1
            if longest_phrase(words, following)[1]:
                return True
    return False
