import itertools
import random

import pytest
import torch

from styleclip_lib.portraits.language.captions import caption, heldout_captions, is_heldout, said_apart, style_caption, write
from styleclip_lib.portraits.language.everyday import OPPOSITES
from styleclip_lib.portraits.language.parsing import known_words, parse, unknown_words, words_of
from styleclip_lib.portraits.language.phrases import all_phrases, single_phrases
from styleclip_lib.portraits.language.scene_words import SCENE_WORDS
from styleclip_lib.portraits.language.sentences import sentence_words
from styleclip_lib.portraits.language.statements import STATEMENTS, Caption, false_of, statements_true, true_of
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


def test_four_in_ten_captions_make_one_statement(captions):
    counts = torch.tensor([len(c.statements) for c in captions]).bincount() / len(captions)
    assert counts[1] == pytest.approx(0.42, abs=0.03) and counts[0] < 0.06 and len(counts) == 5
    assert max(len(words_of(c.text)) for c in captions) <= 24


def test_every_statement_is_made(captions):
    said = {statement for c in captions for statement in c.statements}
    assert said == set(STATEMENTS)


def test_captions_are_varied(captions):
    assert len({c.text for c in captions}) > 0.85 * len(captions)


def test_captions_are_understood_as_they_were_meant(captions):
    wrong = [c for c in captions[:3000] if set(parse(c.text).statements) != set(c.statements)]
    assert wrong == []


def test_phrases_mean_one_thing():
    for phrase in all_phrases():
        assert set(parse(phrase.text).statements) == set(phrase.statements), phrase


def test_heldout_phrasings_are_never_written(captions):
    assert not any(is_heldout(c.text) for c in captions)
    assert all(is_heldout(c.text) for c in heldout_captions())


def test_heldout_phrasings_say_what_the_file_claims_in_words_that_are_trained(captions):
    for held in heldout_captions():
        meant = {*held.statements, *((name, OPPOSITES[name, value]) for name, value in held.denied)}
        assert set(parse(held.text).statements) == meant, held
        assert set(words_of(held.text)) <= sentence_words(), held


def test_heldout_phrasings_cover_every_value():
    said = {statement for c in heldout_captions() for statement in c.statements}
    assert said == {statement for statement, phrases in single_phrases().items() if len(phrases) >= 3}


@pytest.mark.slow
def test_every_known_word_is_trained():
    """In captions of plain and of styled portraits; the words of scenes are tested with the scenes."""
    people = sample(30000, seed=5)
    styles = list(itertools.islice(itertools.cycle([None, None, None, *STYLE_WORDS]), len(people)))
    seen = {word for c in [*caption(people, seed=6, styles=styles), *style_caption([None] * 500, 6)] for word in words_of(c.text)}
    assert seen <= known_words()
    of_scenes = {word for texts in SCENE_WORDS.values() for text in texts for word in words_of(text)}
    assert known_words() - seen <= of_scenes


@pytest.mark.parametrize("text, statements", [
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
def test_parse(text, statements):
    parsed = parse(text)
    assert dict(parsed.statements) == statements
    assert parsed.unknown == () and parsed.style is None
    assert parsed.attributes == tuple(dict(parsed.statements))


def test_parse_names_unknown_words():
    assert parse("a zebra with glasses").unknown == ("zebra",)
    assert dict(parse("a zebra with glasses").statements) == {"glasses": "glasses"}
    assert unknown_words("ein Gesicht, a face") == ["ein", "gesicht"]


def test_parse_does_not_overlook_a_negation():
    assert dict(parse("a man without a smile").statements) == {"gender": "man", "expression": "neutral"}


def test_parse_finds_the_style():
    parsed = parse("a pencil sketch of a smiling woman")
    assert parsed.style == "pencil sketch" and ("expression", "smile") in parsed.statements
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
    assert not statements_true(one, ["pencil sketch"])[0, STATEMENTS.index(("clothes", portraits_clothes(one)))]


def portraits_clothes(one):
    clothes = next(a for a in ATTRIBUTES if a.name == "clothes")
    return clothes.values[int(one.clothes)]


def test_write_says_exactly_what_it_is_given():
    statements = (("glasses", "glasses"), ("gender", "man"))
    assert set(parse(write(statements, random.Random(0)).text).statements) == set(statements)


@pytest.mark.parametrize("text, parts", [
    ("a blond woman with sunglasses", ["a blond haired woman", "a woman wearing sunglasses"]),
    ("a smiling face with glasses", ["a smiling face", "a bespectacled face"]),
    ("a smiling face", ["a smiling face"]), ("a man with a beard", ["a man with a beard"]), ("a face", ["a face"]),
    ("a smiling face with glasses and gills", ["a smiling face with glasses and gills"]),
    ("a pencil sketch of a smiling face with glasses", ["a pencil sketch of a smiling face with glasses"]),
])  # fmt: skip
def test_a_text_that_says_several_things_is_taken_apart(text, parts):
    assert said_apart(text) == parts


@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_part_says_what_it_should(statement):
    other = ("glasses", "sunglasses") if statement[0] != "glasses" else ("headwear", "hat")
    parts = said_apart(write([statement, other], random.Random(0)).text)
    said = {statement for part in parts for statement in parse(part).statements}
    assert said == {statement, other}
    assert len(parts) == (1 if statement[0] == "gender" else 2)
