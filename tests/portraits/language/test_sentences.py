"""What people write: true of its portrait, and understood as it was meant."""

import random

import pytest

from styleclip_lib.portraits.aligned.world.factors import sample
from styleclip_lib.portraits.language.attribute_values import ATTRIBUTE_VALUES, Caption, false_of, true_of, values_false, values_true
from styleclip_lib.portraits.language.captions import is_heldout
from styleclip_lib.portraits.language.everyday import OPPOSITES
from styleclip_lib.portraits.language.lexicon import known_words, words_of
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.language.sentences import DENIABLE, everyday_phrases, say, sentence_words, sentences


@pytest.fixture(scope="module")
def portraits():
    return sample(2000, seed=1)


@pytest.fixture(scope="module")
def written(portraits):
    return sentences(portraits, seed=2)


def meant(caption):
    """The attribute values that a text names, denials as the grammar takes them."""
    return {**{name: OPPOSITES[name, value] for name, value in caption.denied}, **dict(caption.attribute_values)}


def test_they_are_true_of_their_portraits(portraits, written):
    for start in range(0, 2000, 500):
        part = slice(start, start + 500)
        assert true_of(written[part], portraits[part]).diag().all()
        assert not false_of(written[part], portraits[part]).diag().any()


def test_they_are_understood_as_they_were_meant(written):
    wrong = [c for c in written if dict(parse(c.text).attribute_values) != meant(c) or parse(c.text).problem or parse(c.text).unknown]
    assert wrong == []


def test_every_word_is_in_the_vocabulary_and_no_phrasing_is_held_out(written):
    assert {word for c in written for word in words_of(c.text)} <= sentence_words()
    assert not any(is_heldout(c.text) for c in written)
    assert len(sentence_words()) > len(known_words()) + 400, "several hundred more everyday words"


def test_they_are_varied_and_of_all_kinds(written):
    texts = [c.text for c in written]
    assert len(set(texts)) > 0.9 * len(texts)
    for beginning in ("make ", "give ", "add ", "he ", "she ", "without ", "not "):
        assert sum(text.startswith(beginning) for text in texts) >= 5, beginning
    assert 0.1 < sum(bool(c.denied) for c in written) / len(written) < 0.5
    assert {s for c in written for s in c.attribute_values} >= {s for s in ATTRIBUTE_VALUES if s[0] != "face_size"}


def test_everyday_phrases_say_what_they_stand_for():
    phrases = everyday_phrases()
    assert sum(map(len, phrases.values())) > 1500
    for attribute_value, some in phrases.items():
        for phrase in random.Random(0).sample(some, min(5, len(some))):
            assert parse(phrase.text).attribute_values == (attribute_value,)


def test_the_same_seed_writes_the_same(portraits):
    few = portraits[:50]
    assert sentences(few, seed=3) == sentences(few, seed=3) and sentences(few, seed=3) != sentences(few, seed=4)


@pytest.mark.parametrize("denied", DENIABLE)
def test_what_is_denied_is_absent(denied, portraits):
    caption = say([], [denied], random.Random(0))
    if OPPOSITES[denied] == "none":
        assert caption == Caption(caption.text, ((denied[0], "none"),), None, ())
    else:
        assert caption.denied == (denied,) and caption.attribute_values == ()
        at = ATTRIBUTE_VALUES.index(denied)
        assert (true_of([caption], portraits)[0] == values_false(portraits)[:, at]).all()
        assert (false_of([caption], portraits)[0] == values_true(portraits)[:, at]).all()
