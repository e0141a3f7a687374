"""What each command does when all is well, from the words to the files, in the tiny domain."""

from __future__ import annotations

import json
import os
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib import (
    GlobalDirections,
    LatentAlignment,
    LatentMapper,
    align_face,
    invert,
    load_image,
    morph,
    optimize_latent,
    train_mapper,
)
from styleclip_lib.cli import edit as edit_command
from styleclip_lib.cli import interpolate as interpolate_command
from styleclip_lib.cli import invert as invert_command
from styleclip_lib.cli.main import main
from styleclip_lib.cli.sample import read_seeds
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import AlignmentEdit, ChannelShift, Directions, MapperEdit, Optimization, Recipe
from styleclip_lib.editing.saved_edit import SavedEdit
from styleclip_lib.editing.sources import File
from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.boundary_crossing import boundary_crossings
from styleclip_lib.images import save_image
from styleclip_lib.interpolation import layer_weights
from styleclip_lib.inversion.pivotal_tuning import tune_generator
from styleclip_lib.photos.loading import load_face

from .conftest import STEPS, assert_drawn

TEXT = "a smiling face"
"""The domain comes with a mapper for it."""

FEW = ("--inversion-steps", STEPS)


def report_of(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("7", [7]), ("0-3", [0, 1, 2, 3]), ("1, 5,20-22", [1, 5, 20, 21, 22]), ("4294967295", [2**32 - 1])],
)
def test_seeds(text, seeds):
    assert read_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "-1", "3-1", "1,,2", "4294967296", "0-1024", "1.5"])
def test_wrong_seeds(text):
    with pytest.raises(StyleclipError):
        read_seeds(text)


def test_sample_draws_one_face_or_a_grid_and_a_face_depends_on_its_own_seed(styleclip, models, tmp_path):
    one, grid = tmp_path / "one.png", tmp_path / "grid.png"
    assert styleclip("sample", one, "--seed", "5") == 0
    assert styleclip("sample", grid, "--seeds", "4-6", "--columns", "3") == 0
    assert_drawn(one, models.generator.synthesis(models.sample(5)))
    assert Image.open(grid).size == (3 * 32 + 2 * 2, 32)
    assert Image.open(grid).crop((34, 0, 66, 32)).tobytes() == Image.open(one).tobytes()


def test_sample_draws_faces_of_a_text(styleclip, models, tmp_path, capsys):
    out = tmp_path / "faces.png"
    assert styleclip("sample", out, "--text", "a smiling woman with glasses", "--seed", "5") == 0
    assert_drawn(out, LatentAlignment.available(models).face_of_text("a smiling woman with glasses", 5).image)
    for text, says in (("a xyzzy", "xyzzy"), ("  ", "text is empty")):
        assert styleclip("sample", tmp_path / "none.png", "--text", text) == 2 and says in capsys.readouterr().err
    assert not (tmp_path / "none.png").exists()


def test_invert_begins_where_alignment_says(styleclip, models, portrait, tmp_path):
    out = tmp_path / "a.png"
    assert styleclip("invert", portrait, out, "--start", "alignment", "--steps", "0") == 0
    assert_drawn(out, LatentAlignment.available(models).face_of_picture(load_image(portrait)).image)


def test_sample_psi_zero_is_the_average_face(styleclip, tmp_path):
    for seed in "12":
        assert styleclip("sample", tmp_path / f"{seed}.png", "--seed", seed, "--psi", "0") == 0
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


@pytest.mark.slow
def test_align(photograph, tmp_path, capsys):
    out = tmp_path / "a.png"
    assert main(["align", str(photograph), str(out), "--size", "40"]) == 0
    assert Image.open(out).tobytes() == align_face(photograph, 40).tobytes()
    assert capsys.readouterr().out == f"Saved {out}.\n"


