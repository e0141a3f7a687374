"""The parts of StyleGAN2's projector; tests/conformance compares them with the official ones."""

import pytest
import torch

from styleclip_lib.inversion.projector import latent_noise, noise_regularizer, normalized, w_deviation


def test_latent_noise_falls_to_nothing():
    strengths = [latent_noise(step, 200) for step in range(201)]
    assert strengths[0] == 1 and strengths[75] == pytest.approx(0.25)
    assert strengths[150:] == [0.0] * 51 and strengths[149] > 0
    assert latent_noise(10, 100, length=0.2) == pytest.approx(0.25)


def test_the_spread_of_w(tiny):
    w = tiny.generator.mapping.w(torch.randn(4000, 12, generator=torch.Generator().manual_seed(9)))
    assert w_deviation(tiny.generator.mapping) == pytest.approx(w.var(0).sum().sqrt().item(), rel=0.05)
    assert w_deviation(tiny.generator.mapping) == w_deviation(tiny.generator.mapping)


def test_noise_costs_little_and_a_pattern_costs_much_at_any_scale():
    rng = torch.Generator().manual_seed(0)
    white = torch.randn(1, 1, 64, 64, generator=rng)
    coarse = torch.randn(1, 1, 8, 8, generator=rng).repeat_interleave(8, 2).repeat_interleave(8, 3)
    stripes = torch.ones(64).cumsum(0).remainder(2).mul(2).sub(1).expand(1, 1, 64, 64)
    assert noise_regularizer([white]) < 0.05
    assert noise_regularizer([normalized(white + 0.7 * coarse)]) > 10 * noise_regularizer([white])
    assert noise_regularizer([stripes]) > 1
    assert noise_regularizer([white, white]) == pytest.approx(2 * noise_regularizer([white]).item())


def test_one_map_by_hand():
    noise = torch.arange(16.0).view(1, 1, 4, 4)
    right = sum(noise[0, 0, i, j] * noise[0, 0, i, j - 1] for i in range(4) for j in range(4)) / 16
    down = sum(noise[0, 0, i, j] * noise[0, 0, i - 1, j] for i in range(4) for j in range(4)) / 16
    assert noise_regularizer([noise]).item() == pytest.approx((right**2 + down**2).item())


def test_normalized():
    noise = normalized(3 + 5 * torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(0)))
    assert noise.mean().abs() < 1e-6 and noise.square().mean().item() == pytest.approx(1)
