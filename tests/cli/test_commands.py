"""What each command does when all is well, on the toy domain of conftest.py."""

from __future__ import annotations

import json
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.cli import edit, invert
from styleclip_lib.cli.main import main
from styleclip_lib.cli.sample import read_seeds
from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import load_image, to_pil


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


def test_edit_saves_the_edited_face(toy, portrait, tmp_path, capsys):
    out = tmp_path / "a.png"
    assert main(["edit", str(portrait), str(out), "--text", "a smile", "--seed", "3", "--steps", "7"]) == 0
    assert toy.seen["edit"] == {"text": "a smile", "steps": 7, "lambda_l2": 0.0015, "lambda_id": 0.2, "seed": 3}
    assert Image.open(out).tobytes() == to_pil(toy.seen["measured"]).tobytes()
    shown = capsys.readouterr().out
    assert "aligned" not in toy.seen and "draws portraits" not in shown
    assert "target_reached" in shown and f"Saved {out}." in shown


def test_a_photograph_is_cropped_and_one_line_says_what_to_expect(toy, photograph, tmp_path, capsys):
    assert main(["edit", str(photograph), str(tmp_path / "a.png"), "--text", "a smile"]) == 0
    assert toy.seen["aligned"] == (50, 40)
    notes = [line for line in capsys.readouterr().out.splitlines() if "--domain ffhq" in line]
    assert len(notes) == 1 and "draws portraits" in notes[0]


@pytest.mark.parametrize(("align", "cropped"), [("auto", False), ("always", True), ("never", False)])
def test_align_can_be_asked_for_outright(align, cropped, toy, portrait, tmp_path):
    assert main(["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a", "--align", align]) == 0
    assert ("aligned" in toy.seen) == cropped


def test_align_never_takes_a_picture_of_any_size_as_it_is(toy, photograph, tmp_path):
    assert main(["edit", str(photograph), str(tmp_path / "a.png"), "--text", "a", "--align", "never"]) == 0
    assert "aligned" not in toy.seen and toy.seen["invert"]["image"].shape == (1, 3, 16, 16)


def test_the_defaults_are_those_of_the_library():
    """Without options, the command and the Python call of the README do the same."""
    optimization = pytest.importorskip("styleclip_lib.editing.latent_optimization")
    inversion = pytest.importorskip("styleclip_lib.inversion")
    chosen = edit.Settings(Path("a"), Path("b"), text="a")
    defaults = {name: value.default for name, value in signature(optimization.optimize_latent).parameters.items()}
    for name in ("steps", "lambda_l2", "lambda_id", "seed"):
        assert getattr(chosen, name) == defaults[name], name
    steps = signature(inversion.invert).parameters["steps"].default
    assert chosen.inversion_steps == steps == invert.Settings(Path("a"), Path("b")).steps


def test_strength_moves_between_the_face_and_the_edit(toy, portrait, tmp_path):
    def edited(strength: str) -> torch.Tensor:
        assert main(["edit", str(portrait), str(tmp_path / "a.png"), "--text", "a", "--strength", strength]) == 0
        return toy.seen["measured"]

    for strength in (1, 0.5, 0):
        shown = edited(str(strength))
        expected = toy.models.generator.synthesis(torch.full((1, 6, 8), 0.5 + strength))
        torch.testing.assert_close(shown, expected)


def test_the_report_holds_the_recipe_and_what_was_measured(toy, portrait, tmp_path):
    report = tmp_path / "r.json"
    arguments = ["edit", str(portrait), str(tmp_path / "a.png"), "--text", "ein Lächeln", "--strength", "0.5"]
    assert main([*arguments, "--report", str(report)]) == 0
    assert json.loads(report.read_text(encoding="utf-8")) == {
        "recipe": {"text": "ein Lächeln", "seed": 0, "strength": 0.5},
        "measured": {"target_reached": True, "changed": ["glasses"], "identity": 0.5},
    }
