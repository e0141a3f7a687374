"""From scenes to pictures and numbers, in a tiny domain with random weights."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from styleclip_lib.cli.main import main
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.faces import portraits
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Change, ChannelShift, Directions, MapperEdit, Optimization, Recipe
from styleclip_lib.editing.sources import Blended, Edited, File, Mixed, Portrait, Seed
from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import save_image
from styleclip_lib.models import load_models
from styleclip_lib.photos.loading import load_faces
from styleclip_lib.weights.domain import INDEX, save_network
from styleclip_lib.widgets.studio import renderer as studio_renderer
from styleclip_lib.widgets.studio.code import as_code
from styleclip_lib.widgets.studio.renderer import Renderer
from styleclip_lib.widgets.studio.scenes import Scene

ANNA = Scene(face=Portrait(name="anna", steps=2))
DIRECTED = Scene(recipe=Directions(changes=(Change("a smiling face", alpha=2.0, beta=0.01), Change("a face with a hat", alpha=-1.0))))
CHANNEL = Scene(recipe=ChannelShift(layer="b8.conv1", number=3, sigmas=5.0))
SEARCHED = Scene(recipe=Optimization(steps=3), text="a sad face")


@pytest.fixture
def renderer(world):
    return Renderer(world)


def test_a_picture_that_is_not_there(renderer):
    for face, says in ((File(name="me.png", face=0), "is not there"), (Portrait(name="nobody"), "only anna")):
        for look in (renderer.check, renderer.shot):
            with pytest.raises(StyleclipError, match=says):
                look(Scene(face=face))


def test_paths_that_a_strangers_recipe_names_are_not_opened(world, tmp_path, monkeypatch):
    """A picture and a mapper that are there, but were neither uploaded nor named when the studio was opened."""
    picture, mapper = shutil.copy(portraits()["anna"], tmp_path), shutil.copy(world.folder / "mapper_smile.safetensors", tmp_path)
    renderer, opened = Renderer(world), []
    for module, name in (("editing.faces", "load_face"), ("editing.mapper_file", "find_mapper")):
        monkeypatch.setattr(f"styleclip_lib.{module}.{name}", lambda models, path, **rest: opened.append(path))
    foreign = MapperEdit(mapper=mapper)
    for scene, says in ((Scene(face=File(name=picture)), "upload it first"), (Scene(recipe=foreign), "does not come with the domain"),
                        (Scene(face=Mixed(Seed(1), Blended((File(name=picture),), (1.0,)), (0, 1))), "upload it first"),
                        (Scene(face=Edited(Seed(), foreign)), "does not come with the domain")):  # fmt: skip
        with pytest.raises(StyleclipError, match=says):
            renderer.check(scene)
        if scene.recipe is None:
            with pytest.raises(StyleclipError, match=says):
                renderer.shot(scene)
    assert not opened
    Renderer(world, files=[mapper]).check(Scene(recipe=foreign))


def test_a_preview_takes_the_encoders_guess_and_measures_nothing(renderer, world):
    shot = renderer.shot(ANNA, preview=True)
    assert shot.report is None and shot.readings is None
    guess = renderer.shot(replace(ANNA, face=replace(ANNA.face, steps=0)))
    assert torch.equal(guess.after, shot.after)
    full = renderer.shot(ANNA)
    assert not torch.equal(full.after, shot.after) and full.readings is not None


def test_a_preview_is_small(renderer, monkeypatch):
    monkeypatch.setattr(studio_renderer, "PREVIEW", 8)
    for scene in (Scene(), DIRECTED):
        assert renderer.shot(scene, preview=True).after.shape == (1, 3, 8, 8)


def test_nobody_measures_what_is_not_wanted_any_more(renderer):
    shot = renderer.shot(DIRECTED, wanted=lambda: False)
    assert shot.report is None and shot.readings is None


def test_what_takes_long_is_done_once(renderer):
    scene, seen = replace(SEARCHED, face=ANNA.face), []
    assert renderer.takes_long(scene)
    first = renderer.shot(scene, watch=lambda step, image: seen.append(tuple(image.shape)))
    assert len(seen) == 2 + 3 and set(seen) == {(1, 3, 32, 32)}  # steps of the inversion and of the search
    for strength in (1.0, 2.0):
        again = replace(scene, recipe=replace(scene.recipe, strength=strength))
        assert not renderer.takes_long(again)
        assert torch.equal(renderer.shot(again, watch=lambda *_: pytest.fail("searched again")).after, first.after) == (strength == 1.0)
    assert renderer.takes_long(replace(scene, text="a face with a hat"))


def test_a_search_that_is_stopped_says_so_and_can_be_made_again(renderer, world):
    scene = replace(SEARCHED, recipe=Optimization(steps=5))
    shot = renderer.shot(scene, watch=lambda step, image: step == 1)
    assert shot.scene.recipe == Optimization(steps=5, stop_after=2) and shot.scene.text == scene.text
    assert torch.equal(Renderer(world).shot(shot.scene).after, shot.after)
    assert renderer.takes_long(scene) and not renderer.takes_long(shot.scene)  # the whole one was not made


def test_an_inversion_that_is_stopped_says_so_and_can_be_made_again(renderer, world):
    scene = replace(DIRECTED, face=replace(ANNA.face, steps=5))
    shot = renderer.shot(scene, watch=lambda step, image: step == 1)
    assert shot.scene == replace(scene, face=replace(scene.face, stop_after=2))
    assert torch.equal(Renderer(world).shot(shot.scene).before, shot.before)
    assert renderer.takes_long(scene) and not renderer.takes_long(shot.scene)


def test_a_stop_inside_of_a_mixture_says_so(renderer):
    scene = Scene(face=Mixed(Seed(2), replace(ANNA.face, steps=5), (0, 4)))
    shot = renderer.shot(scene, watch=lambda step, image: step == 2)
    assert shot.scene.face.second.stop_after == 3 and not renderer.takes_long(shot.scene)


def test_ctrl_c_keeps_the_best_so_far(renderer):
    def interrupt(step, image):
        if step == 1:
            raise KeyboardInterrupt

    shot = renderer.shot(replace(SEARCHED, recipe=Optimization(steps=5)), watch=interrupt)
    assert shot.scene.recipe.stop_after == 2 and shot.report is not None
    assert renderer.shot(replace(ANNA, face=replace(ANNA.face, steps=5)), watch=interrupt).scene.face.stop_after == 2


def test_nothing_is_drawn_twice(renderer, monkeypatch):
    drawn, draw = [], Face.draw
    monkeypatch.setattr(Face, "draw", lambda self, stop_at=None: drawn.append(stop_at) or draw(self, stop_at))
    renderer.shot(DIRECTED, preview=True)
    renderer.shot(DIRECTED)
    assert drawn == [None, None]  # before and after, once each
    renderer.shot(replace(DIRECTED, recipe=Directions(changes=(Change("a smiling face", alpha=1.0),))), preview=True)
    assert drawn == [None] * 3  # only the edit has changed


def test_a_strength_that_is_searched_for_is_in_the_scene(renderer):
    shot = renderer.shot(replace(SEARCHED, recipe=Optimization(steps=3, strength="auto")))
    assert isinstance(shot.scene.recipe.strength, float)
    assert renderer.takes_long(replace(SEARCHED, recipe=Optimization(steps=3, strength="auto")))  # it is asked for anew


def test_a_mapper_that_has_to_be_learnt_takes_long(renderer):
    assert renderer.takes_long(Scene(recipe=MapperEdit(), text="a sad face"))
    assert not renderer.takes_long(Scene(recipe=MapperEdit(), text="a smiling face"))  # the domain brings that one
    assert MapperEdit(mapper="smile").own_text(renderer.models) == "a smiling face" and Optimization().own_text(renderer.models) == ""


def test_edits_are_measured_by_their_texts(renderer):
    wanted = [set(renderer.shot(scene).report.wanted) for scene in (DIRECTED, SEARCHED, Scene(recipe=MapperEdit(mapper="smile")), CHANNEL)]
    assert wanted == [{"expression"}, {"expression"}, {"expression"}, set()]  # a negative alpha asks for nothing


def test_a_domain_without_attributes(world):
    shot = Renderer(dataclasses.replace(world, attributes=None)).shot(CHANNEL)
    assert shot.readings is None and not shot.report.readable and -1 <= shot.report.identity <= 1


@pytest.mark.parametrize(("recipe", "says"), [
    (ChannelShift(layer="b8.conv1", number=99), "no channel 99"), (ChannelShift(layer="b99"), "layer 'b99'"),
    (MapperEdit(mapper="nothing"), "nothing"), (Optimization(), "needs a text"),
])  # fmt: skip
def test_edits_that_cannot_be(renderer, recipe, says):
    with pytest.raises(StyleclipError, match=says):
        renderer.shot(Scene(recipe=recipe))


@pytest.mark.parametrize("scene", [replace(SEARCHED, text="a xyzzy"), Scene(recipe=Directions(changes=(Change("a xyzzy"),)))])
def test_an_unknown_word_is_said_before_anything_is_drawn(renderer, scene):
    with pytest.raises(StyleclipError, match="xyzzy"):
        renderer.check(scene)


def test_an_edit_in_styles_is_a_face_to_go_on_from(renderer):
    first = renderer.shot(CHANNEL)
    second = renderer.shot(replace(DIRECTED, face=CHANNEL.result))
    assert torch.equal(second.before, first.after) and not torch.equal(second.after, second.before)
    with pytest.raises(StyleclipError, match="latent code"):
        renderer.shot(Scene(face=Edited(Seed(), CHANNEL.recipe), recipe=MapperEdit(mapper="smile")))


@pytest.mark.slow
def test_what_is_computed_needs_no_widgets():
    """It can be used where ipywidgets is not installed."""
    core = "; ".join(f"import styleclip_lib.widgets.studio.{name}" for name in ("scenes", "renderer", "code", "score"))
    subprocess.run([sys.executable, "-c", f"import sys; sys.modules['ipywidgets'] = None; {core}"], check=True)


@pytest.fixture(scope="module")
def noisy_domain(tiny_folder, tmp_path_factory):
    """The tiny domain with noise maps that show, in which photographs are inverted as in ffhq: with noise maps of their own."""
    folder = shutil.copytree(tiny_folder, tmp_path_factory.mktemp("noisy") / "tiny")
    generator, index = load_models(folder, device="cpu").generator, json.loads((folder / INDEX).read_text(encoding="utf-8"))
    for _, layer in generator.synthesis.conv_layers():
        layer.noise_strength.fill_(0.3)
    save_network(folder, "generator", generator, index["files"]["generator"]["config"], {})
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    (folder / INDEX).write_text(json.dumps({**index, "calibration": {"inversion": "photograph"}}), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "domain"), [
    (Optimization(steps=3), "noisy_domain"), (Directions(alpha=3.0), "tiny_domain"),
    (MapperEdit(mapper="smile", strength=0.5), "tiny_domain")],
    ids=["optimisation", "directions", "mapper"])
def test_one_photograph_and_one_recipe_give_the_same_pixels_everywhere(recipe, domain, request, tmp_path, monkeypatch):
    """By command line, studio, copied code, and `Recipe.from_dict`; the second of two faces, found and cropped by each."""
    monkeypatch.chdir(tmp_path)
    folder = request.getfixturevalue(domain)
    models = load_models(folder, device="cpu")
    two = Image.new("RGB", (700, 330), (150, 150, 150))
    for name, side, corner in (("anna", 250, (20, 40)), ("felix", 300, (360, 15))):
        two.paste(Image.open(portraits()[name]).resize((side, side)), corner)
    two.save("two.png")
    scene = Scene(domain=models.domain, face=File(name="two.png", face=1, steps=4), recipe=recipe, text="a smiling face")
    scene.save("recipe.json")
    assert main(["edit", "two.png", "cli.png", "--recipe", "recipe.json", "--inversion-steps", "4", "--face", "1", "--domain",
                 str(folder)]) == 0

    renderer = Renderer(models)
    renderer.take_photos("two.png", load_faces(models, "two.png"))
    shot = renderer.shot(Scene.read((tmp_path / "recipe.json").read_bytes(), models.domain))
    code: dict = {}
    exec(as_code(models, shot.scene), code)
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    face = Face.of(models, scene.face, progress=False)
    image = again.apply(models, face, Prompt.of(models, scene.text), progress=False).image
    for name, one in {"studio": shot.after, "code": code["image"], "from_dict": image}.items():
        assert save_image(one, f"{name}.png").read_bytes() == Path("cli.png").read_bytes(), name
    assert (face.generator is not models.generator) == (domain == "noisy_domain"), "noise maps of the face's own"
