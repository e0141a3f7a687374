"""Reading a text phrase by phrase: what is said, what is denied, and which words are left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .attribute_values import AttributeValue
from .everyday import ATTRIBUTIVE, FILLERS, LISTING, NEGATORS, OPPOSITES, REMOVERS, TOGETHER
from .fillers import PICTURES
from .lexicon import ARTICLES, base_form, longest_phrase, neutral_words, synonyms, things, unknown_words, words_of
from .phrases import all_phrases
from .refusals import EXAMPLE, doubts_of_sentence, doubts_of_text
from .rewording import THINGS, after_changes, reworded

_OF_FACES = frozenset([("age", "young"), ("age", "old"), ("weight", "thin"), ("weight", "fat"), ("hair_style", "curly"),
                       ("eyes", "closed")])
"""What is said of faces by adjectives that people also use of things: "an old face", "an old hat"."""

_STARTING_ANEW = frozenset(["with", "wearing", "has", "having", "add", "adding", "give", "put", "wear", "who"])


@dataclass
class _Sentence:
    """How far a sentence has been read.

    at       the next word
    denying  the word that denies the next phrase, or none;  pending: the one that denied the last, should the sentence go on with "or"
    last     what was said last, if it was not denied
    noun     the last part of a face that was named ("hair"), of which an adjective may be said
    loose    such a part of which nothing has been said yet
    """

    words: list[str]
    at: int = 0
    denying: str = ""
    pending: str = ""
    last: tuple[AttributeValue, ...] | None = None
    noun: str = ""
    loose: str = ""


class Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str):
        self.text = text
        self.said: dict[str, list[str]] = {}
        self.denied: dict[str, str] = {}  # attribute -> the value that the denial implies
        self.away: list[AttributeValue] = []  # what is denied
        self.style: str | None = None
        self.unknown: list[str] = []
        self.problems: list[str] = []
        self.unclear: dict[str, str] = {}  # attribute -> the sentence about what the text denies of it
        self.rephrased = bool(unknown_words(text))

    def sentences(self) -> Iterator[list[str]]:
        """The words of each sentence, with commas; other words are replaced by those of the captions."""
        text = reworded(self.text)
        self.rephrased = self.rephrased or words_of(text) != words_of(self.text)
        self.problems += doubts_of_text(text)
        for sentence in re.split(r"[.;!?\n]+|\bbut\b|\bhowever\b", text):
            words = [word for word in re.findall(r"[^\W_]+|,", sentence) if word not in ARTICLES]
            plain = list(self._as_captions_say(words))
            self.problems += doubts_of_sentence(words, plain)
            changed = after_changes(plain)
            self.rephrased = self.rephrased or changed != plain
            yield changed

    def _as_captions_say(self, words: list[str]) -> Iterator[str]:
        at = 0
        while at < len(words):
            phrase = longest_phrase(words, at)[0]
            lengths = range(min(5, len(words) - at), phrase, -1)
            length, other = next(((n, synonyms()[tuple(words[at : at + n])]) for n in lengths if tuple(words[at : at + n]) in synonyms()),
                                 (phrase, words[at : at + phrase]))
            yield from other if length else [base_form(words[at])]
            at += max(length, 1)

    def read(self, words: list[str]) -> None:
        """One sentence."""
        sentence = _Sentence(words)
        while sentence.at < len(words):
            sentence.at += self._read_phrase(sentence) or self._read_word(sentence)
        if sentence.denying:
            self.unknown.append(sentence.denying)
        loose, spoken = sentence.loose, {*self.said, *self.denied, *self.unclear}
        bald = loose == "hair" and self.said.get("hair_style") == ["bald"]  # "a bald man with hair"
        if loose and loose not in ("face", "head") and (spoken.isdisjoint(ATTRIBUTIVE[loose]) or bald):
            self.unknown.append(loose)

    def _read_phrase(self, s: _Sentence) -> int:
        """Reads a phrase of the vocabulary at this place. Returns how many words it has; 0: there is none."""
        words, at = s.words, s.at
        length, attribute_values, style = longest_phrase(words, at)
        if not length and words[at] not in NEGATORS | REMOVERS:
            attribute_values = self._far_from_its_noun(words, at, s.noun)
            length = 1 if attribute_values else 0
        if not attribute_values:
            self.style = self.style or style
            return length
        phrase = words[at : at + length]
        self._check_said_of_face(words, at, length, attribute_values)
        s.last = self._deny(attribute_values, s.denying, phrase) if s.denying else self._say(attribute_values)
        s.pending = s.denying or (phrase[0] if phrase[0] in NEGATORS else "")
        if phrase[0] in NEGATORS and not s.denying:  # "no beard" denies the beard, and no moustache that is named, too
            self.away += longest_phrase(phrase, 1)[1]
        s.noun = next((word for word in reversed(phrase) if word in ATTRIBUTIVE), s.noun)
        s.denying = ""
        return length

    def _read_word(self, s: _Sentence) -> int:
        """Reads a word that belongs to no phrase. Returns 1."""
        word, following = s.words[s.at], s.words[s.at + 1 : s.at + 2]
        if word in NEGATORS:
            self._read_negator(s, word, following)
        elif word in REMOVERS:
            self._read_remover(s, word)
        elif word == ",":
            s.denying = s.denying or (s.pending if _or_follows(s.words, s.at) else "")
        elif word == "or" and _leaves_a_choice(s.words, s.at + 1, s.pending, s.last):
            self.problems.append(f"The text leaves a choice: {EXAMPLE}.")
        elif word in ("or", "nor") and s.pending:
            s.denying = s.pending
        elif word == "and" and s.pending:
            s.denying, s.pending = self._goes_on(s.words, s.at + 1, s.pending), ""
        elif word in _STARTING_ANEW:
            s.pending = ""
        elif word in ATTRIBUTIVE:
            s.noun = s.loose = word
        elif word not in FILLERS and word not in neutral_words():
            self.unknown.append(word)
        return 1

    def _read_negator(self, s: _Sentence, word: str, following: list[str]) -> None:
        if s.last is not None and following in ([], [","], ["more"]):
            s.last = self._undo(s.last)
        elif following == [","]:  # "no, smile"
            self.unknown.append(word)
        else:
            s.denying = "" if s.denying else word
            self.rephrased = True

    def _read_remover(self, s: _Sentence, word: str) -> None:
        self.rephrased = True
        if _something_follows(s.words, s.at + 1):
            s.denying = word if not s.denying else s.denying if s.denying in REMOVERS else ""
        elif s.last is not None:
            s.last = self._undo(s.last)
        elif s.pending not in REMOVERS:  # "shave the beard off" has been read
            self.unknown.append(word)

    def _far_from_its_noun(self, words: list[str], at: int, noun: str) -> tuple[AttributeValue, ...]:
        """What an adjective says of a noun that stands before it or further on: "her hair is blue", "long and blue hair"; of clothes where
        there is none, "a man in blue"."""
        ahead = next((word for word in words[at + 1 : at + 6] if word in ATTRIBUTIVE), "")
        if longest_phrase(words, at + 1)[1] and words[at + 1] not in ATTRIBUTIVE:  # it is said of what comes next: "a red hat"
            noun = ""
        said = {attribute for attribute, _ in longest_phrase(words, at + 1)[1]}
        if ahead and not said <= set(ATTRIBUTIVE[ahead]):
            ahead = ""  # of the person in between: "a black man with long hair"
        for one in filter(None, (noun, ahead)):
            _, attribute_values, _ = longest_phrase([words[at], one], 0)
            if attribute_values and words[at] not in FILLERS:
                self.rephrased = True
                return attribute_values
        before, after = words[max(at - 2, 0) : at], (words[at + 1 : at + 2] or ["and"])[0]
        if before[-1:] == ["in"] and before[0] not in PICTURES and after in _STARTING_ANEW | NEGATORS | {",", "and"}:
            self.rephrased = True
            return longest_phrase(["dressed", "in", words[at]], 0)[1]
        return ()

    def _check_said_of_face(self, words: list[str], at: int, length: int, attribute_values: tuple[AttributeValue, ...]) -> None:
        """Reports an adjective of faces before a thing: "an old hat", "a thin moustache"."""
        following = at + length + longest_phrase(words, at + length)[0]
        thing = tuple(words[at + length : following])
        if length == 1 and attribute_values[0] in _OF_FACES and thing in things() and words[at] not in things():
            self.problems.append(f"Whether '{words[at]}' is said of the face or of '{' '.join(thing)}' is not clear: {EXAMPLE}.")

    def _say(self, attribute_values: tuple[AttributeValue, ...]) -> tuple[AttributeValue, ...]:
        for attribute, value in attribute_values:
            values = self.said.setdefault(attribute, [])
            if value not in values:
                values.append(value)
        return attribute_values

    def _deny(self, attribute_values: tuple[AttributeValue, ...], by: str, words: list[str]) -> None:
        self.rephrased = True
        phrase = " ".join(words)
        attribute = attribute_values[0][0]
        self.away += attribute_values
        implied = OPPOSITES.get(attribute_values[0]) if len(attribute_values) == 1 else None
        if implied is None or self.denied.get(attribute, implied) != implied:  # "neither old nor young"
            sentence = f"The text denies '{phrase}' without saying what should be there instead: {EXAMPLE}."
            self.unclear |= dict.fromkeys((attribute for attribute, _ in attribute_values), sentence)
        else:
            self.denied[attribute] = implied

    def _undo(self, attribute_values: tuple[AttributeValue, ...]) -> None:
        """Denies what was said just before: "the glasses off"."""
        for attribute, value in attribute_values:
            self.said[attribute] = [other for other in self.said[attribute] if other != value]
            if not self.said[attribute]:
                del self.said[attribute]
        self._deny(attribute_values, "", [value for _, value in attribute_values])

    def _goes_on(self, words: list[str], at: int, pending: str) -> str:
        """What denies the phrase after an "and", if anything does: "without a hat and glasses" has neither of them."""
        while at < len(words) and words[at] in FILLERS - _STARTING_ANEW and not longest_phrase(words, at)[1]:
            at += 1
        _, attribute_values, _ = longest_phrase(words, at) if at < len(words) else (0, (), None)
        if not attribute_values or words[at] in NEGATORS:
            return ""
        thing = attribute_values[0] in OPPOSITES and attribute_values[0][0] in THINGS
        if pending in LISTING:
            return pending if thing else ""
        if thing or pending == "not":
            self.problems.append(f"Whether '{pending}' also denies what comes after 'and' is not clear: "
                                 f"say '{pending}' once more, or 'but' in place of 'and'.")
        return ""

    def attribute_values(self) -> tuple[AttributeValue, ...]:
        """Everything that was said, in the order of the text; adds what contradicts itself to the problems."""
        attribute_values = []
        for attribute, values in self.said.items():
            if "none" in values and len(values) > 1 and attribute in (denied := dict(self.away)) and denied[attribute] not in values:
                values.remove("none")
            value = values[0] if len(values) == 1 else TOGETHER.get((attribute, frozenset(values)))
            if value is None:
                one, other = (_phrase_for(attribute, value) for value in values[:2])
                self.problems.append(f"The text says both '{one}' and '{other}', and only one of them can be: leave one away.")
            if (attribute, value) in self.away:
                self.problems.append(f"The text says '{_phrase_for(attribute, value)}' and denies it: {EXAMPLE}.")
            attribute_values.append((attribute, value or values[-1]))
            self.rephrased = self.rephrased or len(values) > 1
        attribute_values += [(attribute, value) for attribute, value in self.denied.items() if attribute not in self.said]
        self.problems += [sentence for attribute, sentence in self.unclear.items() if attribute not in self.said]
        return tuple(attribute_values)


def _something_follows(words: list[str], at: int) -> bool:
    """Whether something is said of a face from here to the next comma or "and"."""
    while at < len(words) and words[at] not in (",", "and"):
        if longest_phrase(words, at)[1]:
            return True
        at += 1
    return False


def _leaves_a_choice(words: list[str], at: int, pending: str, last: tuple[AttributeValue, ...] | None) -> bool:
    """Whether what follows an "or" is another thing than what is said before it: "glasses or a hat", "a smile or not", "without glasses or
    with a hat"; not so "happy or cheerful", and "no glasses or hat"."""
    if pending:
        return words[at : at + 1] == ["with"]
    said = (longest_phrase(words, place)[1] for place in range(at, len(words)))
    return not NEGATORS.isdisjoint(words[at : at + 2]) or (last is not None and next(filter(None, said), last) != last)


def _or_follows(words: list[str], at: int) -> bool:
    """Whether a list that is denied goes on after a comma: "no hat, glasses or beard"."""
    for word in words[at + 1 :]:
        if word in ("or", "nor"):
            return True
        if word in _STARTING_ANEW or word in NEGATORS:
            return False
    return False


def _phrase_for(attribute: str, value: str) -> str:
    return next(phrase.text for phrase in all_phrases() if phrase.attribute_values == ((attribute, value),))
