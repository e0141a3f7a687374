"""Saved edits: written and read, files of the version before, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from styleclip_lib.editing.recipes import Change, ChannelShift, Directions, MapperEdit, Optimization, Recipe
from styleclip_lib.editing.saved_edit import LARGEST, SavedEdit
from styleclip_lib.editing.sources import Blended, Edited, File, Mixed, Portrait, Seed
from styleclip_lib.errors import StyleclipError

DATA = Path(__file__).with_name("data")
SMILE, BLUE = Change("a smiling face", "a face", 2.0, 0.0523, False), Change("a face with blue hair", "a face", 4.0, 0.2431, True)
SAD, BLOND = Change("a sad face", "a smiling face", 2.5, 0.05, False), Change("a blond haired face", "a face", 4.0, 0.2, True)

FORMER = {
    "report_optimization": (None, "a sad face", Optimization(
        strength=0.5, steps=4, lr=0.2, lambda_l2=0.0002, lambda_id=0.1, lambda_off_direction=0.15, early_exit=0.14, clip_cap=0.3,
        auxiliary_latents=2, views=2, space="styles", rgb=False, stop_at=128, seed=3)),
    "report_directions": (None, "a face with glasses",
                          Directions(ridge=3.0, changes=(Change("a face with glasses", beta=0.05, rgb=False),))),
    "report_directions_auto": (None, "a sad face with blond hair", Directions(ridge=3.0, changes=(SAD, BLOND))),
    "report_mapper": (None, "a smile face", MapperEdit(strength=1.25, levels=("coarse",))),
    "studio_directions": (Seed(7, 0.7), "a smiling face, a face with blue hair", Directions(changes=(SMILE, BLUE))),
    "studio_mapper": (Portrait(name="anna", steps=60), "", MapperEdit(mapper="glasses", levels=("coarse", "medium"))),
    "studio_optimization": (File(name="me.jpg", face=0, steps=60), "a sad face",
                            Optimization(strength=0.8, steps=50, space="w", stop_after=12)),
    "studio_channel": (Blended((Seed(1), Mixed(Seed(2, 0.5), Portrait(name="ben", steps=60), (4, 8))), (0.5, 0.5)), "",
                       ChannelShift(layer="b16.conv1", number=3, sigmas=5.0)),
    "studio_edited": (Edited(Seed(1), Optimization(steps=50, space="w"), "a sad face"), "", None),
}


@pytest.mark.parametrize("name", FORMER)
def test_files_of_the_version_before(name, tmp_path):
    face, text, recipe = FORMER[name]
    saved = SavedEdit.from_json((DATA / f"{name}.json").read_bytes())
    assert (saved.face, saved.text, saved.recipe, saved.domain) == (face, text, recipe, "portraits")
    again = SavedEdit.from_json(saved.save(tmp_path / "a.json", measured={"identity": 0.9}).read_bytes())
    assert again == saved


def test_a_recipe_alone_is_a_saved_edit_too():
    recipe = Optimization(steps=3)
    assert SavedEdit.from_json(json.dumps(recipe.to_dict())).recipe == recipe == Recipe.from_dict(recipe.to_dict())


@pytest.mark.parametrize(("content", "message"), [
    (b"", "not JSON"), (b"\xff\xfe", "not JSON"), (b"[" * 100_000, "not JSON"), (b"3", "made of names and values"),
    (b"[]", "made of names and values"), (b'{"recipe": {"method": "magic"}}', "The method is 'magic'"),
    (b'{"recipe": {"method": "optimization", "steps": "3"}}', "steps must be a whole number"),
    (b'{"face": {"seed": 1}, "edit": {"method": "optimization", "text": "a", "ended": "0 or __import__(\'os\')"}}', "stop_after must be"),
    (b'{"face": {"seed": 1}, "edit": {"method": "directions", "changes": 3}}', "changes must be a list"),
    (b'{"face": {"seed": 1}, "edit": {"method": "directions", "changes": [3]}}', "must be names and values"),
    (b'{"face": {"seed": "1; import os"}, "edit": null}', "seed must be a whole number"),
    (b'{"face": {"mixed": [{"seed": 1}], "layers": [1, 2]}, "edit": null}', "mixed must be a list of 2"),
    (b'{"face": {"blended": [{"seed": 1}], "weights": []}, "edit": null}', "as many weights"),
    (b'{"face": [], "edit": null}', "face must be"), (b'{"edit": 3}', "edit must be"),
    (b'{"recipe": null, "surprise": 1}', "There is no setting 'surprise'"),
    (b" " * (LARGEST + 1), "it has 1,000,001 bytes"),
])
def test_files_that_are_none(content, message):
    with pytest.raises(StyleclipError) as error:
        SavedEdit.from_json(content)
    assert message in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 500


def test_deeply_nested_faces_are_refused():
    face: dict = {"source": "seed"}
    for _ in range(3000):
        face = {"source": "blended", "faces": [face], "weights": [1.0]}
    with pytest.raises(StyleclipError):
        SavedEdit.from_dict({"face": face})
    with pytest.raises(StyleclipError):
        SavedEdit.from_json(_text(3000))


def _text(depth: int) -> str:
    return '{"face": ' + '{"source": "blended", "weights": [1.0], "faces": [' * depth + '{"source": "seed"}' + "]}" * depth + "}"


def test_every_preset_is_a_recipe_and_survives_json():
    for kind in Recipe.family().values():
        for preset in (kind(), *kind.PRESETS.values()):
            assert Recipe.from_dict(json.loads(json.dumps(preset.to_dict()))) == preset
