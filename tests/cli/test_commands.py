"""What each command does when all is well, on the toy domain of conftest.py."""

from __future__ import annotations

import json
from inspect import signature
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.cli import edit, interpolate, invert
from styleclip_lib.cli.main import main
from styleclip_lib.cli.sample import read_seeds
from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.boundary_crossing import Flip
from styleclip_lib.images import load_image, to_pil
from styleclip_lib.interpolation import morph
from styleclip_lib.photos.pasting import paste_back


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


def test_sample_draws_one_face_or_a_grid_and_a_face_depends_on_its_own_seed(toy, tmp_path):
    one, grid = tmp_path / "one.png", tmp_path / "grid.png"
    assert main(["sample", str(one), "--seed", "5"]) == 0
    assert main(["sample", str(grid), "--seeds", "4-6", "--columns", "3"]) == 0
    assert Image.open(one).size == (16, 16) and Image.open(grid).size == (52, 16)
    assert Image.open(grid).crop((18, 0, 34, 16)).tobytes() == Image.open(one).tobytes()


def test_sample_psi_zero_is_the_average_face(toy, tmp_path):
    for seed in "12":
        assert main(["sample", str(tmp_path / f"{seed}.png"), "--seed", seed, "--psi", "0"]) == 0
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


def test_align(toy, photograph, tmp_path, capsys):
    assert main(["align", str(photograph), str(tmp_path / "a.png"), "--size", "20"]) == 0
    assert Image.open(tmp_path / "a.png").size == (20, 20)
    assert capsys.readouterr().out == f"Saved {tmp_path / 'a.png'}.\n"


def test_one_of_several_faces_can_be_chosen(toy, photograph, tmp_path):
    out = str(tmp_path / "a.png")
    for given, face in (([], None), (["--face", "1"], 1), (["--face", "largest"], "largest")):
        assert main(["align", str(photograph), out, "--framing", "1.5", *given]) == 0
        assert toy.seen["face"] == face and toy.seen["framing"] == 1.5
        assert main(["invert", str(photograph), out, *given]) == 0
        assert toy.seen["face"] == face


def test_invert_saves_picture_and_code(toy, portrait, tmp_path):
    out, code = tmp_path / "a.png", tmp_path / "w.npy"
    assert main(["invert", str(portrait), str(out), "--latent", str(code), "--space", "w", "--steps", "3"]) == 0
    assert np.load(code).shape == (toy.models.generator.num_ws, 8)
    assert toy.seen["invert"]["space"] == "w" and toy.seen["invert"]["steps"] == 3
    torch.testing.assert_close(toy.seen["invert"]["image"], load_image(portrait))


def frames_of(path: Path) -> list[bytes]:
    """The pixels of every frame of a GIF."""
    film = Image.open(path)
    return [film.convert("RGB").tobytes() for i in range(film.n_frames) if film.seek(i) is None]


def drawn_by_sample(seed: str, tmp_path: Path) -> bytes:
    assert main(["sample", str(tmp_path / "s.png"), "--seed", seed]) == 0
    return Image.open(tmp_path / "s.png").tobytes()


@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_interpolate_two_seeds(space, toy, tmp_path, capsys):
    """The ends are the faces that sample draws, in every space."""
    out = tmp_path / "a.png"
    assert main(["interpolate", "5", "6", str(out), "--frames", "3", "--space", space]) == 0
    sheet = Image.open(out)
    assert sheet.width == 2 * 16 + 2, "two columns, and labels below"
    assert sheet.crop((0, 0, 16, 16)).tobytes() == drawn_by_sample("5", tmp_path)
    below = sheet.height // 2 + 1
    assert sheet.crop((0, below, 16, below + 16)).tobytes() == drawn_by_sample("6", tmp_path)
    shown = capsys.readouterr().out
    assert "long; its steps differ by" in shown and f"Saved {out}." in shown


@pytest.mark.parametrize("extension", [".gif", ".mp4", ".webp", ".GIF"])
def test_interpolate_films(extension, toy, tmp_path):
    out = tmp_path / f"a{extension}"
    assert main(["interpolate", "5", "6", str(out), "--frames", "4"]) == 0
    assert out.stat().st_size > 100 and [path.name for path in tmp_path.iterdir()] == [out.name]
    if extension != ".mp4":
        assert Image.open(out).n_frames == 4


