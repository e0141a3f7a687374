"""Everyday sentences said again before they are read phrase by phrase: contractions, ages in years, labels, turned heads, exchanges."""

from __future__ import annotations

import re

from .everyday import ATTRIBUTIVE
from .lexicon import longest_phrase, normalised
from .vocabulary import split

THINGS = frozenset({"glasses", "headwear", "facial_hair", "makeup", "earrings"})
"""The attributes that are things, which can be taken away."""

YOUNG_FROM, YOUNG_TO, OLD_FROM = 13, 39, 60
"""Ages in years that are read as young, and from which on they are read as old; in between there is no word."""

_VERBS = {"ai": "is", "ca": "can", "wo": "will", "sha": "shall"}
_UNITS = split("one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve")
_TENS = split("twenty, thirty, forty, fifty, sixty, seventy, eighty, ninety")
_NUMBERS = {word: at for at, word in enumerate(_UNITS, 1)} | {word: 10 * at for at, word in enumerate(_TENS, 2)}
_NUMBER = rf"(\d{{1,3}}|{'|'.join(_NUMBERS)})"
_YEARS = re.compile(rf"\b{_NUMBER}[\s-]*(?:years?|yrs?|y)[\s/-]*(?:old|of age|o)\b")
_LOOKS = re.compile(rf"\b(aged?|looks?|is|be|like|he|she|they|her|him|them) ?[:=]?( about| around| over)? "
                    rf"(\d{{1,3}}|{'|'.join(_TENS)})\b"  # not "this is one person"
                    r"(?![.,]?\d| ?%| \w*ears?\b)")
_DECADE = re.compile(r"\bin (?:his|her|their|the) (?:early |mid |late )?(?:(\d)0'?s|(\w+?)ies)\b")
_LATER = re.compile(rf"\b(?:{_NUMBER}|a few|some|many|several) (?:years|decades) (?=younger|older)")
_LABEL = re.compile(r"\b(gender|sex|age|expression|mood|emotion|weight|style|tone) ?[:=]")
_ARROW = re.compile(r"([^.;!?\n]*?)\s*(?:[-=]>|→)\s*")
_TO_A_SIDE = r"(?: to)?(?: the)? (left|right)(?: side)?\b"
_TO_US = r"(?: into| to| at)?(?: the)? (?:ahead|forwards?|camera|viewer|me|us)\b"
_GAZE = (
    (r"\b(looking|facing|gazing|turned)(?: slightly| a bit| a little| more) ", r"\1 "),
    (rf"\b(?:look|gaze|glance|stare|peer|face)(?: slightly| a bit| more)?{_TO_A_SIDE}", r"looking \1"),
    (rf"\b(?:turn|tilt|rotate|move)(?: (?:(?:her|his|their|your|my|the) (?:head|face)|her|him))?(?: slightly| a bit| more)?{_TO_A_SIDE}",
     r"looking \1"),
    (r"\b(?:look|gaze|glance|stare|peer)(?: slightly| a bit| more| straight)? (up|down)\b", r"looking \1"),
    (rf"\b(?:look|gaze|stare|peer|face)(?: straight| directly)?{_TO_US}", "looking ahead"),
)
"""Commands to look somewhere; captions say that somebody is looking there."""

_CHANGES = {"turn": ("into",), "make": ("into",), **dict.fromkeys(("change", "transform", "convert", "from"), ("into", "to")),
            **dict.fromkeys(("replace", "swap", "exchange"), ("with", "for", "by"))}
"""Verbs that lead from what is there to what should be there, and the words between the two."""


def reworded(text: str) -> str:
    """The text in lower case, with contractions spelt out, and with the words that captions use for ages, labels and turned heads."""
    text = re.sub(r"\b(w/o(ut)?|with out)\b", "without", normalised(text))
    text = re.sub(r"\bw/", "with ", text.replace("b/w", "bw")).replace("anything but", "not")
    text = re.sub(r"\bfewer\b|(?<!\ba )\bfew\b", "less", _spelt_out(re.sub(r"'s\b", " ", text)))
    text = _ARROW.sub(r"from \1 to ", text)
    text = re.sub(r"\bnot (only|just|merely)\b|\bat all\b|\bany ?more\b", " ", text)
    text = _LABEL.sub(" ", _ages(text))
    for command, caption in _GAZE:
        text = re.sub(command, caption, text)
    return text


def _spelt_out(text: str) -> str:
    """A text with "isn't" and "isnt" as "is not"."""
    contracted = r"\b(?:(\w+?)n't|(is|are|was|were|do|does|did|has|have|had|should|would|could|must|need|ai|ca|wo)'?nt)\b"
    return re.sub(contracted, lambda found: f"{_VERBS.get(verb := found[1] or found[2], verb)} not", text).replace("cannot", "can not")


def _ages(text: str) -> str:
    """A text with "70 years old", "aged 70", "looks 70" and "in her seventies" as "old"."""
    text = _YEARS.sub(lambda found: _age(found[1]), text)
    text = _LOOKS.sub(lambda found: f"{found[1].removesuffix('d').removesuffix('age')} {_age(found[3])}", text)
    text = _DECADE.sub(lambda found: _age(f"{found[1]}5" if found[1] else f"{found[2]}y", found[0]), text)
    return _LATER.sub("", text)


def _age(number: str, otherwise: str = "") -> str:
    """The word for an age in years, "70" or "seventy"; `otherwise`, or the number itself, where there is none."""
    years = int(number) if number.isdigit() else _NUMBERS.get(number, 0)
    if YOUNG_TO < years < OLD_FROM or not 0 < years < 120:
        return otherwise or number
    return "childlike" if years < YOUNG_FROM else "young" if years <= YOUNG_TO else "old"


def after_changes(words: list[str]) -> list[str]:
    """The words of a sentence without what is there before a change: "turn the man into a woman" -> "a woman", "change her blond hair to
    black" -> "her hair black", "replace the hat with glasses" -> "without the hat, with glasses"."""
    for at, word in enumerate(words):
        to = next((to for to in range(at + 1, len(words)) if words[to] in (",", "and", *_CHANGES, *_CHANGES.get(word, ()))), len(words))
        if to >= len(words) - 1 or words[to] not in _CHANGES.get(word, ()):
            continue
        before, said = _without_values(words[at + 1 : to])
        after = _with_verb_again(words[to + 1 :], word)
        if said and said[0] in THINGS:
            return after_changes([*words[:at], "without", *words[at + 1 : to], ",", "with", *after])
        if said:
            return after_changes([*words[:at], *before, *after])
    return words


def _with_verb_again(words: list[str], verb: str) -> list[str]:
    """What follows a change, with the verb of a second one, which people leave out: "with a cap and the smile with a frown"."""
    for at, word in enumerate(words):
        end = at + 1 + longest_phrase(words, at + 1)[0]
        if word == "and" and end > at + 1 and words[end : end + 1] in [[one] for one in _CHANGES[verb]]:
            return [*words[: at + 1], verb, *words[at + 1 :]]
    return words


def _without_values(words: list[str]) -> tuple[list[str], list[str]]:
    """Words without those that say something of a face, but for its parts ("her blond hair" -> "her hair"), and of which attributes they
    say it."""
    left, said, at = [], [], 0
    while at < len(words):
        length, attribute_values, _ = longest_phrase(words, at)
        if attribute_values:
            left += [word for word in words[at : at + length] if word in ATTRIBUTIVE]
            said += [attribute for attribute, _ in attribute_values]
        else:
            left += words[at : at + max(length, 1)]
        at += max(length, 1)
    return left, said