@pytest.mark.slow
def test_one_of_several_faces_can_be_chosen(styleclip, two_faces, models, tmp_path, capsys):
    out = tmp_path / "a.png"
    assert main(["align", str(two_faces), str(out)]) == 2 and "2 faces were found" in capsys.readouterr().err
    for chosen, face in (("1", 1), ("largest", "largest")):
        assert main(["align", str(two_faces), str(out), "--size", "40", "--framing", "1.5", "--face", chosen]) == 0
        assert Image.open(out).tobytes() == align_face(two_faces, 40, face=face, framing=1.5).tobytes()
        assert styleclip("invert", two_faces, out, "--steps", STEPS, "--face", chosen) == 0
        photo = load_face(models, two_faces, face=face)
        assert_drawn(out, invert(models, photo.image, preset="default", steps=STEPS, progress=False).image)


def frames_of(path: Path) -> list[bytes]:
    """The pixels of every frame of a GIF."""
    animation = Image.open(path)
    return [animation.convert("RGB").tobytes() for i in range(animation.n_frames) if animation.seek(i) is None]


@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_interpolate_two_seeds(space, styleclip, models, tmp_path, capsys):
    """The ends are the faces that sample draws, in every space."""
    out = tmp_path / "a.png"
    assert styleclip("interpolate", "5", "6", out, "--frames", "3", "--space", space) == 0
    sheet = Image.open(out)
    assert sheet.width == 2 * 32 + 2, "two columns, and labels below"
    below = sheet.height // 2 + 1
    for seed, place in ((5, (0, 0, 32, 32)), (6, (0, below, 32, below + 32))):
        sheet.crop(place).save(tmp_path / "end.png")
        assert_drawn(tmp_path / "end.png", models.generator.synthesis(models.sample(seed)))
    shown = capsys.readouterr().out
    assert "long; its steps differ by" in shown and f"Saved {out}." in shown


@pytest.mark.parametrize("options", [[], ["--uniform"]])
def test_a_generator_alone_is_sampled_and_interpolated(options, models, tmp_path, capsys):
    """All other networks would have to be downloaded, from where nobody answers."""
    source = {"origin": "nobody", "urls": ["http://127.0.0.1:9/a.pt"], "bytes": 10, "sha256": 64 * "0", "licence": "none", "permits": "all"}
    others = {name: {"format": kind, "sources": ["a.pt"]} for name, kind in (("clip", "openai-clip"), ("perceptual", "lpips"))}
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "domain.json").write_text(json.dumps({"name": "far", "files": others, "sources": {"a.pt": source}}))
    torch.save({"g_ema": models.generator.state_dict()}, tmp_path / "g.pt")
    assert main(["import", str(tmp_path / "g.pt"), str(tmp_path / "own"), "--like", str(tmp_path / "far")]) == 0
    domain = ["--domain", str(tmp_path / "own")]
    assert main(["sample", str(tmp_path / "5.png"), "--seed", "5", *domain]) == 0
    capsys.readouterr()
    assert main(["interpolate", "5", "6", str(tmp_path / "a.png"), "--frames", "3", *options, *domain]) == 0
    shown = capsys.readouterr().out
    assert ("equal in the latent space" in shown) == (not options) and "long" not in shown
    assert Image.open(tmp_path / "a.png").crop((0, 0, 32, 32)).tobytes() == Image.open(tmp_path / "5.png").convert("RGB").tobytes()
    assert main(["interpolate", "5", str(tmp_path / "5.png"), str(tmp_path / "b.png"), *domain]) == 2


@pytest.mark.parametrize("extension", [".gif", ".mp4", ".webp", ".GIF"])
def test_interpolate_animations(extension, styleclip, tmp_path):
    out = tmp_path / f"a{extension}"
    assert styleclip("interpolate", "5", "6", out, "--frames", "4") == 0
    assert out.stat().st_size > 100 and [path.name for path in tmp_path.iterdir()] == [out.name]
    if extension != ".mp4":
        assert Image.open(out).n_frames == 4


def test_interpolate_there_and_back(styleclip, tmp_path):
    there, back = tmp_path / "there.gif", tmp_path / "back.gif"
    for path, more in ((there, []), (back, ["--back"])):
        assert styleclip("interpolate", "5", "6", path, "--frames", "4", "--psi", "1", *more) == 0
    frames = frames_of(back)
    assert len(frames_of(there)) == 4 and len(frames) == 6
    assert frames[5] == frames[1] and frames[4] == frames[2] and frames[3] != frames[0]


