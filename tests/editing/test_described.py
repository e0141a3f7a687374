"""What a neutral text says already is not asked for again."""

from __future__ import annotations

import pytest
import torch

from styleclip_lib.editing.face import Face
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Directions, MapperEdit, Optimization

ALIKE = [
    ("a bald face", "a bald man"), ("a face with glasses", "a woman with glasses"), ("make her smile", "a smiling face"),
    ("a face with a hat", "a man with a hat"), ("an old face", "an old man"), ("a face with red hair", "a young woman with long red hair"),
    ("an angry face", "an angry face"), ("blue eyes", "a face with blue eyes"), ("A Smiling Woman", "a smiling woman"),
    ("a face with glasses", "a woman with earrings and glasses"),
]  # fmt: skip

DIFFERENT = [("a bald face", "a face"), ("a bald face", None), ("a smiling face with glasses", "a smiling face"),
             ("a face with blue hair", "a face with red hair"), ("a woman", "a bald man")]


@pytest.mark.parametrize(("text", "neutral"), ALIKE)
def test_what_is_described_and_asked_alike_changes_nothing(tiny, text, neutral):
    face, prompt = Face.of_seed(tiny, 3), Prompt.of(tiny, text, neutral)
    for recipe in (Optimization(steps=2, early_exit=1.0), MapperEdit(), Directions(), Directions(strength="auto")):
        assert recipe.prepare(tiny, prompt, progress=False) == recipe
        edit = recipe.apply(tiny, face, prompt, progress=False)
        assert torch.equal(edit.image, face.image)
        again = edit.recipe.apply(tiny, face, prompt, progress=False)
        assert torch.equal(again.image, face.image)


@pytest.mark.parametrize(("text", "neutral"), DIFFERENT)
def test_what_is_not_described_is_asked_for(tiny, text, neutral):
    assert not Prompt.of(tiny, text, neutral).is_described


def test_a_recipe_with_texts_of_its_own_does_as_it_says(tiny):
    from styleclip_lib.editing.recipes import Change

    prompt = Prompt.of(tiny, "a bald face", "a bald man")
    assert not Directions(changes=(Change("a face with a hat"),)).has_nothing_to_do(prompt)
