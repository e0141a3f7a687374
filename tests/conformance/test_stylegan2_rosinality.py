"""The generator against rosinality/stylegan2-pytorch and StyleCLIP, for the same weights and inputs."""

import numpy as np
import pytest
import torch

from styleclip_lib.weights.readers.stylegan2 import from_rosinality, generator_from_rosinality
from tests.conformance.cases import assert_near, filled_state, load_case, stats, tensor
from tests.conformance.formula import fill
from tests.rosinality import to_rosinality

IMAGE, LATENT = 1e-4, 5e-5      # float32 noise of the reference: 1.1e-5 and 5e-6


def generator_of(case):
    latent_avg = tensor(case["latent_avg"]) if "latent_avg" in case else None
    return generator_from_rosinality(filled_state(case), latent_avg).requires_grad_(False)


@pytest.fixture(scope="module")
def case():
    return load_case("sg2_rosinality_32")


@pytest.fixture(scope="module")
def generator(case):
    return generator_of(case)


@pytest.fixture(scope="module")
def wplus(case):
    return tensor(case["wplus"])


def styles_of(case, name):
    """The eleven style tensors as our two flat vectors. In the file: conv1, rgb1, then (up, conv, rgb) per size."""
    every = [tensor(case[f"{name}_{i:02d}"]) for i in range(11)]
    return torch.cat([s for i, s in enumerate(every) if i % 3 != 1], 1), torch.cat(every[1::3], 1)


def test_sizes_come_from_the_tensors(generator):
    assert (generator.img_resolution, generator.num_ws, generator.z_dim, generator.w_dim) == (32, 8, 512, 512)
    assert generator.mapping.num_layers == 8
    assert generator.channels == {4: 512, 8: 512, 16: 512, 32: 512}


def test_mean_latent_follows_the_formula(case):
    assert_near(tensor(case["latent_avg"]), fill("latent_avg", (512,), [], str(case["salt"])), 0)


def test_mapping(case, generator):
    w_plus = generator.mapping(tensor(case["z"]))
    assert w_plus.shape == (4, 8, 512)
    for i in range(8):
        assert_near(w_plus[:, i], case["w"], LATENT)


def test_image_from_w(case, generator):
    w_plus = tensor(case["w"])[:2, None].repeat(1, 8, 1)
    assert_near(generator.synthesis(w_plus), case["image_w"], IMAGE)


def test_image_from_w_plus(case, generator, wplus):
    assert_near(generator.synthesis(wplus), case["image_wplus"], IMAGE)


@pytest.mark.parametrize("resolution", [4, 8, 16])
def test_skip_sums(case, generator, wplus, resolution):
    assert_near(generator.synthesis(wplus, stop_at=resolution), case[f"skip_{resolution}"], IMAGE)


def test_truncation(case, generator):
    w_plus = generator.mapping(tensor(case["z"])[:2], truncation_psi=0.7)
    assert_near(w_plus[:, 0], case["w_trunc07"], LATENT)
    assert_near(generator.synthesis(w_plus), case["image_trunc07"], IMAGE)


def test_style_mixing(case, generator):
    w = tensor(case["w"])
    w_plus = torch.cat([w[:1, None].repeat(1, 3, 1), w[1:2, None].repeat(1, 5, 1)], dim=1)
    assert_near(generator.synthesis(w_plus), case["image_mix3"], IMAGE)


def test_given_noise(case, generator, wplus):
    noises = [tensor(case[f"noise_given_{i}"]) for i in range(7)]
    assert_near(generator.synthesis(wplus, noises=noises), case["image_noise_given"], IMAGE)


def test_no_noise(case, generator, wplus):
    assert_near(generator.synthesis(wplus, noise_mode="none"), case["image_no_noise"], IMAGE)


def test_gradient(case, generator, wplus):
    wplus = wplus.clone().requires_grad_()
    (generator.synthesis(wplus) * tensor(case["cotangent"])).sum().backward()
    assert_near(wplus.grad, case["grad_wplus"], 2e-2)       # spread 1.9; a leaky ReLU near zero may change side


def test_styles(case, generator, wplus):
    for ours, reference in zip(generator.styles(wplus), styles_of(case, "style")):
        assert_near(ours, reference.numpy(), LATENT)


def test_image_from_edited_styles(case, generator):
    assert_near(generator.from_styles(*styles_of(case, "style_edited")), case["image_style_edited"], IMAGE)


def test_way_back_restores_rosinality_s_state(case):
    state = filled_state(case)
    back, latent_avg = to_rosinality(from_rosinality(state, tensor(case["latent_avg"])))
    fixed = [str(key) for key in case["state_fixed_keys"]]
    assert sorted(back) == sorted([*state, *fixed])
    assert all(torch.equal(back[key], state[key]) for key in state)
    outer = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64 * 4
    assert all(np.array_equal(back[key].numpy(), outer) for key in fixed)
    assert torch.equal(latent_avg, tensor(case["latent_avg"]))


def test_64_pixels_with_half_the_channels():
    case = load_case("sg2_rosinality_64_cm1")
    generator = generator_of(case)
    assert generator.channels == {4: 512, 8: 512, 16: 512, 32: 512, 64: 256}
    assert_near(generator.synthesis(tensor(case["wplus"])), case["image"], IMAGE)
    assert_near(generator.synthesis(tensor(case["wplus"]), stop_at=32), case["skip_32"], IMAGE)


@pytest.mark.slow
def test_256_pixels():
    case = load_case("sg2_rosinality_256")
    image = generator_of(case).synthesis(tensor(case["wplus"]))[0]
    assert_near(image[:, 112:144, 112:144], case["image_crop32"], IMAGE)
    assert_near(image, case["image_f16"], 5e-3)
    np.testing.assert_allclose(stats(image), case["image_stats"], rtol=0, atol=IMAGE)


@pytest.mark.slow
def test_1024_pixels():
    case = load_case("sg2_rosinality_1024")
    generator = generator_of(case)
    assert (generator.num_ws, generator.num_channels, generator.num_rgb_channels) == (18, 6048, 3040)
    w_plus = tensor(case["wplus"])
    image = generator.synthesis(w_plus)[0]
    assert_near(image[:, 3::8, 5::8], case["image_stride8"], IMAGE)
    assert_near(image[:, 480:544, 480:544], case["image_crop64"], IMAGE)
    assert_near(image[:, :16, -16:], case["image_corner16"], IMAGE)
    assert_near(generator.synthesis(w_plus, stop_at=256)[0, :, 1::4, 2::4], case["skip_256_stride4"], IMAGE)
    np.testing.assert_allclose(stats(image), case["skip_stats"][-1], rtol=0, atol=IMAGE)
    for i in range(5):
        skip = generator.synthesis(w_plus, stop_at=4 * 2**i)
        np.testing.assert_allclose(stats(skip), case["skip_stats"][i], rtol=0, atol=IMAGE)