@pytest.mark.slow
def test_interpolate_from_a_photograph_to_a_seed(styleclip, two_faces, models, tmp_path, capsys):
    out = tmp_path / "a.png"
    options = ["--frames", "2", "--uniform", *FEW, "--seed", "4", "--space", "w", "--face", "1"]
    assert styleclip("interpolate", two_faces, "3", out, *options) == 0
    assert "This domain draws noise." in capsys.readouterr().out
    found = invert(models, load_face(models, two_faces, face=1).image, "w", steps=STEPS, seed=4, progress=False)
    Image.open(out).crop((0, 0, 32, 32)).save(tmp_path / "first.png")
    assert_drawn(tmp_path / "first.png", found.image, shades=1)


def test_interpolate_a_picture_whose_name_is_a_number(styleclip, portrait, inverted, monkeypatch):
    monkeypatch.chdir(portrait.parent)
    portrait.rename("7")
    assert styleclip("interpolate", "./7", "7", "a.png", "--frames", "2", *FEW) == 0
    Image.open("a.png").crop((0, 0, 32, 32)).save("first.png")
    assert_drawn(Path("first.png"), inverted.image, shades=1)


def test_interpolate_takes_the_path_that_was_asked_for_and_says_where_attributes_change(styleclip, models, tmp_path, capsys):
    options = ["--frames", "3", "--uniform", "--reach", "-0.5", "1.5", "--layers", "medium", "--psi", "0.4"]
    assert styleclip("interpolate", "5", "6", tmp_path / "a.gif", *options) == 0
    a, b = (models.sample(seed, truncation_psi=0.4) for seed in (5, 6))
    way = morph(models, a, b, frames=3, even=False, reach=(-0.5, 1.5), layers=layer_weights(models.generator, medium=1.0), progress=False)
    changes = [f"  {change}" for change in boundary_crossings(models, way)]
    shown = capsys.readouterr().out.splitlines()
    assert f"The path is {way.length:.2f} long" in shown[0] and changes and shown[1:-1] == changes


def test_edit_saves_the_edited_face(edit, portrait, inverted, models, tmp_path, capsys):
    out, report = tmp_path / "a.png", tmp_path / "r.json"
    assert edit(portrait, out, "--text", TEXT, "--seed", "3", "--lambda-id", "0.2", "--space", "w+", "--report", report) == 0
    started = invert(models, load_image(portrait), preset="default", steps=STEPS, seed=3, progress=False)
    expected = optimize_latent(models, started.w_plus, TEXT, steps=3, seed=3, lambda_id=0.2, space="w+", progress=False)
    assert_drawn(out, expected.image)
    shown, content = capsys.readouterr().out, report_of(report)
    assert "draws noise" not in shown and f"Saved {out}." in shown and f"Saved {report}." in shown
    assert "Asked for" in shown and "Same person" in shown
    assert content["text"] == TEXT and content["measured"]["text"] == TEXT


@pytest.mark.slow
def test_a_photograph_is_cropped_and_one_line_says_what_to_expect(edit, photograph, models, tmp_path, capsys):
    assert edit(photograph, tmp_path / "a.png", "--text", TEXT) == 0
    assert capsys.readouterr().out.splitlines().count("This domain draws noise.") == 1
    start = invert(models, load_face(models, photograph).image, steps=STEPS, progress=False)
    assert_drawn(tmp_path / "a.png", optimize_latent(models, start.w_plus, TEXT, steps=3, progress=False).image)


@pytest.mark.slow
def test_align_can_be_asked_for_outright(edit, portrait, photograph, models, tmp_path, capsys):
    out = tmp_path / "a.png"
    assert edit(portrait, out, "--text", TEXT, "--align", "always") == 2
    assert "No face was found" in capsys.readouterr().err and not out.exists()
    assert edit(photograph, out, "--text", TEXT, "--align", "never") == 0
    assert "draws noise" not in capsys.readouterr().out
    start = invert(models, load_face(models, photograph, align="never").image, steps=STEPS, progress=False)
    assert_drawn(out, optimize_latent(models, start.w_plus, TEXT, steps=3, progress=False).image)


