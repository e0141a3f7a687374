"""What people write, and what is made of it: understood as a person would, or refused with a sentence that helps."""

from pathlib import Path

import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.language.attribute_values import ATTRIBUTE_VALUES
from styleclip_lib.portraits.language.everyday import OPPOSITES, SYNONYMS, TOGETHER
from styleclip_lib.portraits.language.lexicon import known_words, words_of
from styleclip_lib.portraits.language.parsing import in_plain_words, parse
from styleclip_lib.portraits.language.phrases import single_phrases
from styleclip_lib.portraits.language.wording import worded

LINES = Path(__file__).with_name("texts.csv").read_text(encoding="utf-8").splitlines()
TABLE = [tuple(part.strip() for part in line.split(" | ")) for line in LINES if line and line[0] != "#"]


def test_the_table_is_long_and_says_nothing_twice():
    assert len(TABLE) >= 200 and len({text for text, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize(("text", "meaning"), TABLE, ids=[text for text, _ in TABLE])
def test_a_text_is_understood_or_refused(text, meaning):
    if meaning.startswith("refused:"):
        with pytest.raises(StyleclipError) as caught:
            in_plain_words(text)
        message = str(caught.value)
        assert meaning.removeprefix("refused:").strip() in message and "\n" not in message and len(message) < 300
        return
    expected = dict(part.strip().split("=") for part in meaning.split(",")) if meaning != "nothing" else {}
    parsed = parse(text)
    assert dict(parsed.attribute_values) == expected and parsed.problem == "" and parsed.unknown == ()
    plain = in_plain_words(text)
    assert set(words_of(plain)) <= known_words(), "CLIP has learnt every word"
    assert dict(parse(plain).attribute_values) == expected and in_plain_words(plain) == plain


def test_a_text_of_captions_comes_back_as_it_is():
    for text in ("A smiling face with glasses", "a man without a beard", "Long red hair, wearing a hat", "a pencil sketch of a face"):
        assert in_plain_words(text) == text


def test_every_attribute_value_can_be_named_alone_and_with_others():
    for attribute_value in ATTRIBUTE_VALUES:
        assert parse(worded([attribute_value])).attribute_values == (attribute_value,)
    by_attribute = {}
    for attribute, value in ATTRIBUTE_VALUES:
        by_attribute.setdefault(attribute, []).append(value)
    for turn in range(9):
        attribute_values = {name: values[turn % len(values)] for name, values in by_attribute.items()}
        assert dict(parse(worded(attribute_values.items())).attribute_values) == attribute_values


def test_a_style_stays_when_a_text_is_reworded():
    plain = in_plain_words("make it a pencil sketch of a woman who isn't smiling")
    assert parse(plain).style == "pencil sketch" and dict(parse(plain).attribute_values) == {"gender": "woman", "expression": "neutral"}


def test_the_tables_of_words_speak_of_attribute_values():
    for (attribute, value), other in OPPOSITES.items():
        assert {(attribute, value), (attribute, other)} <= set(ATTRIBUTE_VALUES) or attribute not in {name for name, _ in ATTRIBUTE_VALUES}
    for (attribute, values), one in TOGETHER.items():
        assert one in values and all((attribute, value) in single_phrases() for value in values)
    for other, word in SYNONYMS.items():
        assert not set(words_of(word)) - known_words() and other != word


def test_reading_takes_no_time_to_speak_of_and_long_texts_are_read():
    assert dict(parse("please " * 500 + "smile").attribute_values) == {"expression": "smile"}
