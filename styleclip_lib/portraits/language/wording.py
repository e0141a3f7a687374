"""Attribute values in plain words that are frequent in captions."""

from __future__ import annotations

from collections.abc import Iterable

from .attribute_values import AttributeValue
from .phrases import double_phrases, single_phrases
from .style_words import STYLE_WORDS
from .vocabulary import with_article


def plainly(attribute_value: AttributeValue, noun: str) -> str:
    """A noun with the first phrase for an attribute value: ("hair_style", "bald"), "man" -> "a bald man"."""
    phrase = single_phrases()[attribute_value][0]
    text = {"before": f"a {phrase.text} {noun}", "noun": f"a {phrase.text}", "having": f"a {noun} with {phrase.text}",
            "wearing": f"a {noun} wearing {phrase.text}", "after": f"a {noun} {phrase.text}"}[phrase.place]
    return with_article(text)


_ADJECTIVE = ("before", "after", "having")
FIRST = {**dict.fromkeys(("age", "weight", "skin_tone", "expression"), _ADJECTIVE),
         **dict.fromkeys(("hair_style", "hair_color"), ("having", "before"))}
"""The preferred places of attributes that do not belong after "wearing" or "with"."""


def worded(attribute_values: Iterable[AttributeValue], style: str | None = None) -> str:
    """One caption with all of the attribute values: "a smiling old woman with long red hair wearing glasses"."""
    left = dict(attribute_values)
    noun = {"woman": "woman", "man": "man"}.get(left.pop("gender", ""), "face")
    places: dict[str, list[str]] = {"before": [], "having": [], "wearing": [], "after": []}
    hair = frozenset((name, left[name]) for name in ("hair_style", "hair_color") if name in left)
    if hair in double_phrases():
        places["having"].append(double_phrases()[hair][0].text)
        left = {name: value for name, value in left.items() if name not in ("hair_style", "hair_color")}
    for attribute_value in left.items():
        order = FIRST.get(attribute_value[0], ("wearing", "having", "after", "before"))
        phrase = next(phrase for place in order for phrase in single_phrases()[attribute_value] if phrase.place == place)
        places[phrase.place].append(phrase.text)
    text = " ".join(["a", *places["before"], noun])
    absent_last = sorted(places["having"], key=lambda phrase: phrase.startswith("no "))
    for word, things in (("with", absent_last), ("wearing", places["wearing"])):
        text += f" {word} " + " and ".join(things) if things else ""
    text = with_article(" ".join([text, *places["after"]]))
    return f"{STYLE_WORDS[style].opening[0]} of {text}" if style and STYLE_WORDS[style].opening else text
