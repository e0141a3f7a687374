"""``styleclip invert``: what it writes, and what it finds there is what the library finds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib import invert, load_image
from styleclip_lib.inversion.pivotal_tuning import tune_generator

from .conftest import assert_drawn


@pytest.mark.parametrize(("words", "settings"), [
    ([], {}),
    (["--space", "w", "--seed", "2"], {"space": "w", "seed": 2}),
    (["--preset", "projector", "--space", "w+ noise", "--start", "encoder"],
     {"preset": "projector", "space": "w+ noise", "start": "encoder"}),
])  # fmt: skip
def test_the_picture_and_the_code(words, settings, styleclip, portrait, models, tmp_path):
    out, code = tmp_path / "a.png", tmp_path / "w.npz"
    assert styleclip("invert", portrait, out, "--steps", "3", "--latent", code, *words) == 0
    found = invert(models, load_image(portrait), steps=3, progress=False, **settings)
    assert_drawn(out, found.image)
    with np.load(code) as kept:
        np.testing.assert_allclose(kept["w_plus"], found.w_plus[0], atol=1e-5)
        assert sorted(kept) == [*(f"noise_{i}" for i in range(len(found.noises or []))), "w_plus"]
        for i, noise in enumerate(found.noises or []):
            np.testing.assert_allclose(kept[f"noise_{i}"], noise[0, 0], atol=1e-5)


def test_a_npy_file_holds_the_code_alone_and_says_so(styleclip, portrait, models, tmp_path, capsys):
    code = tmp_path / "code.npy"
    assert styleclip("invert", portrait, tmp_path / "a.png", "--steps", "1", "--latent", code, "--space", "w noise") == 0
    kept = torch.from_numpy(np.load(code))
    assert kept.shape == (models.generator.num_ws, models.generator.w_dim) and (kept == kept[0]).all()
    assert "name it .npz" in capsys.readouterr().out


def test_an_animation_of_the_optimisation_path(styleclip, portrait, tmp_path, capsys):
    animation = tmp_path / "way.gif"
    assert styleclip("invert", portrait, tmp_path / "a.png", "--steps", "30", "--gif", animation) == 0
    assert Image.open(animation).n_frames > 10 and f"Saved {animation}." in capsys.readouterr().out


def test_tuned_the_picture_is_what_the_tuned_generator_draws_and_the_code_the_first_ones(styleclip, portrait, models, tmp_path, capsys):
    out, code = tmp_path / "tuned.png", tmp_path / "code.npz"
    options = ["--steps", "3", "--tune", "--tune-steps", "9", "--seed", "2", "--latent", code]
    assert styleclip("invert", portrait, out, *options) == 0
    found = invert(models, load_image(portrait), steps=3, seed=2, progress=False)
    _, tuned = tune_generator(models, found, load_image(portrait), steps=9, seed=2, progress=False)
    assert_drawn(out, tuned.image, shades=1)
    assert f"from {found.psnr:.1f} to {tuned.psnr:.1f} dB" in capsys.readouterr().out
    assert float((tuned.image - found.image).abs().max()) > 0.05
    np.testing.assert_allclose(np.load(code)["w_plus"], found.w_plus[0], atol=1e-5)


@pytest.mark.parametrize(("options", "says"), [
    (["--tune", "--tune-steps", "0"], "--tune-steps 1 or more"),
    (["--gif", "way.png"], "extensions .gif, .mp4, .webp"),
    (["--latent", "w.pt"], "extension .npy, or .npz"),
    (["--preset", "fast"], "'fast'"),
    (["--start", "zero"], "'zero'"),
])  # fmt: skip
def test_mistakes_are_reported_before_anything_is_done(options, says, styleclip, portrait, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert styleclip("invert", portrait, "a.png", *options) == 2
    assert says in capsys.readouterr().err and not (tmp_path / "a.png").exists()