def test_the_defaults_are_those_of_the_library():
    """Without options, the command and the Python call of the README do the same."""
    chosen = edit_command.Settings(Path("a"), Path("b"), text="a")
    steps = signature(invert).parameters["steps"].default
    tuning = signature(tune_generator).parameters
    assert chosen.tune_steps == invert_command.Settings(Path("a"), Path("b")).tune_steps == tuning["steps"].default
    way = interpolate_command.Settings("1", "2", Path("a"))
    assert chosen.inversion_steps == steps == invert_command.Settings(Path("a"), Path("b")).steps == way.inversion_steps
    defaults = {name: value.default for name, value in signature(morph).parameters.items()}
    assert (way.frames, way.space, way.reach) == (defaults["frames"], defaults["space"], defaults["reach"])
    assert way.psi == defaults["truncation_psi"] and way.uniform != defaults["even"]


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0, 0.5])
def test_strength_moves_between_the_face_and_the_edit(strength, edit, portrait, inverted, models, tmp_path):
    assert edit(portrait, tmp_path / "a.png", "--text", TEXT, "--space", "w+", "--strength", strength) == 0
    whole = optimize_latent(models, inverted.w_plus, TEXT, steps=3, space="w+", progress=False)
    assert_drawn(tmp_path / "a.png", models.generator.synthesis(torch.lerp(inverted.w_plus, whole.w_plus, strength)), shades=1)


@pytest.mark.parametrize("text, rgb", [(TEXT, False), ("a face with blue hair", True)])
def test_edit_with_global_directions(text, rgb, edit, portrait, inverted, models, tmp_path):
    options = ["--text", text, "--method", "directions", "--neutral", "a man", "--alpha", "3", "--beta", "0.01", "--strength", "0.5"]
    assert edit(portrait, tmp_path / "a.png", *options) == 0
    expected = GlobalDirections.load(models).edit(inverted.w_plus, text, "a man", 1.5, 0.01, rgb)
    assert_drawn(tmp_path / "a.png", expected.image)


def test_edit_with_the_mapper_that_is_at_hand_or_with_a_file(edit, portrait, inverted, models, tmp_path):
    out, own = tmp_path / "a.png", tmp_path / "own.safetensors"
    train_mapper(models, "a sad face", steps=2, people=4, seed=5, progress=False).save(own)
    for options, name in (([TEXT], "smile"), (["a sad face", "--mapper", own], own)):
        mapper = LatentMapper.load(models, name)
        assert edit(portrait, out, "--method", "mapper", "--strength", "0.5", "--text", *options) == 0
        assert_drawn(out, mapper.edit(inverted.w_plus, 0.5).image)


@pytest.mark.slow
def test_a_mapper_is_trained_for_a_text_that_has_none(edit, portrait, tmp_path):
    report = tmp_path / "r.json"
    assert edit(portrait, tmp_path / "a.png", "--method", "mapper", "--text", "an old face", "--seed", "4", "--report", report) == 0
    content = report_of(report)
    assert (content["text"], content["recipe"]["seed"], content["recipe"]["strength"]) == ("an old face", 4, 1.0)


@pytest.mark.parametrize("method", ["optimization", "mapper"])
def test_strength_auto_is_reported_and_is_what_is_drawn(method, edit, portrait, tmp_path):
    report, found, told = tmp_path / "r.json", tmp_path / "found.png", tmp_path / "told.png"
    options = ["--text", TEXT, "--method", method]
    assert edit(portrait, found, *options, "--strength", "auto", "--report", report) == 0
    strength = report_of(report)["recipe"]["strength"]
    assert strength >= 0 and edit(portrait, told, *options, "--strength", strength) == 0
    assert Image.open(found).tobytes() == Image.open(told).tobytes()


def test_strength_auto_with_global_directions_takes_a_text_apart(edit, portrait, tmp_path):
    report = tmp_path / "r.json"
    options = ["--text", "an old man with a hat", "--method", "directions", "--strength", "auto", "--report", report]
    assert edit(portrait, tmp_path / "a.png", *options) == 0
    changes = report_of(report)["recipe"]["changes"]
    assert len(changes) > 1 and all(change["alpha"] >= 0 for change in changes)


