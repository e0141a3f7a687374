"""Scenes, their history and their recipes, without a model."""

from __future__ import annotations

import json

import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.widgets.studio.state import MOST, Scene, StudioState

FACES = [Scene({"seed": seed, "truncation_psi": 0.7}) for seed in range(4)]
SMILE = {"method": "mapper", "mapper": "smile", "strength": 0.5, "acting": ["coarse"]}
OPTIMISED = {"method": "optimization", "text": "a sad face", "steps": 9, "strength": 1.0}
DIRECTED = {"method": "directions", "changes": [{"text": "a hat", "neutral": "a face", "alpha": 2.0, "beta": 0.1}]}


@pytest.fixture
def state():
    return StudioState("toy", FACES[0])


def test_undo_and_redo_walk_through_what_rested(state):
    assert state.rest(FACES[1]) and state.rest(FACES[2])
    assert (state.undo(), state.undo(), state.redo()) == (FACES[1], FACES[0], FACES[1])
    assert state.scene == FACES[1]


@pytest.mark.parametrize("step", ["undo", "redo"])
def test_there_is_an_end_to_it(state, step):
    with pytest.raises(StyleclipError, match=f"nothing to {step}"):
        getattr(state, step)()
    assert state.scene == FACES[0]


def test_something_new_after_an_undo_forgets_what_was_undone(state):
    state.rest(FACES[1])
    state.undo()
    state.rest(FACES[2])
    assert state.history == [FACES[0], FACES[2]]


def test_the_same_scene_is_not_kept_twice(state):
    assert not state.rest(Scene(dict(FACES[0].face)))
    assert len(state.history) == 1


def test_a_long_history_forgets_its_beginning(state):
    for seed in range(MOST + 5):
        state.rest(Scene({"seed": seed, "truncation_psi": 1.0}))
    assert len(state.history) == MOST and state.history[state.at] == state.scene


def test_favourites_and_the_faces_that_they_give(state):
    for scene in (Scene(FACES[1].face, SMILE), Scene(FACES[2].face, DIRECTED)):
        state.rest(scene)
        assert state.like() and not state.like()
    assert list(state.favourite_faces().values()) == [{"edited": FACES[1].face, "edit": SMILE}, FACES[2].face]


@pytest.mark.parametrize("edit", [None, SMILE, OPTIMISED, DIRECTED])
def test_a_saved_recipe_gives_the_scene_again(state, tmp_path, edit):
    face = {"mixed": [FACES[1].face, {"portrait": "anna"}], "layers": [2, 4]}
    state.rest(Scene(face, edit))
    path = state.save_recipe(tmp_path / "edit.json")
    assert StudioState("toy", FACES[0]).read_recipe(path.read_bytes()) == Scene(face, edit)
    assert set(json.loads(path.read_text())) == {"domain", "face", "edit", "version"}


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"domain": "toy", "face": {"seeds": 1}, "edit": null}',
                                     b'{"domain": "toy", "face": {"seed": 1}, "edit": {"method": "mapper"}}', b"\xff\xd8\xff"])
def test_what_is_no_recipe(state, content):
    with pytest.raises(StyleclipError, match="not a recipe"):
        state.read_recipe(content)


def test_a_recipe_of_another_domain(state):
    recipe = json.dumps({**state.recipe(), "domain": "ffhq"}).encode()
    with pytest.raises(StyleclipError, match="'ffhq'"):
        state.read_recipe(recipe)