def test_interpolate_there_and_back(toy, tmp_path):
    there, back = tmp_path / "there.gif", tmp_path / "back.gif"
    for path, more in ((there, []), (back, ["--back"])):
        assert main(["interpolate", "5", "6", str(path), "--frames", "4", "--psi", "1", *more]) == 0
    frames = frames_of(back)
    assert len(frames_of(there)) == 4 and len(frames) == 6
    assert frames[5] == frames[1] and frames[4] == frames[2] and frames[3] != frames[0]


def test_interpolate_pictures_and_a_picture_with_a_seed(toy, portrait, photograph, tmp_path, capsys):
    out = str(tmp_path / "a.gif")
    options = ["--frames", "3", "--inversion-steps", "7", "--seed", "4", "--space", "w", "--face", "1"]
    assert main(["interpolate", str(portrait), str(photograph), out, *options]) == 0
    assert (toy.seen["invert"]["steps"], toy.seen["invert"]["seed"], toy.seen["invert"]["space"]) == (7, 4, "w")
    assert toy.seen["face"] == 1 and "draws portraits" in capsys.readouterr().out
    assert main(["interpolate", "3", str(portrait), out, "--frames", "3"]) == 0
    assert toy.seen["invert"]["space"] == "w+"


def test_interpolate_a_picture_whose_name_is_a_number(toy, portrait, monkeypatch):
    monkeypatch.chdir(portrait.parent)
    portrait.rename("7")
    assert main(["interpolate", "./7", "7", "a.gif", "--frames", "2"]) == 0
    assert toy.seen["invert"]["image"].shape == (1, 3, 16, 16)


def test_interpolate_hands_its_options_over(toy, tmp_path, monkeypatch):
    def heard(models, a, b, **settings):
        seen.update(settings)
        return morph(models, a, b, **settings)

    seen: dict = {}
    monkeypatch.setattr("styleclip_lib.interpolation.morph", heard)
    options = ["--frames", "3", "--uniform", "--reach", "-0.5", "1.5", "--layers", "medium", "--psi", "0.4"]
    assert main(["interpolate", "5", "6", str(tmp_path / "a.gif"), *options]) == 0
    assert seen.pop("layers").tolist() == [0, 0, 0, 1, 1, 1]
    assert seen == {"frames": 3, "even": False, "reach": (-0.5, 1.5), "space": "w+", "truncation_psi": 0.4}


def test_interpolate_says_where_attributes_flip(toy, tmp_path, capsys, monkeypatch):
    def heard(models, way):
        return [Flip("glasses", "none", "sunglasses", 0.431), Flip("weight", None, "fat", 0.9)]

    monkeypatch.setattr("styleclip_lib.evaluation.boundary_crossing.attribute_path", heard)
    toy.reader = "a network"
    assert main(["interpolate", "5", "6", str(tmp_path / "a.gif"), "--frames", "3"]) == 0
    assert "  0.43 glasses: none -> sunglasses\n  0.90 weight: in between -> fat\n" in capsys.readouterr().out


def test_edit_saves_the_edited_face(toy, portrait, tmp_path, capsys):
    out = tmp_path / "a.png"
    assert main(["edit", str(portrait), str(out), "--text", "a smile", "--seed", "3", "--steps", "7"]) == 0
    assert toy.seen["edit"] == {"text": "a smile", "steps": 7, "space": "styles", "lambda_l2": None, "lambda_id": 0.1, "lambda_side": 0.15,
                                "layers": "all", "seed": 3}
    assert Image.open(out).tobytes() == to_pil(toy.seen["measured"]).tobytes()
    shown = capsys.readouterr().out
    assert "aligned" not in toy.seen and "draws portraits" not in shown
    assert "target_reached" in shown and f"Saved {out}." in shown


def test_a_photograph_is_cropped_and_one_line_says_what_to_expect(toy, photograph, tmp_path, capsys):
    assert main(["edit", str(photograph), str(tmp_path / "a.png"), "--text", "a smile"]) == 0
    assert toy.seen["aligned"] == (50, 40)
    notes = [line for line in capsys.readouterr().out.splitlines() if "draws portraits" in line]
    assert len(notes) == 1


@pytest.mark.parametrize(("align", "cropped"), [("auto", False), ("always", True), ("never", False)])
def test_align_can_be_asked_for_outright(align, cropped, toy, portrait, tmp_path):
    assert main(["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a", "--align", align]) == 0
    assert ("aligned" in toy.seen) == cropped


