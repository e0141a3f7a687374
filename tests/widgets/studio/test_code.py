"""Copy as code: the lines draw what the studio draws, and nothing that a shared file says becomes code."""

from __future__ import annotations

import ast
import dataclasses
import json

import pytest
import torch

from styleclip_lib.editing.recipes import Change, ChannelShift, Directions, MapperEdit, Optimization
from styleclip_lib.editing.sources import Blended, Edited, File, Mixed, Portrait, Seed
from styleclip_lib.errors import StyleclipError
from styleclip_lib.paths import data_folder
from styleclip_lib.widgets.studio.code import as_code
from styleclip_lib.widgets.studio.renderer import Renderer
from styleclip_lib.widgets.studio.scenes import Scene

ANNA = Portrait(name="anna", steps=2)
SMILE = MapperEdit(mapper="smile", strength=0.5, levels=("coarse",))
FACES = {
    "seed": Seed(1, 0.5),
    "portrait": ANNA,
    "mixed": Mixed(Seed(0), ANNA, (2, 5)),
    "blended": Blended((Seed(0), Seed(1), Seed(2)), (0.5, 0.75, -0.25)),
    "edited": Edited(Seed(2), SMILE, "a smiling face"),
    "edited in styles": Edited(Seed(2), ChannelShift(layer="b8.conv1", number=3, sigmas=5.0)),
}
EDITS = {
    "directions": (Directions(changes=(Change("a smiling face", alpha=2.0, beta=0.01), Change("a face with a hat", alpha=-1.0))), ""),
    "painted": (Directions(changes=(Change("a face with blue hair", alpha=3.0, beta=0.01, rgb=True),
                                    Change("a smiling face", alpha=1.0, beta=0.01))), ""),
    "one text": (Directions(alpha=3.0), "a smiling face"),
    "channel": (ChannelShift(layer="b8.conv1", number=3, sigmas=5.0), ""),
    "mapper": (SMILE, "a smiling face"),
    "optimisation": (Optimization(steps=3, strength=0.5), "a sad face"),
    "stopped": (Optimization(steps=5, stop_after=2, space="w"), "a sad face"),
}  # fmt: skip
WEIRD = "a 'smiling' \"face\"\\ {}\n#; __import__('os').system('x')\u202e"


@pytest.fixture
def renderer(world):
    return Renderer(world)


def run(code: str) -> torch.Tensor:
    space: dict = {}
    exec(code, space)
    return space["image"].clamp(-1, 1)


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_the_code_of_a_face_draws_it(renderer, world, face):
    scene = Scene(face=face)
    assert torch.equal(run(as_code(world, scene)), renderer.shot(scene).after)


@pytest.mark.parametrize(("recipe", "text"), EDITS.values(), ids=EDITS)
def test_the_code_of_an_edit_makes_it(renderer, world, recipe, text):
    scene = Scene(recipe=recipe, text=text)
    shot = renderer.shot(scene)
    assert not torch.equal(shot.before, shot.after)
    assert torch.equal(run(as_code(world, shot.scene)), shot.after)
    again = Scene.from_json(json.dumps(shot.scene.to_dict()))
    assert torch.equal(renderer.shot(again).after, shot.after)


def test_the_code_is_three_lines_below_the_import(world):
    for recipe, text in EDITS.values():
        lines = as_code(world, Scene(recipe=recipe, text=text)).split("\n\n")[1].strip().splitlines()
        assert [line.split(" = ")[0] for line in lines] == ["models", "face", "image"]


def test_what_has_its_default_is_left_out(world):
    code = as_code(world, Scene(recipe=Optimization(lambda_id=0.2), text="a sad face"))
    assert "= Face.of_seed(models, 1, truncation_psi=0.7)" in code
    assert "= Optimization(lambda_id=0.2).apply(models, face, Prompt.of(models, 'a sad face')).image" in code


@pytest.mark.parametrize("scene", [
    Scene(text=WEIRD, neutral=WEIRD, recipe=Optimization()), Scene(recipe=Directions(changes=(Change(WEIRD, WEIRD),))),
    Scene(recipe=MapperEdit(mapper=WEIRD)), Scene(recipe=ChannelShift(layer=WEIRD[:60])), Scene(face=File(name=WEIRD)),
    Scene(face=Portrait(name=WEIRD)), Scene(face=Edited(Seed(), MapperEdit(mapper=WEIRD), WEIRD, WEIRD)),
])  # fmt: skip
def test_texts_of_a_stranger_stay_texts(world, scene):
    """Whatever a recipe says is in the code as a constant, and no other name is called than those that are imported."""
    code = as_code(world, scene)
    tree = ast.parse(code)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert texts & {WEIRD, WEIRD[:60]} and code.isprintable() is False and "\u202e" not in code
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names <= imported | {"models", "face", "image"}
    assert [line.split(" = ")[0] for line in code.strip().splitlines()[-3:]] == ["models", "face", "image"]


@pytest.mark.parametrize(("kind", "name", "value"), [
    (Optimization, "stop_after", "0 or __import__('os')"), (Optimization, "strength", "1).image; x=(1"), (Optimization, "steps", [5]),
    (Optimization, "space", "w');print('"), (MapperEdit, "levels", "coarse"), (MapperEdit, "levels", ["coarse", "x"]),
    (ChannelShift, "sigmas", "5"), (ChannelShift, "number", 1.5), (Directions, "beta", {"__class__": "x"}), (Directions, "changes", "x"),
])  # fmt: skip
def test_a_value_of_another_type_never_becomes_a_recipe(kind, name, value):
    with pytest.raises(StyleclipError, match=name):
        kind.from_dict({"method": kind.KIND, name: value})


def test_copied_code_names_an_installed_domain_and_gives_the_folder_of_any_other(world):
    for folder, said in ((data_folder() / "models" / "portraits", "portraits"), (world.folder, str(world.folder.resolve()))):
        assert f"load_models({said!r})" in as_code(dataclasses.replace(world, folder=folder), Scene())
