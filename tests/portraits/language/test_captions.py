import itertools
import random

import pytest
import torch

from styleclip_lib.portraits.language.attribute_values import ATTRIBUTE_VALUES, Caption, false_of, true_of, values_true
from styleclip_lib.portraits.language.captions import caption, heldout_captions, is_heldout, said_apart, style_caption, write
from styleclip_lib.portraits.language.everyday import OPPOSITES
from styleclip_lib.portraits.language.lexicon import known_words, unknown_words, words_of
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.language.phrases import all_phrases, single_phrases
from styleclip_lib.portraits.language.scene_words import SCENE_WORDS
from styleclip_lib.portraits.language.sentences import sentence_words
from styleclip_lib.portraits.language.style_words import STYLE_WORDS
from styleclip_lib.portraits.world.attributes import ATTRIBUTES
from styleclip_lib.portraits.world.factors import sample


@pytest.fixture(scope="module")
def portraits():
    return sample(20000, seed=1)


@pytest.fixture(scope="module")
def captions(portraits):
    return caption(portraits, seed=2)


def test_every_value_has_words():
    for attribute in ATTRIBUTES:
        assert tuple(sorted(attribute.words)) == tuple(sorted(attribute.values))
        assert all(len(attribute.words[value].items()) >= 3 for value in attribute.values)


def test_the_same_seed_writes_the_same(portraits):
    few = portraits[:50]
    assert caption(few, seed=3) == caption(few, seed=3)
    assert caption(few, seed=3) != caption(few, seed=4)


def test_captions_are_true_of_their_portraits(portraits, captions):
    for start in range(0, 2000, 500):
        part = slice(start, start + 500)
        assert true_of(captions[part], portraits[part]).diag().all()
        assert not false_of(captions[part], portraits[part]).diag().any()


def test_nothing_is_both_true_and_false(portraits, captions):
    true, false = true_of(captions[:300], portraits[:300]), false_of(captions[:300], portraits[:300])
    assert not (true & false).any()
    assert 0.05 < true.float().mean() < 0.4 and false.float().mean() > 0.5


def test_four_in_ten_captions_name_one_attribute_value(captions):
    counts = torch.tensor([len(c.attribute_values) for c in captions]).bincount() / len(captions)
    assert counts[1] == pytest.approx(0.42, abs=0.03) and counts[0] < 0.06 and len(counts) == 5
    assert max(len(words_of(c.text)) for c in captions) <= 24


def test_every_attribute_value_is_named(captions):
    said = {attribute_value for c in captions for attribute_value in c.attribute_values}
    assert said == set(ATTRIBUTE_VALUES)


def test_captions_are_varied(captions):
    assert len({c.text for c in captions}) > 0.85 * len(captions)


def test_captions_are_understood_as_they_were_meant(captions):
    wrong = [c for c in captions[:3000] if set(parse(c.text).attribute_values) != set(c.attribute_values)]
    assert wrong == []


def test_phrases_mean_one_thing():
    for phrase in all_phrases():
        assert set(parse(phrase.text).attribute_values) == set(phrase.attribute_values), phrase


def test_heldout_phrasings_are_never_written(captions):
    assert not any(is_heldout(c.text) for c in captions)
    assert all(is_heldout(c.text) for c in heldout_captions())


def test_heldout_phrasings_say_what_the_file_claims_in_words_that_are_trained(captions):
    for held in heldout_captions():
        meant = {*held.attribute_values, *((name, OPPOSITES[name, value]) for name, value in held.denied)}
        assert set(parse(held.text).attribute_values) == meant, held
        assert set(words_of(held.text)) <= sentence_words(), held


def test_heldout_phrasings_cover_every_value():
    said = {attribute_value for c in heldout_captions() for attribute_value in c.attribute_values}
    assert said == {attribute_value for attribute_value, phrases in single_phrases().items() if len(phrases) >= 3}


@pytest.mark.slow
def test_every_known_word_is_trained():
    """In captions of plain and of styled portraits; the words of scenes are tested with the scenes."""
    people = sample(30000, seed=5)
    styles = list(itertools.islice(itertools.cycle([None, None, None, *STYLE_WORDS]), len(people)))
    seen = {word for c in [*caption(people, seed=6, styles=styles), *style_caption([None] * 500, 6)] for word in words_of(c.text)}
    assert seen <= known_words()
    of_scenes = {word for texts in SCENE_WORDS.values() for text in texts for word in words_of(text)}
    assert known_words() - seen <= of_scenes