def test_align_never_takes_a_picture_of_any_size_as_it_is(toy, photograph, tmp_path):
    assert main(["edit", str(photograph), str(tmp_path / "a.png"), "--text", "a", "--align", "never"]) == 0
    assert "aligned" not in toy.seen and toy.seen["invert"]["image"].shape == (1, 3, 16, 16)


def test_the_defaults_are_those_of_the_library():
    """Without options, the command and the Python call of the README do the same."""
    optimization = pytest.importorskip("styleclip_lib.editing.optimization")
    inversion = pytest.importorskip("styleclip_lib.inversion.invert")
    chosen = edit.Settings(Path("a"), Path("b"), text="a")
    defaults = {name: value.default for name, value in signature(optimization.optimize_latent).parameters.items()}
    for name in ("steps", "space", "lambda_l2", "lambda_id", "lambda_side", "layers", "seed"):
        assert getattr(chosen, name) == defaults[name], name
    directions = pytest.importorskip("styleclip_lib.editing.directions.global_directions")
    assert (chosen.neutral, chosen.alpha) == (directions.NEUTRAL, directions.ALPHA)
    steps = signature(inversion.invert).parameters["steps"].default
    tuning = signature(pytest.importorskip("styleclip_lib.inversion.pivotal_tuning").tune_generator).parameters
    assert chosen.tune_steps == invert.Settings(Path("a"), Path("b")).tune_steps == tuning["steps"].default
    way = interpolate.Settings("1", "2", Path("a"))
    assert chosen.inversion_steps == steps == invert.Settings(Path("a"), Path("b")).steps == way.inversion_steps
    defaults = {name: value.default for name, value in signature(morph).parameters.items()}
    assert (way.frames, way.space, way.reach) == (defaults["frames"], defaults["space"], defaults["reach"])
    assert way.psi == defaults["truncation_psi"] and way.uniform != defaults["even"]


def test_strength_moves_between_the_face_and_the_edit(toy, portrait, tmp_path):
    def edited(strength: str) -> torch.Tensor:
        assert main(["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a", "--strength", strength]) == 0
        return toy.seen["measured"]

    for strength in (1, 0.5, 0):
        shown = edited(str(strength))
        expected = toy.models.generator.synthesis(torch.full((1, 6, 8), 0.5 + strength))
        torch.testing.assert_close(shown, expected)


def test_edit_with_global_directions(toy, portrait, tmp_path):
    arguments = ["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a smile", "--method", "directions"]
    assert main([*arguments, "--neutral", "a man", "--alpha", "3", "--beta", "0.2", "--strength", "0.5"]) == 0
    assert "edit" not in toy.seen and ("a smile", "a man", 1.5, 0.2, False) in toy.seen["directions"]
    expected = toy.models.generator.synthesis(torch.full((1, 6, 8), 0.5 + 1.5))
    torch.testing.assert_close(toy.seen["measured"], expected)
    assert main(arguments) == 0
    assert ("a smile", "a face", 2.0, None, False) in toy.seen["directions"]
    assert main([*arguments, "--text", "blue hair"]) == 0
    assert ("blue hair", "a face", 2.0, None, True) in toy.seen["directions"]


@pytest.mark.parametrize("text, options, used", [
    ("a face with glasses", [], "glasses"), ("a smile", ["--seed", "4"], "trained for a smile, seed 4"),
    ("a smile", ["--mapper", "my.safetensors"], "my.safetensors")])
def test_edit_with_a_mapper_that_is_at_hand_or_a_new_one(text, options, used, toy, portrait, tmp_path):
    arguments = ["edit", str(portrait), str(tmp_path / "a.png"), "--text", text, "--method", "mapper", "--strength", "0.5"]
    assert main([*arguments, *options]) == 0
    assert toy.seen["mapper"] == used and "edit" not in toy.seen
    torch.testing.assert_close(toy.seen["measured"], toy.models.generator.synthesis(torch.full((1, 6, 8), 1.0)))


@pytest.mark.parametrize("method", ["optimization", "mapper"])
def test_strength_auto_takes_what_is_enough_and_reports_it(method, toy, portrait, tmp_path):
    report = tmp_path / "r.json"
    arguments = ["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a smile", "--method", method]
    assert main([*arguments, "--strength", "auto", "--report", str(report)]) == 0
    text, weak, strong = toy.seen["auto"]
    assert text == "a smile"
    torch.testing.assert_close(toy.seen["measured"], weak)
    torch.testing.assert_close(strong, toy.models.generator.synthesis(torch.full((1, 6, 8), 1.5)))
    assert json.loads(report.read_text(encoding="utf-8"))["recipe"]["strength"] == 0.25