@pytest.mark.parametrize("method", ["optimization", "mapper", "directions"])
def test_edit_draws_with_the_generator_that_was_tuned_to_the_face(method, edit, portrait, inverted, models, tmp_path):
    """At strength 0 the face itself is drawn, as the tuned generator draws it."""
    report = tmp_path / "r.json"
    options = ["--text", TEXT, "--method", method, "--strength", "0", "--tune", "--tune-steps", "12", "--report", report]
    assert edit(portrait, tmp_path / "a.png", *options) == 0
    _, tuned = tune_generator(models, inverted, load_image(portrait), steps=12, progress=False)
    assert float((tuned.image - inverted.image).abs().max()) > 0.05
    assert_drawn(tmp_path / "a.png", tuned.image, shades=1)
    assert report_of(report)["face"]["tune_steps"] == 12


def test_the_edited_face_is_pasted_back_into_the_photograph(edit, photograph, models, tmp_path):
    out, face = tmp_path / "a.png", tmp_path / "face.png"
    assert edit(photograph, out, "--text", TEXT, "--paste-back") == 0
    assert edit(photograph, face, "--text", TEXT) == 0
    start = invert(models, load_face(models, photograph).image, steps=STEPS, progress=False)
    edited = optimize_latent(models, start.w_plus, TEXT, steps=3, progress=False).image
    pasted, expected = (np.asarray(image.convert("RGB")).astype(int)
                        for image in (Image.open(out), load_face(models, photograph).paste_back(edited)))
    assert pasted.shape == np.asarray(Image.open(photograph)).shape and np.abs(pasted - expected).max() <= 1
    assert Image.open(face).size == (32, 32)


@pytest.mark.parametrize("options, half", [([], False), (["--fast"], True)])
def test_fast_edits_in_bfloat16_and_reports_it(options, half, edit, portrait, inverted, models, tmp_path, monkeypatch):
    monkeypatch.setattr("styleclip_lib.speed.bfloat16_pays", lambda kind: True)
    out, report = tmp_path / "a.png", tmp_path / "r.json"
    words = ["--method", "directions", "--beta", "0.01", "--text", TEXT, "--report", report]
    assert edit(portrait, out, *words, *options) == 0
    exact = GlobalDirections.load(models).edit(inverted.w_plus, TEXT, beta=0.01).image.clamp(-1, 1)
    error = float((load_image(out) - exact).abs().mean())
    assert (error > 0.003) == half and error < 0.05
    assert report_of(report).get("fast", False) == half


RECIPES = {
    "optimization": Optimization(steps=3, auxiliary_latents=1, strength=0.5), "mapper": MapperEdit(levels=("coarse",), strength=1.5),
    "directions": Directions(beta=0.01, ridge=0.5), "found strengths": Directions(strength="auto", beta=0.01),
    "channel": ChannelShift(layer="b8.conv1", number=2, sigmas=8.0), "alignment": AlignmentEdit(strength=0.5),
    "alignment by a constant": AlignmentEdit(c=0.2, strength="auto"),
    "optimization from the alignment": Optimization(steps=3, auxiliary_latents=0, start="alignment"),
}


SELDOM = ("found strengths", "channel")


@pytest.mark.parametrize("recipe", [pytest.param(recipe, id=name, marks=[pytest.mark.slow] if name in SELDOM else [])
                                    for name, recipe in RECIPES.items()])
def test_one_picture_and_one_recipe_give_the_same_pixels_everywhere(recipe, edit, portrait, models, tmp_path):
    """By the command line, by the library, by a recipe read from JSON, by the recipe that the report tells."""
    saved, out, report, again = (tmp_path / name for name in ("r.json", "a.png", "report.json", "b.png"))
    SavedEdit(text=TEXT, recipe=recipe).save(saved)
    assert edit(portrait, out, "--recipe", saved, "--report", report) == 0
    face, prompt = Face.of_photo(models, load_face(models, portrait), steps=STEPS, progress=False), Prompt.of(models, TEXT)
    for one in (recipe, Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))):
        save_image(one.apply(models, face, prompt, progress=False).image, again)
        assert again.read_bytes() == out.read_bytes()
    assert edit(portrait, again, "--recipe", report) == 0 and again.read_bytes() == out.read_bytes()
    told = SavedEdit.from_json(report.read_bytes())
    assert told.face == File(name=portrait.name, steps=STEPS) and told.recipe.strength != "auto"


