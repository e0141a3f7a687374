"""Inversion: what comes back, what can be stopped, and how well the portraits are found again."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from styleclip_lib.errors import StyleclipError
from styleclip_lib.inversion.invert import (
    LARGEST,
    PRESETS,
    SPACES,
    Inversion,
    Preset,
    compared,
    invert,
    preset_for,
    psnr,
)
from styleclip_lib.networks.e4e import E4e
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.lpips import Lpips
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample


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


@pytest.mark.parametrize("settings, hint", [
    ({"space": "q"}, "'w\\+', 'z noise'.*not 'q'"),
    ({"space": "noise"}, "not 'noise'"),
    ({"start": "zero"}, "'alignment', 'mean', not 'zero'"),
    ({"preset": "fast"}, "default, projector, image2stylegan, photograph, not 'fast'"),
    ({"steps": -1}, "at least 0"),
    ({"patience": 0}, "patience at least 1"),
    ({"frames": -1}, "frames must be at least 0"),
])  # fmt: skip
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


# --- spaces, starts and presets ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy(tiny):
    """The tiny generator with noise that shows."""
    generator = Generator(32, z_dim=12, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8})
    generator.load_state_dict(tiny.generator.state_dict())
    generator.eval().requires_grad_(False)
    for _, layer in generator.synthesis.conv_layers():
        layer.noise_strength.fill_(0.3)
    generator.mapping.w_avg.copy_(generator.mapping.w(torch.randn(500, 12, generator=torch.Generator().manual_seed(1))).mean(0))
    return dataclasses.replace(tiny, generator=generator)


@pytest.mark.slow
@pytest.mark.parametrize("space", SPACES)
def test_every_space_comes_nearer_and_can_be_drawn_again(noisy, image, space):
    start, found = (invert(noisy, image, space, steps=steps, progress=False) for steps in (0, 25))
    assert found.psnr > start.psnr
    assert torch.equal(noisy.generator.synthesis(found.w_plus, noises=found.noises), found.image)
    one_w = torch.equal(found.w_plus, found.w_plus[:, :1].expand_as(found.w_plus))
    assert one_w == (not space.startswith("w+")) and not found.w_plus.requires_grad
    assert (found.noises is not None) == space.endswith("noise")


def test_the_noise_maps_start_as_the_generators_own_and_stay_noise(noisy, image):
    start, found = (invert(noisy, image, "w+ noise", steps=steps, progress=False) for steps in (0, 12))
    layers = noisy.generator.synthesis.conv_layers()
    assert len(found.noises) == len(layers) == 7
    for (_, layer), before, after in zip(layers, start.noises, found.noises):
        assert torch.equal(before[0, 0], layer.noise_const) and not torch.equal(after, before) and not after.requires_grad
        assert after.mean().abs() < 1e-5 and after.square().mean().item() == pytest.approx(1, rel=1e-3)
    assert torch.equal(start.image, invert(noisy, image, steps=0, progress=False).image)
    assert set(found.history) == {"loss", "pixel", "perceptual", "noise"}
    assert found.history["loss"][3] == pytest.approx(
        found.history["pixel"][3] + 0.2 * found.history["perceptual"][3] + 1e5 * found.history["noise"][3], rel=1e-4)


def test_without_the_regulariser_the_picture_hides_in_the_noise(noisy, image):
    free = invert(noisy, image, "w+ noise", steps=30, preset=Preset(lambda_noise=0.0), progress=False)
    bound = invert(noisy, image, "w+ noise", steps=30, progress=False)
    assert free.history["noise"][-1] > 10 * bound.history["noise"][-1]
    assert free.psnr > bound.psnr


def test_the_best_is_the_nearest_picture_whatever_the_noise_term_says(noisy, image):
    found = invert(noisy, image, "w+ noise", steps=15, lr=2.0, progress=False)
    sums = [pixel + 0.2 * perceptual for pixel, perceptual in zip(found.history["pixel"], found.history["perceptual"])]
    again = F.mse_loss(found.image, image).item() + 0.2 * noisy.perceptual(found.image, image).item()
    assert again == pytest.approx(min(sums), rel=1e-3) and sums.index(min(sums)) != found.history["loss"].index(min(found.history["loss"]))


def test_a_z_stays_what_the_mapping_network_can_make(noisy, image):
    one, other = (invert(noisy, image, "z", start="mean", steps=3, seed=seed, progress=False) for seed in (1, 2))
    assert not torch.equal(one.w_plus, other.w_plus), "other candidates for the start"
    many = noisy.generator.mapping.w(torch.randn(1000, 12, generator=torch.Generator().manual_seed(1)))
    start = invert(noisy, image, "z", start="mean", steps=0, seed=1, progress=False).w_plus[0, 0]
    mean = noisy.generator.mapping.w_avg
    assert (start - mean).norm().item() == pytest.approx((many - mean).norm(dim=1).min().item(), rel=1e-4)


def test_the_start_can_be_the_mean(noisy, image):
    found = invert(noisy, image, start="mean", steps=0, progress=False)
    assert torch.equal(found.w_plus, noisy.generator.mapping.w_avg.expand_as(found.w_plus))


def test_a_loss_of_its_own(tiny, image):
    found = invert(tiny, image, steps=2, lambda_pixel=0.0, lambda_perceptual=3.0, progress=False)
    assert found.history["loss"] == pytest.approx([3 * value for value in found.history["perceptual"]], rel=1e-5)


def test_a_preset_is_the_same_as_its_settings_and_can_be_overruled(tiny, image):
    plain = invert(tiny, image, preset="image2stylegan", steps=4, progress=False)
    spelled = invert(tiny, image, "w+", start="mean", lr=0.01, lambda_pixel=1, lambda_perceptual=1, preset=Preset(ramp=False), steps=4,
                     progress=False)
    assert plain.history == spelled.history and torch.equal(plain.w_plus, spelled.w_plus)
    overruled = invert(tiny, image, "w", preset="image2stylegan", lr=0.02, steps=4, progress=False)
    assert torch.equal(overruled.w_plus[:, 0], overruled.w_plus[:, 1]) and overruled.history["loss"][1:] != plain.history["loss"][1:]
    assert {name: preset.space for name, preset in PRESETS.items()} == {"default": "w+", "projector": "w noise", "image2stylegan": "w+",
                                                                             "photograph": "w+ noise"}


def test_the_learning_rate_of_image2stylegan_stays(tiny, image):
    """Adam's first step is as long as the learning rate, whatever the gradient."""
    one = invert(tiny, image, preset="image2stylegan", steps=1, progress=False)
    moved = (one.w_plus - tiny.generator.mapping.w_avg).abs()
    assert one.history["loss"][1] < one.history["loss"][0] and moved.max().item() == pytest.approx(0.01, rel=1e-3)


