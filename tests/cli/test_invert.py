"""``styleclip invert``: what it hands over to the library, and what it writes."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.cli.main import main


@pytest.fixture
def heard(toy, monkeypatch):
    """What `invert` was asked for; it finds noise maps if the space says so, and as many frames as it should."""
    asked: dict = {}

    def invert(models, image, **settings):
        asked.update(settings)
        w_plus = torch.full((1, models.generator.num_ws, models.generator.w_dim), 0.5)
        noises = [torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 8, 8)] if "noise" in settings.get("space", "") else None
        frames = [image * (i / 50) for i in range(settings.get("frames", 0))]
        return SimpleNamespace(w_plus=w_plus, image=image, noises=noises, frames=frames, psnr=20.0)

    monkeypatch.setattr(sys.modules["styleclip_lib.inversion.invert"], "invert", invert)
    return asked


def test_only_what_was_chosen_is_handed_over(heard, portrait, tmp_path):
    out = str(tmp_path / "a.png")
    assert main(["invert", str(portrait), out]) == 0
    assert heard == {"preset": "default", "steps": 100, "seed": 0}
    assert main(["invert", str(portrait), out, "--preset", "projector", "--space", "w+ noise", "--start", "encoder", "--steps", "7"]) == 0
    assert heard == {"steps": 7, "seed": 0, "preset": "projector", "space": "w+ noise", "start": "encoder"}


def test_a_film_of_the_way(heard, portrait, tmp_path, capsys):
    film = tmp_path / "way.gif"
    assert main(["invert", str(portrait), str(tmp_path / "a.png"), "--gif", str(film)]) == 0
    assert heard["frames"] == 40 and Image.open(film).n_frames > 10
    assert f"Saved {film}." in capsys.readouterr().out


def test_noise_maps_are_kept_in_an_npz(heard, portrait, tmp_path, capsys):
    code = tmp_path / "code.npz"
    arguments = ["invert", str(portrait), str(tmp_path / "a.png"), "--latent"]
    assert main([*arguments, str(code), "--space", "w+ noise"]) == 0
    with np.load(code) as kept:
        assert sorted(kept) == ["noise_0", "noise_1", "w_plus"]
        assert kept["w_plus"].shape == (6, 8) and kept["noise_0"].shape == (4, 4)
    assert main([*arguments, str(code)]) == 0
    with np.load(code) as kept:
        assert sorted(kept) == ["w_plus"]
    capsys.readouterr()
    assert main([*arguments, str(tmp_path / "code.npy"), "--space", "w noise"]) == 0
    assert "name it .npz" in capsys.readouterr().out and np.load(tmp_path / "code.npy").shape == (6, 8)


def test_the_preset_is_the_one_that_suits_the_domain(heard, portrait, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["styleclip_lib.inversion.invert"], "preset_for", lambda models: "photograph")
    for given, preset in (([], "photograph"), (["--preset", "default"], "default")):
        assert main(["invert", str(portrait), str(tmp_path / "a.png"), *given]) == 0
        assert heard["preset"] == preset


def test_tuned_the_picture_is_what_the_tuned_generator_draws_and_the_code_the_first_ones(heard, toy, portrait, tmp_path, capsys):
    plain, tuned, code = tmp_path / "plain.png", tmp_path / "tuned.png", tmp_path / "code.npz"
    assert main(["invert", str(portrait), str(plain)]) == 0
    assert "tuned" not in toy.seen and "Tuning" not in capsys.readouterr().out
    assert main(["invert", str(portrait), str(tuned), "--tune", "--tune-steps", "9", "--seed", "2", "--space", "w+ noise",
                 "--latent", str(code)]) == 0
    assert toy.seen["tuned"] == {"steps": 9, "seed": 2} and "from 20.0 to 30.0 dB" in capsys.readouterr().out
    difference = np.asarray(Image.open(tuned)).astype(int) - np.asarray(Image.open(plain))
    assert set(difference.ravel().tolist()) <= {12, 13}
    assert "noise_1" in np.load(code)


@pytest.mark.parametrize(("options", "says"), [
    (["--tune", "--tune-steps", "0"], "--tune-steps 1 or more"),
    (["--gif", "way.png"], "extensions .gif, .mp4, .webp"),
    (["--latent", "w.pt"], "extension .npy, or .npz"),
    (["--preset", "fast"], "'fast'"),
    (["--start", "zero"], "'zero'"),
])  # fmt: skip
def test_mistakes_are_said_before_anything_is_done(options, says, heard, portrait, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["invert", str(portrait), "a.png", *options]) == 2
    assert says in capsys.readouterr().err and heard == {} and not (tmp_path / "a.png").exists()