def test_options_change_the_recipe_that_is_read(edit, portrait, tmp_path, capsys):
    saved, report, out = tmp_path / "r.json", tmp_path / "report.json", tmp_path / "a.png"
    SavedEdit(text=TEXT, recipe=Directions(beta=0.01, alpha=3.0)).save(saved)
    assert edit(portrait, out, "--recipe", saved, "--alpha", "1", "--text", "a sad face", "--report", report) == 0
    (change,) = SavedEdit.from_json(report.read_bytes()).recipe.changes
    assert (change.target, change.alpha) == ("a sad face", 1.0)
    assert edit(portrait, out, "--recipe", saved, "--steps", "3") == 2
    assert "--steps belongs to the method optimization; this one is directions" in capsys.readouterr().err
    assert edit(portrait, out, "--recipe", portrait) == 2 and "not JSON" in capsys.readouterr().err


def test_the_settings_of_the_paper(styleclip, portrait, tmp_path, capsys):
    report, out = tmp_path / "r.json", tmp_path / "a.png"
    paper = ["--inversion-steps", "1", "--preset", "paper", "--text", TEXT, "--steps", "2", "--report", report]
    assert styleclip("edit", portrait, out, *paper) == 0
    recipe = SavedEdit.from_json(report.read_bytes()).recipe
    assert (recipe.space, recipe.lambda_l2, recipe.steps, recipe.views) == ("w+", 0.008, 2, 1)
    assert styleclip("edit", portrait, out, "--method", "mapper", "--preset", "paper", "--text", TEXT) == 2
    assert "no preset 'paper'" in capsys.readouterr().err


def test_an_option_of_the_version_before_is_understood_with_a_note(edit, portrait, tmp_path, capsys):
    report = tmp_path / "r.json"
    assert edit(portrait, tmp_path / "a.png", "--text", TEXT, "--lambda-side", "0.7", "--report", report) == 0
    assert SavedEdit.from_json(report.read_bytes()).recipe.lambda_off_direction == 0.7
    assert "--lambda-side is now called --lambda-off-direction" in capsys.readouterr().err


def test_a_recipe_is_read_from_a_file_and_from_nothing_else(tmp_path, portrait, capsys):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "deep.json").write_text("[" * 200_000)
    (tmp_path / "large.json").write_bytes(b" " * 2_000_000)
    for name, hint in (("pipe.json", "pipe"), ("deep.json", "no saved edit"), ("large.json", "bytes"), ("none.json", "no file")):
        assert main(["edit", str(portrait), str(tmp_path / "out.png"), "--recipe", str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert hint in error and error.count("\n") == 1 and not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("words", [["edit", "--text", TEXT], ["edit", "--text", TEXT, "--tune"], ["interpolate", "4"]], ids=" ".join)
def test_ctrl_c_before_there_is_a_result_ends_the_command(words, styleclip, portrait, tmp_path, ctrl_c_while, capsys):
    out = tmp_path / "out.png"
    ctrl_c_while("inverting")
    command, *more = words
    paths = [portrait, *more[:1], out] if command == "interpolate" else [portrait, out, *more]
    assert styleclip(command, *paths, *FEW) == 130 and not out.exists()
    assert "interrupted, nothing was written" in capsys.readouterr().err


def test_ctrl_c_during_the_edit_keeps_the_best_so_far(edit, portrait, inverted, models, tmp_path, ctrl_c_while, capsys):
    out = tmp_path / "out.png"
    ctrl_c_while(TEXT)
    assert edit(portrait, out, "--text", TEXT) == 0 and out.exists()
    assert "Stopped after 2 of 3 steps; this is the best so far." in capsys.readouterr().out


def test_ctrl_c_during_the_inversion_keeps_the_best_so_far_and_tunes_nothing(styleclip, portrait, tmp_path, ctrl_c_while, capsys):
    out = tmp_path / "out.png"
    ctrl_c_while("inverting")
    assert styleclip("invert", portrait, out, "--steps", STEPS, "--tune") == 0 and out.exists()
    printed = capsys.readouterr().out
    assert "Stopped after 2 of 2 steps" in printed and "Tuning" not in printed
