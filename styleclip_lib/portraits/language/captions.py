"""Captions: some of a portrait's attribute values, phrased in many ways."""

import random
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from ..world.factors import Factors
from .attribute_values import ATTRIBUTE_VALUES, AttributeValue, Caption, values_true
from .fillers import (
    DETERMINERS,
    ENDINGS,
    GRADABLE,
    INTENSIFIERS,
    NEUTRAL_ADJECTIVES,
    NEUTRAL_NOUNS,
    OPENINGS,
    PRONOUNS,
)
from .parsing import parse
from .phrases import Phrase, double_phrases, single_phrases
from .style_words import PLAIN, PLAIN_WORDS, STYLE_WORDS
from .vocabulary import with_article
from .wording import plainly

HELDOUT_FILE = Path(__file__).with_name("heldout_phrasings.txt")

_HOW_MANY = (0.04, 0.42, 0.26, 0.17, 0.11)  # how often a caption names 0, 1, 2, 3, 4 attribute values
MAX_WORDS = 24
_PLACE_WEIGHTS = {"before": 3, "noun": 4, "having": 3, "wearing": 3, "after": 2}
_QUIET = {("eyes", "open"), ("expression", "neutral")} | {s for s in ATTRIBUTE_VALUES if s[1] == "none"}
_WITH = ("with", "with", "with", "with", "who has", "that has", "having")
NOT_AFTER_IS = ("hair", "smile", "mohawk", "adult", "close up", "punk")  # "who is red hair" is not English


def caption(factors: Factors, seed: int, max_values: int = 4,
            styles: Sequence[str | None] | None = None) -> list[Caption]:
    """Writes one caption for each portrait, true of it.

    factors     N portraits
    max_values  0 to 4; four in ten captions name only one attribute value, so that each word can be learnt on its own
    styles      the style of each portrait, or None for a plain one; named in two of three captions, sometimes alone

    No caption contains a phrasing of `heldout_phrasings.txt`. Returns N captions; the same seed gives the same captions.
    """
    rng = random.Random(seed)
    rows = values_true(factors, styles).tolist()
    styles = [None] * len(factors) if styles is None else styles
    captions = []
    for row, style in zip(rows, styles):
        known = [attribute_value for attribute_value, holds in zip(ATTRIBUTE_VALUES, row) if holds]
        named = style if style is not None and rng.random() < 0.67 else None
        how_many = rng.choices(range(max_values + 1), _HOW_MANY[: max_values + 1])[0]
        if named is not None and rng.random() < 0.2:
            how_many = 0
        captions.append(write(choose(known, how_many, rng), rng, named))
    return captions


def write(attribute_values: Sequence[AttributeValue], rng: random.Random, style: str | None = None) -> Caption:
    """A caption that names exactly these attribute values, in one of many phrasings that are not held out."""
    while True:
        text = _one_way_to_say(attribute_values, rng, style)
        if len(text.split()) <= MAX_WORDS and not is_heldout(text):
            return Caption(text, tuple(attribute_values), style)


def style_caption(styles: Sequence[str | None], seed: int) -> list[Caption]:
    """A caption for each picture that names only its style: "a mosaic", "in watercolor", "a photo" for None."""
    rng = random.Random(seed)
    captions = []
    for style in styles:
        words = STYLE_WORDS.get(style)
        captions.append(Caption(rng.choice(words.opening + words.ending + words.alone if words else PLAIN_WORDS), (), style or PLAIN))
    return captions


def said_apart(text: str) -> list[str]:
    """Splits a text that says several things about a portrait into one text for each; all of them keep the gender.

    "a blond woman with sunglasses" -> "a woman with blond hair", "a woman with sunglasses". A text with unknown words, with a style, or
    that says only one thing is returned unchanged.
    """
    parsed = parse(text)
    things = [attribute_value for attribute_value in parsed.attribute_values if attribute_value[0] != "gender"]
    if parsed.unknown or parsed.style or len(things) < 2:
        return [text]
    noun = dict(parsed.attribute_values).get("gender", "face")
    return [plainly(attribute_value, noun) for attribute_value in things]