def test_latent_noise_falls_to_nothing(noisy, image):
    one, two, same = (invert(noisy, image, preset="projector", steps=12, seed=seed, progress=False) for seed in (1, 2, 1))
    calm = invert(noisy, image, preset=dataclasses.replace(PRESETS["projector"], latent_noise=0.0), steps=12, progress=False)
    assert one.history == same.history and torch.equal(one.image, same.image)
    assert len({found.history["perceptual"][0] for found in (one, two, calm)}) == 3
    assert one.noises is not None and torch.equal(one.w_plus[:, 0], one.w_plus[:, -1])


def test_patience_ends_what_does_not_get_better(tiny, image):
    patient = invert(tiny, image, steps=30, patience=5, lr=1e-9, progress=False)
    assert len(patient.history["loss"]) == 6
    busy = invert(tiny, image, steps=8, patience=7, progress=False)
    assert len(busy.history["loss"]) == 9


def test_frames_lead_from_the_start_to_the_end(tiny, image):
    start, found = (invert(tiny, image, steps=steps, frames=4, progress=False) for steps in (0, 9))
    assert len(start.frames) == 1 and len(found.frames) == 4
    torch.testing.assert_close(found.frames[0], start.image.clamp(-1, 1), rtol=0, atol=1e-4)
    assert psnr(found.frames[-1], image) == pytest.approx(found.psnr, abs=0.5)
    assert invert(tiny, image, steps=9, progress=False).frames == []
    assert len(invert(tiny, image, steps=3, frames=20, progress=False).frames) == 4, "no more than there are steps"


