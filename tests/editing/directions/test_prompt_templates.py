"""Prompt templates: how a text stands in them, which a CLIP can read, and the direction between two texts."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.editing.directions.prompt_templates import (
    TEMPLATES,
    direction_between,
    phrasings,
    readable_templates,
    text_direction,
)
from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.clip import WordTokenizer


class Reader:
    """Stands in for a CLIP of a small vocabulary: one vector for each different list of words."""

    def __init__(self, words, context_length=32):
        self.tokenizer = WordTokenizer(words.split(), context_length)

    def encode_text(self, texts):
        table = torch.randn(len(self.tokenizer.words) + 3, 8, generator=torch.Generator().manual_seed(0))
        return F.normalize(table[self.tokenizer(texts)].sum(1), dim=1)


@pytest.mark.parametrize("text", ["face with glasses", "a face with glasses", "the face with glasses.", " A  face with glasses. "])
def test_a_text_gives_up_its_own_article(text):
    texts = phrasings(text)
    assert len(texts) == 79 and "a photo of a face with glasses." in texts and "the origami face with glasses." in texts
    assert not any("a a " in one or "the a " in one or "{" in one for one in texts)


def test_a_becomes_an():
    assert phrasings("an angry face", ["a {} in a video game.", "a origami {}.", "the {}."]) == [
        "an angry face in a video game.", "an origami angry face.", "the angry face."]


def test_words_that_begin_like_articles_stay():
    assert phrasings("another theatre", ["my {}"]) == ["my another theatre"]


def test_only_what_the_clip_can_read():
    clip = Reader("a the photo of face smiling drawing")
    wanted = {"a photo of the {}.", "a drawing of a {}.", "a photo of a {}.", "a drawing of the {}."}
    assert set(readable_templates(clip, "a smiling face", "a face")) == wanted


def test_both_texts_must_fit_into_a_template():
    clip = Reader("a the photo of face smiling old", context_length=8)
    assert set(readable_templates(clip, "a face", "a face")) == {"a photo of the {}.", "a photo of a {}."}
    assert readable_templates(clip, "a face", "a smiling old old face") == ["{}"]


def test_a_clip_that_knows_no_template_reads_the_text_alone():
    clip = Reader("a face smiling")
    assert readable_templates(clip, "a smiling face", "a face") == ["{}"]
    assert text_direction(clip, "a smiling face", "a face").norm() == pytest.approx(1)


def test_the_portraits_clip_reads_every_template(tiny):
    assert readable_templates(tiny.clip, "a face with glasses", "a face") == list(TEMPLATES)


@pytest.mark.parametrize("text, hint", [("", "empty"), ("a fase", "'fase'.*'face'"), ("face " * 40, "40 words")])
def test_texts_that_cannot_be_read(text, hint):
    for pair in ((text, "a face"), ("a face", text)):
        with pytest.raises(StyleclipError, match=hint):
            text_direction(Reader("a face photo of"), *pair)


def test_texts_that_say_the_same():
    with pytest.raises(StyleclipError, match="go"):
        text_direction(Reader("a face photo of"), "a face", "Face!")


def test_the_direction_against_loops(tiny):
    neutral, target = "a face", "a smiling woman"

    def mean(text):
        total = torch.zeros(16)
        for one in phrasings(text):
            vector = tiny.clip.encode_text([one])[0]
            total += vector / vector.norm()
        return total / total.norm()

    wanted = mean(target) - mean(neutral)
    torch.testing.assert_close(text_direction(tiny.clip, target, neutral), wanted / wanted.norm(), rtol=0, atol=1e-4)


def test_every_phrasing_counts_alike():
    neutral, target = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(1))
    scale = torch.tensor([[1.0], [100.0], [0.1], [3.0], [7.0]])
    torch.testing.assert_close(direction_between(neutral * scale, target / scale), direction_between(neutral, target))