@lru_cache(maxsize=1)
def heldout_captions() -> tuple[Caption, ...]:
    """The captions of `heldout_phrasings.txt`, whose phrasings no training caption contains."""
    captions = []
    for text, values in _heldout_lines():
        parts = [part.strip() for part in values.split(",")]
        attribute_values = tuple(tuple(part.split("=")) for part in parts if "!" not in part)
        denied = tuple(tuple(part.split("!=")) for part in parts if "!" in part)
        captions.append(Caption(text.replace("[", "").replace("]", ""), attribute_values, denied=denied))
    return tuple(captions)


def is_heldout(text: str) -> bool:
    """Whether the text contains a held-out phrasing."""
    return _heldout_pattern().search(text) is not None


@lru_cache(maxsize=1)
def _heldout_pattern():
    phrasings = [re.search(r"\[(.*)\]", text).group(1) for text, _ in _heldout_lines()]
    return re.compile(r"\b(" + "|".join(map(re.escape, phrasings)) + r")\b")


def _heldout_lines():
    """(text with brackets, attribute values) for each line that is not a comment."""
    lines = HELDOUT_FILE.read_text(encoding="utf-8").splitlines()
    return [tuple(part.strip() for part in line.split("|")) for line in lines if line and line[0] != "#"]


def choose(known: Sequence[AttributeValue], how_many: int, rng: random.Random) -> list[AttributeValue]:
    """Draws `how_many` of the known attribute values: defaults ("no hat") rarely, and the gender often if there are several."""
    def weight(attribute_value):
        if attribute_value in _QUIET:
            return 0.35
        return 4.0 if attribute_value[0] == "gender" and how_many > 1 else 1.0

    order = sorted(known, key=lambda attribute_value: rng.random() ** (1 / weight(attribute_value)))
    return order[-how_many:] if how_many else []


def _one_way_to_say(attribute_values, rng, style):
    if len(attribute_values) == 1 and style is None and rng.random() < 0.12:
        return _bare(rng.choice(single_phrases()[attribute_values[0]]).text, rng)
    phrases = _choose_phrases(attribute_values, rng)
    text = _noun_phrase(phrases, rng)
    if style is not None:
        return _with_style(text, STYLE_WORDS[style], bool(attribute_values), rng)
    if rng.random() < 0.33:
        text = f"{rng.choice(OPENINGS)} {text}"
    return f"{text} {rng.choice(ENDINGS)}" if rng.random() < 0.03 else text


def describe(attribute_values: Sequence[AttributeValue], rng: random.Random,
             phrase_for: Callable[[AttributeValue, Sequence[str]], Phrase | None]) -> str:
    """A noun phrase that names these attribute values, each by the phrase from `phrase_for(attribute_value, places)`."""
    phrases, places = [], list(_PLACE_WEIGHTS)
    for attribute_value in attribute_values:
        phrase = phrase_for(attribute_value, places)
        while phrase is None or (phrase.place == "noun" and "noun" not in places):
            phrase = phrase_for(attribute_value, places)
        if phrase.place == "noun":
            places.remove("noun")
        phrases.append(phrase)
    return _noun_phrase(phrases, rng)


def _bare(text, rng):
    """A phrase on its own, with or without its article: "a beard", "beard"."""
    return text.removeprefix("a ").removeprefix("an ") if rng.random() < 0.5 else text


