"""From scenes to pictures, and from scenes to code that makes the same pictures; on a tiny domain with random weights."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

import styleclip_lib
from styleclip_lib.editing.recipes import Change, Directions
from styleclip_lib.errors import StyleclipError
from styleclip_lib.paths import data_folder
from styleclip_lib.widgets.lessons.directions import at_share
from styleclip_lib.widgets.studio import edits as studio_edits
from styleclip_lib.widgets.studio import faces as studio_faces
from styleclip_lib.widgets.studio import renderer as studio_renderer
from styleclip_lib.widgets.studio.code import as_code
from styleclip_lib.widgets.studio.renderer import Renderer
from styleclip_lib.widgets.studio.state import Scene

SEEDS = [{"seed": seed, "truncation_psi": 0.7} for seed in range(4)]
EDITS = {
    "directions": {"method": "directions", "changes": [{"text": "a smiling face", "neutral": "a face", "alpha": 2.0, "beta": 0.01},
                                                       {"text": "a face with a hat", "neutral": "a face", "alpha": -1.0, "beta": 0.0}]},
    "painted": {"method": "directions", "changes": [{"text": "a face with blue hair", "neutral": "a face", "alpha": 3.0, "beta": 0.01,
                                                     "rgb": True},
                                                    {"text": "a smiling face", "neutral": "a face", "alpha": 1.0, "beta": 0.01}]},
    "channel": {"method": "channel", "layer": "b8.conv1", "number": 3, "sigmas": 5.0},
    "mapper": {"method": "mapper", "mapper": "smile", "strength": 0.5, "acting": ["coarse"]},
    "optimization": {"method": "optimization", "text": "a sad face", "steps": 3, "strength": 0.5},
    "ended": {"method": "optimization", "text": "a sad face", "steps": 5, "strength": 1, "ended": 2},
}  # fmt: skip


@pytest.fixture
def renderer(world):
    return Renderer(world)


def run(code: str) -> torch.Tensor:
    space: dict = {}
    exec(code, space)
    return space["image"].clamp(-1, 1)


FACES = {
    "seed": SEEDS[1],
    "portrait": {"portrait": "anna"},
    "mixed": {"mixed": [SEEDS[0], {"portrait": "anna"}], "layers": [2, 5]},
    "blended": {"blended": SEEDS[:3], "weights": [0.5, 0.75, -0.25]},
    "edited": {"edited": SEEDS[2], "edit": EDITS["mapper"]},
}


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_the_code_of_a_face_draws_it(renderer, world, face):
    torch.testing.assert_close(run(as_code(world, face, None)), renderer.shot(Scene(face)).after, atol=1e-4, rtol=0)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_the_code_of_an_edit_makes_it(renderer, world, edit):
    shot = renderer.shot(Scene(SEEDS[0], edit))
    assert not torch.equal(shot.before, shot.after)
    torch.testing.assert_close(run(as_code(world, SEEDS[0], edit)), shot.after, atol=1e-4, rtol=0)


def test_the_code_is_three_lines_below_the_import(world):
    for edit in (EDITS["directions"], EDITS["mapper"], EDITS["optimization"]):
        lines = as_code(world, SEEDS[0], edit).split("\n\n")[1].strip().splitlines()
        assert [line.split(" = ")[0] for line in lines] == ["models", "w_plus", "image"]


def test_an_own_picture_is_cropped_when_it_has_another_size(renderer, world, monkeypatch, tmp_path):
    asked = []

    def align_face(image, size, face, domain):
        asked.append((size, face, domain))
        return (Image.open(image) if isinstance(image, str) else image).resize((size, size))

    monkeypatch.setattr(studio_faces, "align_face", align_face)
    monkeypatch.setattr(styleclip_lib, "align_face", align_face, raising=False)
    monkeypatch.chdir(tmp_path)
    renderer.faces.files["me.png"] = picture = Image.effect_noise((50, 40), 80).convert("RGB")
    picture.save("me.png")
    face = {"file": "me.png", "face": 1}
    shot = renderer.shot(Scene(face))
    torch.testing.assert_close(run(as_code(world, face, None)), shot.after, atol=1e-4, rtol=0)
    assert asked and set(asked) == {(32, 1, world.folder)}


def test_a_picture_that_is_not_there(renderer):
    for face, says in (({"file": "me.png", "face": 0}, "upload it first"), ({"portrait": "nobody"}, "only anna")):
        with pytest.raises(StyleclipError, match=says):
            renderer.shot(Scene(face))


def test_a_preview_takes_the_encoders_guess_and_measures_nothing(renderer, world):
    shot = renderer.shot(Scene({"portrait": "anna"}), preview=True)
    guess = world.encoder(renderer.faces.picture({"portrait": "anna"}))
    torch.testing.assert_close(shot.after, world.generator.synthesis(guess).clamp(-1, 1))
    assert shot.report is None and shot.readings is None
    full = renderer.shot(Scene({"portrait": "anna"}))
    assert not torch.equal(full.after, shot.after) and full.readings is not None


def test_a_preview_is_small(renderer, monkeypatch):
    monkeypatch.setattr(studio_renderer, "PREVIEW", 8)
    for edit in (None, EDITS["directions"]):
        assert renderer.shot(Scene(SEEDS[0], edit), preview=True).after.shape == (1, 3, 8, 8)


def test_a_preview_as_large_as_the_picture_is_not_drawn_again(renderer, monkeypatch):
    scene, drawn, draw = Scene(SEEDS[0], EDITS["directions"]), [], renderer.draw
    monkeypatch.setattr(renderer, "draw", lambda *what: drawn.append(what) or draw(*what))
    preview, full = renderer.shot(scene, preview=True), renderer.shot(scene)
    assert len(drawn) == 2 and full.after is preview.after  # before and after, once each
    assert preview.report is None and full.report is not None


def test_nobody_measures_what_is_not_wanted_any_more(renderer, monkeypatch):
    monkeypatch.setattr(studio_renderer, "measure_edit", lambda *what: pytest.fail("measured"))
    assert renderer.shot(Scene(SEEDS[0], EDITS["directions"]), wanted=lambda: False).report is None


def test_what_takes_long_is_done_once(renderer, monkeypatch):
    scene = Scene({"portrait": "anna"}, EDITS["optimization"])
    seen = []
    assert renderer.takes_long(scene)
    renderer.shot(scene, watch=lambda step, image: seen.append(tuple(image.shape)))
    assert len(seen) == 2 + 3 and set(seen) == {(1, 3, 32, 32)}  # steps of the inversion and of the optimisation
    assert not renderer.takes_long(Scene(scene.face, {**scene.edit, "strength": 2.0}))
    assert renderer.takes_long(Scene(scene.face, {**scene.edit, "text": "a face with a hat"}))


def test_an_optimisation_that_is_stopped_says_so_and_can_be_made_again(renderer, world):
    asked = {**EDITS["optimization"], "strength": 1, "steps": 5}
    shot = renderer.shot(Scene(SEEDS[0], asked), watch=lambda step, image: step == 1)
    assert shot.scene.edit == {**asked, "ended": 2} and "ended" not in asked
    torch.testing.assert_close(run(as_code(world, SEEDS[0], shot.scene.edit)), shot.after, atol=1e-4, rtol=0)
    assert renderer.takes_long(Scene(SEEDS[0], asked))  # the whole one was not made


def test_an_inversion_that_is_stopped_is_not_taken_for_the_whole(renderer):
    face = {"portrait": "anna"}
    renderer.shot(Scene(face), watch=lambda step, image: True)
    assert not renderer.faces.known(face)


def test_edits_are_measured_by_their_texts(renderer):
    reports = {name: renderer.shot(Scene(SEEDS[0], edit)).report for name, edit in EDITS.items()}
    assert set(reports["directions"].wanted) == {"expression"}  # a negative alpha asks for nothing
    assert set(reports["mapper"].wanted) == {"expression"} == set(reports["optimization"].wanted)
    assert reports["channel"].wanted == {}


def test_copied_code_names_an_installed_domain_and_gives_the_folder_of_any_other(world, tmp_path):
    for folder, said in ((data_folder() / "models" / "portraits", "portraits"), (tmp_path, str(tmp_path))):
        assert f"load_models({said!r})" in as_code(dataclasses.replace(world, folder=folder), SEEDS[0], None)


def test_a_domain_without_attributes(renderer, world):
    shot = Renderer(dataclasses.replace(world, attributes=None)).shot(Scene(SEEDS[0], EDITS["channel"]))
    assert shot.readings is None and not shot.report.readable and -1 <= shot.report.identity <= 1


@pytest.mark.parametrize(("edit", "says"), [
    ({**EDITS["channel"], "number": 99}, "no channel 99"), ({**EDITS["channel"], "layer": "b99"}, "layer 'b99'"),
    ({"method": "magic"}, "no method 'magic'"),
])  # fmt: skip
def test_edits_that_cannot_be(renderer, edit, says):
    with pytest.raises(StyleclipError, match=says):
        renderer.shot(Scene(SEEDS[0], edit))


def test_styles_have_no_code_to_go_on_from(renderer):
    with pytest.raises(StyleclipError, match="add a text"):
        renderer.shot(Scene({"edited": SEEDS[0], "edit": EDITS["directions"]}))


@pytest.mark.slow
def test_what_is_computed_needs_no_widgets():
    """It can be used where ipywidgets is not installed."""
    core = "; ".join(f"import styleclip_lib.widgets.studio.{name}" for name in ("faces", "edits", "state", "code", "renderer", "pages"))
    subprocess.run([sys.executable, "-c", f"import sys; sys.modules['ipywidgets'] = None; {core}"], check=True)


@pytest.mark.parametrize(("text", "rgb"), [("a smiling face", False), ("a face with blue hair", True)])
def test_a_text_that_speaks_of_a_colour_paints(renderer, world, text, rgb):
    """The sliders' change moves toRGB styles too, and the picture is that of the directions themselves."""
    directions = renderer.edits.directions
    change = at_share(directions, Change(text, alpha=3.0), 0.2)
    recipe = studio_edits.change_recipe(change)
    assert change.rgb == recipe.get("rgb", False) == rgb
    largest = float(directions.relevance(text, rgb=rgb).abs().max())
    assert change.beta == pytest.approx((directions.models.calibration.beta_share_rgb if rgb else 0.2) * largest)
    moved = renderer.edits.moved(renderer.code(SEEDS[1]), {"method": "directions", "changes": [recipe]})
    assert bool(moved.shift[world.generator.num_channels :].any()) == rgb
    expected = directions.edit_several(renderer.code(SEEDS[1]), [studio_edits.change_of(recipe)]).image.clamp(-1, 1)
    torch.testing.assert_close(renderer.draw(moved), expected, atol=1e-5, rtol=0)


def test_strengths_become_changes(renderer, monkeypatch):
    def auto_edit(directions, face, prompt):
        change = Change(prompt.text, prompt.neutral, 1.23456, 0.98769, prompt.text == "blue hair")
        return SimpleNamespace(recipe=Directions(changes=(change,)))

    monkeypatch.setattr(studio_edits, "auto_edit", auto_edit)
    found = renderer.edits.strengths(torch.zeros(1), "a hat", "a face")
    assert found == [{"text": "a hat", "neutral": "a face", "alpha": 1.2346, "beta": 0.9876}]
    assert renderer.edits.strengths(torch.zeros(1), "blue hair", "a face")[0]["rgb"] is True
