"""The generator against NVlabs/stylegan2-ada-pytorch, for the same weights and inputs."""

import numpy as np
import pytest
import torch

from styleclip_lib.weights.readers.stylegan2 import from_rosinality, generator_from_nvidia
from tests.conformance.cases import assert_near, filled_state, load_case, shape, tensor
from tests.conformance.formula import fill

IMAGE, LATENT = 1e-4, 5e-5

RESHAPE = {"same": lambda t: t, "[0]": lambda t: t[0], "[0,0]": lambda t: t[0, 0], "view(3)": lambda t: t.reshape(3)}


@pytest.fixture(scope="module")
def case():
    return load_case("sg2_nvidia_32")


@pytest.fixture(scope="module")
def rosinality_state():
    return filled_state(load_case("sg2_rosinality_32"))


@pytest.fixture(scope="module")
def generator(case, rosinality_state):
    source = {**rosinality_state, "latent_avg": tensor(fill("latent_avg", (512,), [], str(case["salt"])))}
    state = {}
    for ours, theirs, how in case["key_map"]:
        tensor_ = source[str(theirs)]
        state[str(ours)] = tensor_.reshape([]) if str(ours).endswith("noise_strength") else RESHAPE[str(how)](tensor_)
    return generator_from_nvidia(state).requires_grad_(False)


def test_key_map(case, generator, rosinality_state):
    """Our own map of names and shapes agrees with the file's."""
    ours = from_rosinality(rosinality_state, generator.mapping.w_avg)
    assert sorted(ours) == sorted(str(key) for key in case["key_map"][:, 0])
    assert all(torch.equal(ours[key], value) for key, value in generator.state_dict().items())


def test_mapping_and_truncation(case, generator):
    z = tensor(case["z"])
    assert_near(generator.mapping(z)[:, 0], case["w"], LATENT)
    assert_near(generator.mapping(z[:2], truncation_psi=0.7), case["ws_psi07"], LATENT)
    assert_near(generator.mapping(z[:2], truncation_psi=0.5, truncation_cutoff=4), case["ws_psi05_cut4"], LATENT)


@pytest.mark.slow
def test_images(case, generator):
    z, w_plus = tensor(case["z"])[:2], tensor(case["wplus"])
    assert_near(generator(z), case["image_w"], IMAGE)
    assert_near(generator(z, truncation_psi=0.7), case["image_psi07"], IMAGE)
    assert_near(generator(z, truncation_psi=0.5, truncation_cutoff=4), case["image_psi05_cut4"], IMAGE)
    assert_near(generator.synthesis(w_plus), case["image_wplus"], IMAGE)
    assert_near(generator.synthesis(w_plus, noise_mode="none"), case["image_wplus_noise_none"], IMAGE)


@pytest.fixture(scope="module")
def auto():
    return load_case("sg2_nvidia_auto_64")


@pytest.fixture(scope="module")
def auto_state(auto):
    return filled_state(auto)


@pytest.mark.slow
def test_auto_configuration(auto, auto_state):
    generator = generator_from_nvidia(auto_state, conv_clamp=256).requires_grad_(False)
    z, w_plus = tensor(auto["z"]), tensor(auto["wplus"])
    assert generator.mapping.num_layers == 2
    assert_near(generator.mapping(z)[:, 0], auto["w"], LATENT)
    assert_near(generator(z), auto["image"], IMAGE)
    assert_near(generator.synthesis(w_plus), auto["image_wplus"], IMAGE)
    assert_near(generator.synthesis(w_plus, noise_mode="none"), auto["image_wplus_noise_none"], IMAGE)
    assert_near(generator(z[:1], truncation_psi=0.7), auto["image_psi07"], IMAGE)
    truncated = generator.mapping(z[:1], truncation_psi=0.7, truncation_cutoff=8)
    assert_near(truncated, auto["ws_psi07_cut8"], LATENT)
    assert_near(generator.synthesis(truncated), auto["image_psi07_cut8"], IMAGE)


def test_auto_styles(auto, auto_state):
    generator = generator_from_nvidia(auto_state)
    styles, rgb_styles = generator.styles(tensor(auto["wplus"]))
    layers = {name: styles[:, where] for name, where in generator.style_slices}
    layers |= {name: rgb_styles[:, where] for name, where in generator.rgb_style_slices}
    assert len(layers) == len(auto["style_names"])
    for i, name in enumerate(auto["style_names"]):
        kind, resolution = str(name).lower().split("_resolution_")
        assert_near(layers[f"b{resolution}.{kind}"], auto[f"style_{i:02d}"], LATENT)


def test_clamp_limits_activations_and_rgb(auto, auto_state):
    generator = generator_from_nvidia(auto_state, conv_clamp=1).requires_grad_(False)
    assert_near(generator.synthesis(tensor(auto["wplus"])), auto["image_wplus_clamp1"], IMAGE)


def test_small_dimensions_are_read_from_the_tensors():
    case = load_case("sg2_nvidia_pickle_16")
    assert shape(str(case["state_shapes"][0])) == (16, 4, 4)
    generator = generator_from_nvidia(filled_state(case), conv_clamp=256).requires_grad_(False)
    assert (generator.z_dim, generator.w_dim, generator.img_resolution) == (32, 32, 16)
    z = tensor(case["z"])
    assert_near(generator.mapping(z)[:, 0], case["w"], LATENT)
    assert_near(generator(z), case["image"], IMAGE)
    assert_near(generator(z, truncation_psi=0.5), case["image_psi05"], IMAGE)
    np.testing.assert_array_equal(generator.synthesis.b16.conv1.noise_const.numpy(), case["noise_const_b16_conv1"])
