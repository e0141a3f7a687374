"""Everyday sentences: statements, commands, negations and colloquial words, each with what it says.

`captions` describes pictures; this module phrases what people ask for: "make her hair blue", "he is not smiling", "no glasses, please".
`parsing` understands every sentence as it was meant, which the tests check.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from ..world.factors import Factors
from .attribute_values import ATTRIBUTE_VALUES, AttributeValue, Caption, values_false, values_true
from .captions import MAX_WORDS, NOT_AFTER_IS, choose, describe, is_heldout
from .everyday import ATTRIBUTIVE, FILLERS, OPPOSITES, SYNONYMS
from .fillers import OPENINGS
from .lexicon import known_words, words_of
from .parsing import parse
from .phrases import Phrase, single_phrases
from .region_words import REGIONS

DENIABLE: tuple[AttributeValue, ...] = tuple(s for s in OPPOSITES if s[1] not in ("none", "open"))
"""The attribute values that sentences deny: things, not the absence of things."""

_SHARES = (0.45, 0.35, 0.20)  # how often a sentence says one, two or three things
_PRONOUNS = (("he", "him", "his"), ("she", "her", "her"), ("the person", "the person", "the"), ("this person", "them", "their"))
_PLEASE = ("please", "now", "just", "then", "i want to", "can you", "could you please", "i would like to")
_FILLING = tuple(sorted(FILLERS - {"a", "an", "the", "and", "or", "nor", "by", "of", "plus"}))
_DENYING = re.compile(r"\b(no|not|without|remove|lose|rid)\b|n’t")
_NOTHING = re.compile(r"^(no |without |not |bare|nothing |natural |smooth |who |whose |the |hair that )")


# The forms of a clause, by the phrase's place in a caption or its first word. [a|a|b]: a random one of these.
_CLAUSES = {
    "color": "{whose} {noun} {be} {color}",
    "hair color": "{whose} {noun} {be} {color}",
    "who": "{who} {rest}",
    "whose": "{whose} {rest}",
    "before": "{who} [is|is|looks] {text}",
    "noun": "{who} is {a_text}",
    "having": "{who} [has|has|has got] {text}",
    "wearing": "{who} [wears|is wearing|has] {text}",
    "after": "{who} is {text}",
}
_ORDERS = {
    "color": "[make|make|turn] {whose} {noun} {color}",
    "hair color": "[make|make|turn|dye|color|paint] {whose} {noun} {color}",
    "who": "show {whom}, {text}",
    "whose": "show {whom}, {text}",
    "before": "[make|make|let] {whom} [|look ]{text}",
    "noun": "[make|turn] {whom} into {a_text}",
    "having": "[give {whom}|give {whom}|add|i want] {text}",
    "wearing": "[give {whom} {text}|add {text}|put {text} on {whom}|let {whom} wear {text}]",
    "after": "[show|draw] {whom} {text}",
}
_DENIALS = {
    "having": "{who} [has no {bare}|does not have {text}|doesn’t have {text}]",
    "wearing": "{who} [wears no {bare}|is not wearing {text}|doesn’t wear {text}]",
    "others": "{who} [is not|is not|isn’t] {text}",
}
_REMOVALS = {
    "having": "[remove the|lose the|no|get rid of the] {bare}",
    "wearing": "[remove the|lose the|no|get rid of the] {bare}",
    "others": "[not|do not make it] {text}",
}
_TAILS = {
    "having": "[without {text}|without {text}|with no {bare}|who has no {bare}]",
    "wearing": "[without {text}|without {text}|with no {bare}|who has no {bare}|not wearing {text}]",
    "others": "[not|who is not|who is not|who isn’t] {text}",
}


def sentences(factors: Factors, seed: int, styles: Sequence[str | None] | None = None) -> list[Caption]:
    """Writes one sentence for each portrait, true of it.

    factors, styles  of N portraits, as for `captions.caption`; no style is named
    No sentence contains a phrasing of `heldout_phrasings.txt`. Returns N captions; the same seed gives the same captions.
    """
    rng = random.Random(seed)
    written = []
    for true, false in zip(values_true(factors, styles).tolist(), values_false(factors, styles).tolist()):
        known = [attribute_value for attribute_value, holds in zip(ATTRIBUTE_VALUES, true) if holds]
        wrong = {attribute_value for attribute_value, fails in zip(ATTRIBUTE_VALUES, false) if fails}
        absent = [attribute_value for attribute_value in DENIABLE if attribute_value in wrong and (_opposite(attribute_value)[1] != "none"
                                                                                 or _opposite(attribute_value) in known)]
        how_many = rng.choices((1, 2, 3), _SHARES)[0]
        denied = _denied_among(absent, rng)[:how_many] if rng.random() < 0.4 else []
        written.append(say(choose([s for s in known if s[0] not in dict(denied)], how_many - len(denied), rng), denied, rng))
    return written


def say(attribute_values: Sequence[AttributeValue], denied: Sequence[AttributeValue], rng: random.Random) -> Caption:
    """A sentence that names some attribute values and denies others, in one of many phrasings that are not held out.

    Denying a beard says that there is no moustache either: denying a thing names the attribute value "none".
    """
    absent = [_opposite(attribute_value) for attribute_value in denied if _opposite(attribute_value)[1] == "none"]
    while True:
        text, aside = rng.choice(_WAYS)(list(attribute_values), list(denied), rng), rng.random()
        shorter = re.sub(r"\bdressed in (\w+)$", r"in \1", text)
        if shorter != text and rng.random() < 0.5 and parse(shorter).attribute_values == parse(text).attribute_values:
            text = shorter
        if aside < 0.12:
            filler = " ".join(rng.choices(_FILLING, k=rng.randint(1, 2)))
            text = f"{text}, {filler}" if aside < 0.06 else f"{filler}, {text}"
        elif aside < 0.3:
            text = f"{rng.choice(OPENINGS)} {text}"  # as prompt templates do
        if text and len(words_of(text)) <= MAX_WORDS and not is_heldout(text):
            return Caption(text, (*attribute_values, *absent), None, tuple(s for s in denied if _opposite(s) not in absent))


@lru_cache(maxsize=1)
def everyday_phrases() -> dict[AttributeValue, tuple[Phrase, ...]]:
    """For each attribute value the phrases with everyday words that the parser understands: "a toothy grin", "a crimson jumper"."""
    phrases_of: dict[AttributeValue, list[Phrase]] = {attribute_value: [] for attribute_value in ATTRIBUTE_VALUES}
    others: dict[str, list[str]] = {}
    for other, word in SYNONYMS.items():
        if word not in ("not", "without"):
            others.setdefault(word, []).append(other)
    for attribute_value, phrases in single_phrases().items():
        for phrase in phrases:
            if phrase.place == "before" and phrase.text.endswith(NOT_AFTER_IS):
                continue
            for word, new in _words_within(phrase.text, others):
                text = re.sub(rf"\b{word}\b", new, phrase.text, count=1)
                if parse(text).attribute_values == (attribute_value,) and not parse(text).problem:
                    phrases_of[attribute_value].append(Phrase(text, phrase.place, (attribute_value,)))
    return {attribute_value: tuple(phrases) for attribute_value, phrases in phrases_of.items()}


@lru_cache(maxsize=1)
def sentence_words() -> frozenset[str]:
    """Every word that a sentence or a caption may contain."""
    texts = [phrase.text for phrases in everyday_phrases().values() for phrase in phrases]
    texts += [text for names in REGIONS.values() for text in names]
    texts += [*_PLEASE, *_FILLING, *(form for forms in _PRONOUNS for form in forms), _FRAMES]
    return known_words() | {word for text in texts for word in words_of(text)}


_FRAMES = """make look give add put on let wear turn into show draw is has have wears looks be not no without does don doesn isn t hasn
    remove lose get rid but dye color paint change to who a an and the face person picture of with"""


def _opposite(attribute_value):
    return attribute_value[0], OPPOSITES[attribute_value]


def _words_within(text, others):
    """(word, everyday word) for every word or phrase of a text that has an everyday synonym."""
    words = text.split()
    spans = {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, min(len(words), i + 3) + 1)}
    return [(span, other) for span in sorted(spans) for other in others.get(span, ())]


def _denied_among(absent, rng):
    """One or two attribute values to deny, of different attributes."""
    chosen: dict[str, AttributeValue] = {}
    for attribute_value in rng.sample(absent, min(3, len(absent))):
        chosen.setdefault(attribute_value[0], attribute_value)
    return list(chosen.values())[: 1 if rng.random() < 0.75 else 2]


def _phrase(attribute_value, rng, places=None):
    """A phrase for an attribute value at one of these places, one in three with an everyday word; None if there is no phrase."""
    base, more = ([phrase for phrase in source[attribute_value] if places is None or phrase.place in places]
                  for source in (single_phrases(), everyday_phrases()))
    options = more if more and rng.random() < 0.35 else base
    if not options:
        return None
    place = rng.choice(sorted({phrase.place for phrase in options}))
    return rng.choice([phrase for phrase in options if phrase.place == place])


def _declared(attribute_values, denied, rng):
    """ "she is smiling and has blue eyes, but she does not wear a hat" """
    person = rng.choice(_PRONOUNS)
    clauses = [_affirmed(_CLAUSES, attribute_value, person, rng) for attribute_value in attribute_values]
    clauses += [_denied(_DENIALS, attribute_value, rng, person[0]) for attribute_value in denied]
    return _joined(clauses, rng)


def _ordered(attribute_values, denied, rng):
    """ "give him a beard and make the hair blue, and remove the glasses" """
    person = rng.choice(_PRONOUNS)
    orders = [_affirmed(_ORDERS, attribute_value, person, rng) for attribute_value in attribute_values]
    orders += [_denied(_REMOVALS, attribute_value, rng) for attribute_value in denied]
    text = _joined(orders, rng)
    return f"{rng.choice(_PLEASE)} {text}" if rng.random() < 0.15 else text


def _described(attribute_values, denied, rng):
    """ "a man with a beard who is not smiling" """
    text = describe(attribute_values, rng, lambda attribute_value, places: _phrase(attribute_value, rng, places)) if attribute_values else \
        rng.choice(("a person", "a face", "somebody", "a photo of a person", "a portrait"))
    tails = [_denied(_TAILS, attribute_value, rng) for attribute_value in denied]
    return " and ".join([f"{text} {tails[0]}", *tails[1:]]) if tails else text


def _alone(attribute_values, denied, rng):
    """ "blue hair, no glasses" """
    parts = [re.sub(r"^(a|an) ", "", _phrase(attribute_value, rng).text) if rng.random() < 0.5 else _phrase(attribute_value, rng).text
             for attribute_value in attribute_values]
    return ", ".join([*parts, *(_denied(_TAILS, attribute_value, rng) for attribute_value in denied)])


_WAYS = (_declared, _ordered, _described, _described, _alone)


def _joined(clauses, rng):
    if len(clauses) == 1:
        return clauses[0]
    clauses = sorted(clauses, key=lambda clause: _DENYING.search(clause) is not None)
    comma, text = rng.choice((" and ", ", ", ", and ")), clauses[0]
    for before, clause in pairwise(clauses):
        text += (", but " if _DENYING.search(before) else comma) + clause
    return text


def _color_of(text):
    """("blue", "hair") for "blue hair"; None unless the text is an adjective before one of the nouns of `ATTRIBUTIVE`."""
    words = _bare(text).split()
    pair = len(words) == 2 and words[1] in ATTRIBUTIVE and words[1] not in ("head", "face")
    parsed = parse(f"make her {words[1]} {words[0]}") if pair else None
    return tuple(words) if parsed and parsed.attribute_values == parse(text).attribute_values and not parsed.problem else None


def _affirmed(forms, attribute_value, person, rng):
    """An attribute value as one of `_CLAUSES` or `_ORDERS`."""
    phrase, (who, whom, whose) = _phrase(attribute_value, rng), person
    text, place, color, noun = phrase.text, phrase.place, "", ""
    adjective = _color_of(text)
    if adjective and rng.random() < 0.6:
        color, noun = adjective
        place = "hair color" if noun == "hair" else "color"
    elif text.startswith(("who ", "whose ")):
        place = text.split()[0]
    be = "are" if noun.endswith("s") else "is"
    return _formed(forms[place], rng, text=text, a_text=_with_article(text), rest=text.removeprefix(f"{place} "), who=who, whom=whom,
                   whose=whose, color=color, noun=noun, be=be)


def _denied(forms, attribute_value, rng, who=""):
    """The denial of an attribute value as one of `_DENIALS`, `_REMOVALS` or `_TAILS`."""
    phrase = _deniable(attribute_value, rng)
    text = _with_article(phrase.text) if phrase.place == "noun" else phrase.text
    return _formed(forms.get(phrase.place, forms["others"]), rng, text=text, bare=_bare(phrase.text), who=who)


def _formed(form, rng, **words):
    return re.sub(r"\[(.*?)\]", lambda choice: rng.choice(choice[1].split("|")), form).format(**words)


def _deniable(attribute_value, rng):
    """A phrase that can be denied."""
    while True:
        phrase = _phrase(attribute_value, rng)
        parsed = parse(f"she has no {_bare(phrase.text)}")
        if not _NOTHING.search(phrase.text) and not parsed.problem and parsed.attribute_values == (_opposite(attribute_value),):
            return phrase


def _bare(text):
    return re.sub(r"^(a|an) ", "", text)


def _with_article(noun):
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"
