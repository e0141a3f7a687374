"""Learning rates against those of StyleCLIP's optimisation and of StyleGAN2's projector, and what else the projector does."""

import numpy as np
import pytest
import torch

from styleclip_lib.inversion.projector import latent_noise, noise_regularizer, normalized
from styleclip_lib.schedule import ramped
from tests.conformance.cases import assert_near, load_case, tensor


@pytest.mark.parametrize("name, lr", [("styleclip_lr_300", 0.1), ("styleclip_lr_40", 0.1), ("projector_lr_1000", 0.1)])
def test_learning_rates(name, lr):
    wanted = load_case("schedules")[name]
    ours = [ramped(step, len(wanted), lr) for step in range(len(wanted))]
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-12)


def test_the_noise_ramp():
    """Rosinality's projector, 1000 steps, latent noise of 0.05 for codes of spread 1."""
    wanted = load_case("schedules")["projector_noise_strength_1000"]
    ours = [0.05 * latent_noise(step, len(wanted)) for step in range(len(wanted))]
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-12)


def test_the_noise_regulariser():
    case = load_case("schedules")
    maps = [tensor(case[f"noise_{i}"]) for i in range(9)]
    each = [noise_regularizer([noise]).item() for noise in maps]
    np.testing.assert_allclose(each, case["noise_regularize_each"], rtol=0, atol=1e-5)
    for reference in ("noise_regularize", "nvidia_noise_regularize"):
        np.testing.assert_allclose(noise_regularizer(maps).item(), case[reference], rtol=0, atol=1e-5)
    both = noise_regularizer([torch.cat(maps[5:7])]).item()
    np.testing.assert_allclose(both, case["noise_regularize_batch2_of_5_and_6"], rtol=0, atol=1e-5)


def test_normalised_maps_are_nvidias():
    """Rosinality divides by the sample deviation instead, which on 4x4 pixels is 3 % more."""
    case = load_case("schedules")
    for i in range(9):
        ours = normalized(tensor(case[f"noise_{i}"]))
        assert_near(ours, case[f"nvidia_normalized_{i}"], 1e-5)
        deviation = ours.std()
        assert_near(ours / deviation, case[f"rosinality_normalized_{i}"], 1e-5)
