"""Inversion: what comes back, what can be stopped, and how well the portraits are found again."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from styleclip_lib.errors import StyleclipError
from styleclip_lib.inversion import Inversion, invert, psnr
from styleclip_lib.portraits.factors import sample
from styleclip_lib.portraits.render import render


@pytest.fixture(scope="module")
def image(tiny):
    """A picture that the tiny generator can draw."""
    return tiny.generator.synthesis(tiny.sample(1, truncation_psi=1.0)).clamp(-1, 1)


def test_what_comes_back(tiny, image):
    found = invert(tiny, image, steps=3, progress=False)
    assert isinstance(found, Inversion)
    assert found.w_plus.shape == (1, tiny.generator.num_ws, 10) and not found.w_plus.requires_grad
    torch.testing.assert_close(found.image, tiny.generator.synthesis(found.w_plus))
    assert set(found.history) == {"loss", "pixel", "perceptual"}
    assert all(len(values) == 4 for values in found.history.values()), "the start and every step"
    assert found.psnr == pytest.approx(psnr(found.image, image))


def test_the_loss_is_the_sum_of_its_terms(tiny, image):
    found = invert(tiny, image, steps=2, lambda_perceptual=0.7, progress=False)
    for loss, pixel, perceptual in zip(*found.history.values()):
        assert loss == pytest.approx(pixel + 0.7 * perceptual, rel=1e-5)
    drawn = tiny.generator.synthesis(tiny.encoder(image))
    assert found.history["pixel"][0] == pytest.approx(F.mse_loss(drawn, image).item(), rel=1e-4)


def test_more_steps_come_nearer(tiny, image):
    start, end = invert(tiny, image, steps=0, progress=False), invert(tiny, image, steps=40, progress=False)
    assert torch.equal(start.w_plus, tiny.encoder(image))
    assert end.psnr > start.psnr + 3
    assert end.history["loss"][0] == start.history["loss"][0]


def test_the_best_is_kept_not_the_last(tiny, image):
    found = invert(tiny, image, steps=12, lr=20.0, progress=False)
    again = tiny.perceptual(found.image, image).item() * 0.2 + F.mse_loss(found.image, image).item()
    assert again == pytest.approx(min(found.history["loss"]), rel=1e-4)
    assert found.history["loss"][-1] > again


def test_one_w_for_all_layers(tiny, image):
    found = invert(tiny, image, "w", steps=3, progress=False)
    assert torch.equal(found.w_plus, found.w_plus[:, :1].expand_as(found.w_plus))
    assert found.w_plus.shape == (1, tiny.generator.num_ws, 10)


def test_staying_near_the_start(tiny, image):
    start = tiny.encoder(image)
    free, bound = (invert(tiny, image, steps=20, lambda_start=x, progress=False).w_plus for x in (0.0, 1000.0))
    assert (bound - start).norm() < 0.3 * (free - start).norm()


def test_a_domain_without_an_encoder_starts_at_the_mean(tiny, image):
    found = invert(dataclasses.replace(tiny, encoder=None), image, steps=0, progress=False)
    assert torch.equal(found.w_plus[0, 3], tiny.generator.mapping.w_avg)


def test_the_same_again(tiny, image):
    one, two = (invert(tiny, image, steps=4, progress=False) for _ in range(2))
    assert torch.equal(one.w_plus, two.w_plus) and one.history == two.history


@pytest.mark.parametrize("size", [(16, 16), (90, 64)])
def test_other_sizes_are_resized(tiny, size):
    assert invert(tiny, torch.zeros(1, 3, *size), steps=0, progress=False).image.shape == (1, 3, 32, 32)


@pytest.mark.parametrize("wrong, hint", [
    (torch.zeros(3, 32, 32), r"\[1, 3, H, W\]"),
    (torch.zeros(2, 3, 32, 32), r"not \[2, 3, 32, 32\]"),
    (torch.zeros(1, 4, 32, 32), r"load_image"),
    (Image.new("RGB", (32, 32)), r"not Image; load_image"),
])  # fmt: skip
def test_a_wrong_picture(tiny, wrong, hint):
    with pytest.raises(StyleclipError, match=hint):
        invert(tiny, wrong, progress=False)


@pytest.mark.parametrize("settings, hint", [({"space": "z"}, "'w' or 'w\\+', not 'z'"), ({"steps": -1}, "at least 0")])
def test_wrong_settings(tiny, image, settings, hint):
    with pytest.raises(StyleclipError, match=hint):
        invert(tiny, image, progress=False, **settings)


def test_ctrl_c_returns_the_best_so_far(tiny, image, monkeypatch, capsys):
    whole = invert(tiny, image, steps=20, progress=False)
    draw, calls = tiny.generator.synthesis.forward, []

    def interrupted(*arguments, **settings):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return draw(*arguments, **settings)

    monkeypatch.setattr(tiny.generator.synthesis, "forward", interrupted)
    found = invert(tiny, image, steps=20, progress=False)
    assert "Stopped after 5 of 20 steps" in capsys.readouterr().out
    assert found.history["loss"] == whole.history["loss"][:5]
    assert found.psnr > -100 and found.image.shape == (1, 3, 32, 32)


def test_the_networks_are_left_as_they_were(tiny, image):
    before = {key: value.clone() for key, value in tiny.generator.state_dict().items()}
    invert(tiny, image, steps=2, progress=False)
    assert all(torch.equal(value, before[key]) for key, value in tiny.generator.state_dict().items())
    assert all(p.grad is None for p in tiny.generator.parameters())


def test_no_warnings(tiny, image, recwarn):
    invert(tiny, image, steps=1, progress=False)
    assert [str(w.message) for w in recwarn] == []


def test_psnr():
    a = torch.zeros(1, 3, 8, 8)
    assert psnr(a, a) == pytest.approx(120)
    assert psnr(a, a + 0.2) == pytest.approx(20, abs=1e-4), "a tenth of the range"
    assert psnr(a, a + 5) == pytest.approx(-10 * math.log10(0.25), abs=1e-4), "outside counts as the border"


def test_portraits_that_were_never_seen_are_found_again(models):
    """Renders of people whom neither the generator nor the encoder was shown."""
    image = render(sample(1, seed=987_654), models.generator.img_resolution)
    start = invert(models, image, steps=0, progress=False)
    found = invert(models, image, steps=60, progress=False)
    assert found.psnr > 20 and found.psnr > start.psnr + 2
    was, is_now = models.attributes.names(image)[0], models.attributes.names(found.image.clamp(-1, 1))[0]
    kept = [name for name in was if was[name] == is_now[name]]
    assert len(kept) >= 0.75 * len(was)


def test_what_the_generator_draws_is_found_again(models):
    image = models.generator.synthesis(models.sample(12)).clamp(-1, 1)
    assert invert(models, image, steps=40, progress=False).psnr > 25