def _choose_phrases(attribute_values, rng) -> list[Phrase]:
    """A phrase for each attribute value, sometimes one for two of them; at most one is a noun."""
    left, chosen = list(attribute_values), []
    for pair, phrases in _pairs_in(left):
        if pair <= set(left) and rng.random() < 0.5:
            chosen.append(rng.choice(phrases))
            left = [attribute_value for attribute_value in left if attribute_value not in pair]
    for attribute_value in left:
        options = single_phrases()[attribute_value]
        if any(phrase.place == "noun" for phrase in chosen):
            options = [phrase for phrase in options if phrase.place != "noun"]
        places = sorted({phrase.place for phrase in options})
        place = rng.choices(places, [_PLACE_WEIGHTS[name] for name in places])[0]
        chosen.append(rng.choice([phrase for phrase in options if phrase.place == place]))
    return chosen


def _pairs_in(attribute_values):
    """(pair, phrases) for the pairs of these attribute values that one phrase can name."""
    pairs = (frozenset((a, b)) for i, a in enumerate(attribute_values) for b in attribute_values[:i])
    return [(pair, double_phrases()[pair]) for pair in pairs if pair in double_phrases()]


def _noun_phrase(phrases, rng):
    """Puts phrases together: determiner, adjectives, noun, "who is ...", "with ...", "wearing ...", and the rest."""
    at = {place: [p for p in phrases if p.place == place] for place in _PLACE_WEIGHTS}
    noun = at["noun"][0].text if at["noun"] else rng.choice(NEUTRAL_NOUNS)
    adjectives = [_intensified(phrase, rng) for phrase in at["before"]]
    if not (at["noun"] or adjectives) and rng.random() < 0.08:
        noun = rng.choice(PRONOUNS)
    if rng.random() < 0.03:
        adjectives.append(rng.choice(NEUTRAL_ADJECTIVES))
    tails, having, worn = [], [p.text for p in at["having"]], [p.text for p in at["wearing"]]
    if adjectives and not adjectives[-1].endswith(NOT_AFTER_IS) and rng.random() < 0.2:
        tails.append(f"{rng.choice(('who', 'who', 'that'))} is {adjectives.pop()}")
    if rng.random() < 0.5:
        having, worn = having + worn, []
    if having:
        tails.append(f"{rng.choice(_WITH)} {_listed(having, rng)}")
    if worn:
        tails.append(f"wearing {_listed(worn, rng)}")
    after = [p.text for p in at["after"]]
    rng.shuffle(after)
    comma = ", " if rng.random() < 0.3 else " "
    before = rng.choice((" ", " ", ", ", " and ")).join(adjectives)
    return comma.join([_with_determiner(f"{before} {noun}".strip(), rng), *tails, *after])


def _intensified(phrase, rng):
    """Sometimes puts "very" or the like before a gradable adjective: "a really angry face"."""
    has_degrees = phrase.attribute_values[0][0] in GRADABLE and not phrase.text.endswith(("er", *NOT_AFTER_IS))
    has_degrees = has_degrees and phrase.attribute_values != (("age", "young"),)  # "very young" means a child
    if has_degrees and not phrase.text.startswith("very") and rng.random() < 0.15:
        return f"{rng.choice(INTENSIFIERS)} {phrase.text}"
    return phrase.text


def _listed(items, rng):
    """ "a, b and c", with what is absent ("no hat") last, so that "no" does not seem to apply to the rest."""
    items = list(items)
    rng.shuffle(items)
    items.sort(key=lambda item: item.startswith("no "))
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def _with_determiner(text, rng):
    if text in PRONOUNS or rng.random() < 0.12:
        return text
    if rng.random() < 0.12:
        return f"{rng.choice(DETERMINERS)} {text}"
    return with_article(f"a {text}")


def _with_style(text, words, says_something, rng):
    """ "a mosaic of a smiling woman", or "a smiling woman as a mosaic"; "a mosaic" if nothing else is said."""
    if not says_something and rng.random() < 0.5:
        return rng.choice(words.opening + words.ending + words.alone)
    if rng.random() < 0.55:
        return f"{rng.choice(words.opening)} of {text}"
    comma = ", " if rng.random() < 0.4 else " "
    return f"{text}{comma}{rng.choice(words.ending)}"