@pytest.mark.parametrize("options, asked", [([], [None, None]), (["--neutral", "a man", "--beta", "0.1"], ["a man", 0.1])])
def test_strength_auto_with_global_directions(options, asked, toy, portrait, tmp_path):
    report = tmp_path / "r.json"
    arguments = ["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a smile", "--method", "directions", "--strength", "auto"]
    assert main([*arguments, *options, "--report", str(report)]) == 0
    assert toy.seen["auto"] == ["a smile", *asked]
    torch.testing.assert_close(toy.seen["measured"], toy.models.generator.synthesis(torch.full((1, 6, 8), 0.75)))
    assert json.loads(report.read_text(encoding="utf-8"))["recipe"]["changes"] == [{"text": "a smile", "alpha": 0.25}]


METHODS = {"optimization": 1.5, "mapper": 1.5, "directions": 2.5}
"""And what each makes of a code of 0.5 in the toy domain, at strength 1."""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tune", [False, True])
def test_edit_draws_with_the_generator_that_was_fitted_to_the_face(method, tune, toy, portrait, tmp_path):
    toy.noises, report = [torch.ones(1, 1, 4, 4)], tmp_path / "r.json"
    arguments = ["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a smile", "--method", method, "--report", str(report)]
    assert main([*arguments, *(["--tune", "--tune-steps", "5", "--seed", "3"] if tune else [])]) == 0
    models = toy.tuned if tune else toy.models
    torch.testing.assert_close(toy.seen["measured"], models.generator.synthesis(torch.full((1, 6, 8), METHODS[method])))
    torch.testing.assert_close(toy.seen["before"], load_image(portrait) + (0.1 if tune else 0))
    assert toy.seen.get("tuned") == ({"steps": 5, "seed": 3} if tune else None)
    assert ("noises" in toy.seen) != tune and toy.seen.get("noises", toy.noises) is toy.noises
    recipe = json.loads(report.read_text(encoding="utf-8"))["recipe"]
    assert recipe.get("tuning") == ({"steps": 5, "seed": 3} if tune else None)


def test_the_edited_face_is_pasted_back_into_the_photograph(toy, photograph, tmp_path):
    out = tmp_path / "a.png"
    assert main(["edit", str(photograph), str(out), "--text", "a smile", "--paste-back"]) == 0
    quad = np.array([[10.0, 5.0], [10.0, 35.0], [40.0, 35.0], [40.0, 5.0]])
    expected = paste_back(photograph, toy.seen["measured"], quad)
    assert Image.open(out).tobytes() == expected.tobytes() and expected.size == (50, 40)
    assert toy.seen["invert"]["image"].shape == (1, 3, 16, 16)
    assert main(["edit", str(photograph), str(out), "--text", "a smile"]) == 0
    assert Image.open(out).size == (16, 16)


@pytest.mark.parametrize("options, half", [([], False), (["--fast"], True)])
def test_fast_edits_in_bfloat16_and_reports_it(options, half, toy, portrait, tmp_path, monkeypatch):
    monkeypatch.setattr("styleclip_lib.performance.speed.bfloat16_pays", lambda kind: True)
    report = tmp_path / "r.json"
    assert main(["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a smile", *options, "--report", str(report)]) == 0
    exact = toy.models.generator.synthesis(torch.full((1, 6, 8), 1.5))
    assert torch.equal(toy.seen["measured"], exact) != half
    torch.testing.assert_close(toy.seen["measured"], exact, rtol=0, atol=0.1)
    assert json.loads(report.read_text(encoding="utf-8"))["recipe"].get("fast", False) == half


def test_every_method_on_offer_is_there():
    assert get_args(get_type_hints(edit.Settings)["method"]) == tuple(edit.METHODS)


def test_the_report_holds_the_recipe_and_what_was_measured(toy, portrait, tmp_path):
    report = tmp_path / "r.json"
    arguments = ["edit", str(portrait), str(tmp_path / "a.png"), "--text", "ein Lächeln", "--strength", "0.5"]
    assert main([*arguments, "--report", str(report)]) == 0
    assert json.loads(report.read_text(encoding="utf-8")) == {
        "recipe": {"text": "ein Lächeln", "seed": 0, "strength": 0.5},
        "measured": {"target_reached": True, "changed": ["glasses"], "identity": 0.5},
    }