@pytest.mark.parametrize("text, attribute_values", [
    ("A smiling face with glasses", {"expression": "smile", "glasses": "glasses"}),
    ("blond woman with sunglasses", {"hair_color": "blond", "gender": "woman", "glasses": "sunglasses"}),
    ("fat man with beard", {"weight": "fat", "gender": "man", "facial_hair": "beard"}),
    ("man with blue eyes and a hat", {"gender": "man", "eye_color": "blue", "headwear": "hat"}),
    ("a really angry face", {"expression": "angry"}),
    ("a smile face", {"expression": "smile"}),
    ("pink wig", {"hair_color": "pink"}),
    ("mohawk hairstyle", {"hair_style": "mohawk"}),
    ("a bald face", {"hair_style": "bald"}),
    ("without makeup", {"makeup": "none"}),
    ("looking left", {"yaw": "left"}),
    ("a close-up of a blue-eyed boy, looking up",
     {"face_size": "large", "eye_color": "blue", "gender": "man", "age": "child", "pitch": "up"}),
    ("a photo of a person", {}),
])
def test_parse(text, attribute_values):
    parsed = parse(text)
    assert dict(parsed.attribute_values) == attribute_values
    assert parsed.unknown == () and parsed.style is None
    assert parsed.attributes == tuple(dict(parsed.attribute_values))


def test_parse_names_unknown_words():
    assert parse("a zebra with glasses").unknown == ("zebra",)
    assert dict(parse("a zebra with glasses").attribute_values) == {"glasses": "glasses"}
    assert unknown_words("ein Gesicht, a face") == ["ein", "gesicht"]


def test_parse_does_not_overlook_a_negation():
    assert dict(parse("a man without a smile").attribute_values) == {"gender": "man", "expression": "neutral"}


def test_parse_finds_the_style():
    parsed = parse("a pencil sketch of a smiling woman")
    assert parsed.style == "pencil sketch" and ("expression", "smile") in parsed.attribute_values
    assert parse("a face at night").style == "night"


def test_styled_captions_name_their_style_or_none(portraits):
    styles = ["mosaic"] * 200
    written = caption(portraits[:200], seed=0, styles=styles)
    assert {c.style for c in written} == {"mosaic", None}
    assert true_of(written, portraits[:200], styles).diag().all()
    named = [c for c in written if c.style]
    assert all(parse(c.text).style == "mosaic" for c in named)
    assert false_of(named, portraits[:200]).all()


def test_what_cannot_be_seen_is_undecided(portraits):
    one = portraits[:1].replace(glasses="sunglasses", eye_color="blue", headwear="none")
    blue = [Caption("blue eyes", (("eye_color", "blue"),)), Caption("brown eyes", (("eye_color", "brown"),))]
    assert not true_of(blue, one).any() and not false_of(blue, one).any()
    red = [Caption("red hair", (("hair_color", "red"),))]
    bald = one.replace(hair_style="bald", hair_color="red")
    assert not true_of(red, bald).any() and false_of(red, bald).all()
    assert not values_true(one, ["pencil sketch"])[0, ATTRIBUTE_VALUES.index(("clothes", portraits_clothes(one)))]


def portraits_clothes(one):
    clothes = next(a for a in ATTRIBUTES if a.name == "clothes")
    return clothes.values[int(one.clothes)]


def test_write_says_exactly_what_it_is_given():
    attribute_values = (("glasses", "glasses"), ("gender", "man"))
    assert set(parse(write(attribute_values, random.Random(0)).text).attribute_values) == set(attribute_values)


@pytest.mark.parametrize("text, parts", [
    ("a blond woman with sunglasses", ["a blond haired woman", "a woman wearing sunglasses"]),
    ("a smiling face with glasses", ["a smiling face", "a bespectacled face"]),
    ("a smiling face", ["a smiling face"]), ("a man with a beard", ["a man with a beard"]), ("a face", ["a face"]),
    ("a smiling face with glasses and gills", ["a smiling face with glasses and gills"]),
    ("a pencil sketch of a smiling face with glasses", ["a pencil sketch of a smiling face with glasses"]),
])  # fmt: skip
def test_a_text_that_says_several_things_is_taken_apart(text, parts):
    assert said_apart(text) == parts


@pytest.mark.parametrize("attribute_value", ATTRIBUTE_VALUES)
def test_each_part_says_what_it_should(attribute_value):
    other = ("glasses", "sunglasses") if attribute_value[0] != "glasses" else ("headwear", "hat")
    parts = said_apart(write([attribute_value, other], random.Random(0)).text)
    said = {attribute_value for part in parts for attribute_value in parse(part).attribute_values}
    assert said == {attribute_value, other}
    assert len(parts) == (1 if attribute_value[0] == "gender" else 2)