# --- photographs ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tiny):
    """A generator of 512 pixels, e4e for it, and LPIPS, all narrow and with random weights."""
    torch.manual_seed(3)
    generator = Generator(512, z_dim=12, w_dim=10, num_mapping_layers=2, channels={2**i: 4 for i in range(2, 10)})
    encoder, perceptual = E4e(generator.num_ws, 10, (16, 16, 32, 32, 48, 64)), Lpips("alexnet")
    for part in (generator, encoder, perceptual):
        part.eval().requires_grad_(False)
    calibration = dataclasses.replace(tiny.calibration, inversion="photograph")
    return dataclasses.replace(tiny, generator=generator, encoder=encoder, perceptual=perceptual, calibration=calibration)


@pytest.mark.slow
def test_a_photograph_starts_with_e4e_and_is_compared_at_256_pixels(large):
    image = large.generator.synthesis(large.sample(5, truncation_psi=1.0)).clamp(-1, 1)
    start, found = (invert(large, image, preset=preset_for(large), steps=steps, progress=False) for steps in (0, 2))
    assert torch.equal(start.w_plus, large.encoder(image)) and start.w_plus.shape == (1, 16, 10)
    seen, wanted = F.avg_pool2d(start.image, 2), F.avg_pool2d(image, 2)
    assert start.history["pixel"] == [pytest.approx(F.mse_loss(seen, wanted).item(), rel=1e-4)]
    assert start.history["perceptual"] == [pytest.approx(large.perceptual(seen, wanted).item(), rel=1e-4)]
    for loss, pixel, perceptual, noise in zip(*(found.history[name] for name in ("loss", "pixel", "perceptual", "noise"))):
        assert loss == pytest.approx(pixel + 0.8 * perceptual + 1e5 * noise, rel=1e-4)
    assert found.psnr == pytest.approx(psnr(found.image, image)) and found.image.shape == (1, 3, 512, 512)
    assert len(found.noises) == 15 and not torch.equal(found.noises[-1], start.noises[-1]), "the largest map learns too"


def test_pictures_are_made_smaller_by_areas_and_only_large_ones():
    checks = torch.ones(1, 3, 1024, 1024)
    checks[:, :, ::2] = -1
    assert not compared(checks).any() and compared(checks).shape[-1] == LARGEST == 256
    small = torch.rand(1, 3, 256, 256)
    assert compared(small) is small


def test_the_preset_for_photographs_is_for_domains_that_say_so(tiny, large):
    assert preset_for(tiny) == "default" and preset_for(large) == "photograph"


def test_psnr():
    a = torch.zeros(1, 3, 8, 8)
    assert psnr(a, a) == pytest.approx(120)
    assert psnr(a, a + 0.2) == pytest.approx(20, abs=1e-4), "a tenth of the range"
    assert psnr(a, a + 5) == pytest.approx(-10 * math.log10(0.25), abs=1e-4), "outside counts as the border"


@pytest.mark.slow
def test_unseen_portraits_are_inverted(models):
    """Renders of people whom neither the generator nor the encoder was shown."""
    image = render(sample(1, seed=987_654), models.generator.img_resolution)
    start = invert(models, image, steps=0, progress=False)
    found = invert(models, image, steps=60, progress=False)
    assert found.psnr > 20 and found.psnr > start.psnr + 2
    was, is_now = (models.attributes.read(picture)[0].values() for picture in (image, found.image.clamp(-1, 1)))
    kept = [name for name in was if was[name] == is_now[name]]
    assert len(kept) >= 0.75 * len(was)


@pytest.mark.slow
def test_what_the_generator_draws_is_inverted(models):
    image = models.generator.synthesis(models.sample(12)).clamp(-1, 1)
    assert invert(models, image, steps=40, progress=False).psnr > 25
