"""A text, understood once."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.editing import prompt as prompts
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.errors import StyleclipError


def test_what_a_prompt_knows(tiny):
    prompt = Prompt.of(tiny, "a smiling woman with red hair", "a woman")
    target, neutral = tiny.clip.encode_text(["a smiling woman with red hair", "a woman"]).split(1)
    torch.testing.assert_close(prompt.vector, target)
    torch.testing.assert_close(prompt.direction, F.normalize(target - neutral, dim=1))
    assert dict(prompt.attribute_values) == {"expression": "smile", "gender": "woman", "hair_color": "red"}
    assert prompt.gender == "woman" and prompt.speaks_of_color and prompt.layers == "all" and prompt.needs_fine_layers
    assert prompt.unknown == ()


def test_parts_are_prompts_that_know_what_the_whole_knows(tiny):
    """As if each had been understood by itself."""
    for part in Prompt.of(tiny, "a smiling woman with red hair", "a woman").parts:
        alone = Prompt.of(tiny, part.text, "a woman")
        assert (part.gender, part.layers, part.parts) == (alone.gender, alone.layers, ())
        assert set(part.attribute_values) == set(alone.attribute_values)
        torch.testing.assert_close(part.vector, alone.vector)
        torch.testing.assert_close(part.direction, alone.direction)
    assert Prompt.of(tiny, "a smiling face").parts == ()


def test_a_text_is_parsed_once_for_all_methods(tiny, monkeypatch):
    texts, parse = [], prompts.parse
    monkeypatch.setattr(prompts, "parse", lambda text: texts.append(text) or parse(text))
    prompt = Prompt.of(tiny, "a smiling woman with red hair")
    for part in (prompt, *prompt.parts):
        assert part.layers and part.direction is not None and part.attribute_values
    assert texts == ["a smiling woman with red hair"]


def test_the_cosine_is_that_of_the_part_that_fits_least(tiny):
    prompt = Prompt.of(tiny, "an old face with a hat")
    embedding = tiny.reference_faces().embedding[:1]
    assert prompt.cosine(embedding) == pytest.approx(
        min(float(embedding[0] @ one.vector[0]) for one in (prompt, *prompt.parts)), abs=1e-5)


@pytest.mark.parametrize(("text", "neutral", "message"), [("", None, "empty"), ("a fase", None, "fase"), ("a face", "a fase", "fase")])
def test_texts_that_cannot_be_read(tiny, text, neutral, message):
    with pytest.raises(StyleclipError, match=message):
        Prompt.of(tiny, text, neutral)
