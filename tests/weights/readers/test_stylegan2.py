"""What the readers of StyleGAN2 state dicts say about files they cannot use; tests/conformance compares numbers."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.generator import Generator
from styleclip_lib.weights.readers.stylegan2 import (
    from_rosinality,
    generator_from_nvidia,
    generator_from_rosinality,
)
from tests.rosinality import to_rosinality


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return Generator(16, z_dim=10, w_dim=6, num_mapping_layers=3, channels={4: 8, 8: 6, 16: 4}).requires_grad_(False)


def test_a_state_dict_is_enough(generator):
    copy = generator_from_nvidia(generator.state_dict())
    assert (copy.z_dim, copy.w_dim, copy.mapping.num_layers, copy.channels) == (10, 6, 3, {4: 8, 8: 6, 16: 4})
    assert not copy.training
    assert all(parameter.requires_grad for parameter in copy.parameters())
    z = torch.randn(2, 10)
    assert torch.equal(copy(z), generator(z))


def test_the_file_s_tensors_are_copied(generator):
    state = generator.state_dict()
    copy = generator_from_nvidia(state)
    state["synthesis.b4.const"].zero_()
    assert copy.synthesis.b4.const.abs().sum() > 0


def test_there_and_back(generator):
    generator.mapping.w_avg.normal_()
    back = generator_from_rosinality(*to_rosinality(generator.state_dict()))
    assert all(torch.equal(value, generator.state_dict()[key]) for key, value in back.state_dict().items())


def test_without_mean_latent(generator):
    state, _ = to_rosinality(generator.state_dict())
    assert torch.equal(from_rosinality(state)["mapping.w_avg"], torch.zeros(6))


def test_filters_are_left_out(generator):
    state = {**generator.state_dict(), "synthesis.b8.conv0.resample_filter": torch.zeros(4, 4)}
    assert "synthesis.b8.conv0.resample_filter" not in generator_from_nvidia(state).state_dict()


@pytest.mark.parametrize("key", ["synthesis.b4.const", "synthesis.b8.conv1.weight", "synthesis.b16.torgb.affine.bias"])
def test_missing_tensor(generator, key):
    state = generator.state_dict()
    del state[key]
    with pytest.raises(StyleclipError, match=key):
        generator_from_nvidia(state)


@pytest.mark.parametrize("key", ["input.input", "convs.1.noise.weight", "noises.noise_4"])
def test_missing_tensor_in_rosinality_layout(generator, key):
    state, _ = to_rosinality(generator.state_dict())
    del state[key]
    with pytest.raises(StyleclipError, match=f"rosinality layout.*{key}"):
        generator_from_rosinality(state)


def test_unknown_and_misshapen_tensors(generator):
    state = generator.state_dict()
    with pytest.raises(StyleclipError, match="class-conditional"):
        generator_from_nvidia({**state, "mapping.embed.weight": torch.zeros(6, 2)})
    with pytest.raises(StyleclipError, match=r"synthesis\.b8\.conv1\.bias"):
        generator_from_nvidia({**state, "synthesis.b8.conv1.bias": torch.zeros(3)})


def test_absurd_tensors(generator):
    state = generator.state_dict()
    sizes = {"mapping.fc0.weight": (6, 8193), "mapping.w_avg": (), "synthesis.b4.const": (0,), "synthesis.b8.conv1.weight": (6,)}
    for key, size in sizes.items():
        wrong = torch.zeros(size)
        with pytest.raises(StyleclipError, match=f"{key} .*does not fit"):
            generator_from_nvidia({**state, key: wrong})
    with pytest.raises(StyleclipError, match="does not fit") as error:
        generator_from_nvidia({**state, "line\n\x1b[31m" + "x" * 500: torch.zeros(1)})
    assert str(error.value).isprintable() and len(str(error.value)) < 300


@pytest.mark.slow
def test_thousands_of_resolutions(generator):
    one = torch.zeros(3)
    with pytest.raises(StyleclipError, match=r"missing|50\d\d tensors"):
        generator_from_nvidia({**generator.state_dict(), **{f"synthesis.b{i}.torgb.bias": one for i in range(5000)}})
    state, _ = to_rosinality(generator.state_dict())
    with pytest.raises(StyleclipError, match=r"missing|50\d\d tensors"):
        generator_from_rosinality({**state, **{f"to_rgbs.{i}.bias": one for i in range(5000)}})


def test_tensors_of_another_shape_in_rosinality_layout(generator):
    state, latent_avg = to_rosinality(generator.state_dict())
    for key in ("noises.noise_1", "to_rgb1.bias", "conv1.noise.weight", "input.input"):
        with pytest.raises(StyleclipError, match=r"another shape|does not fit"):
            generator_from_rosinality({**state, key: torch.zeros(2)}, latent_avg)


def test_something_else_altogether():
    with pytest.raises(StyleclipError, match="not a StyleGAN2 generator"):
        generator_from_nvidia({"conv.weight": torch.zeros(1)})
    with pytest.raises(StyleclipError, match="not a StyleGAN2 generator"):
        generator_from_rosinality({})
