"""What the generator promises beside the numbers, which tests/conformance compares with the official ones."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks import generator as module
from styleclip_lib.networks.generator import Generator

CHANNELS = {4: 16, 8: 12, 16: 8}


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    generator = Generator(16, z_dim=10, w_dim=6, num_mapping_layers=2, channels=CHANNELS)
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.constant_(parameter, 0.5)
    return generator.requires_grad_(False)


@pytest.fixture(scope="module")
def w_plus(generator):
    return torch.randn(2, generator.num_ws, 6, generator=torch.Generator().manual_seed(1))


def test_sizes(generator):
    assert generator.num_ws == 6
    assert generator.layer_resolutions == [4, 8, 8, 16, 16, 16]
    names = [name for name, _ in generator.style_slices]
    assert names == ["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1"]
    assert generator.style_slices[1:3] == [("b8.conv0", slice(16, 32)), ("b8.conv1", slice(32, 44))]
    assert [where for _, where in generator.rgb_style_slices] == [slice(0, 16), slice(16, 28), slice(28, 36)]
    assert generator.rgb_style_slices[1][0] == "b8.torgb"
    assert (generator.num_channels, generator.num_rgb_channels) == (16 + 16 + 12 + 12 + 8, 36)
    assert generator(torch.randn(3, 10)).shape == (3, 3, 16, 16)


def test_names_in_the_state_dict(generator):
    names = set(generator.state_dict())
    assert {"mapping.fc0.weight", "mapping.fc1.bias", "mapping.w_avg", "synthesis.b4.const",
            "synthesis.b16.torgb.affine.bias",
            "synthesis.b8.conv0.weight", "synthesis.b8.conv0.affine.weight", "synthesis.b8.conv1.noise_const",
            "synthesis.b8.conv1.noise_strength"} <= names
    assert len(names) == 2 * 2 + 1 + 1 + 5 * 6 + 3 * 4
    assert "synthesis.b8.conv1.noise_const" not in dict(generator.named_parameters())


def test_through_styles_is_the_same(generator, w_plus):
    styles, rgb_styles = generator.styles(w_plus)
    assert styles.shape == (2, generator.num_channels)
    assert rgb_styles.shape == (2, generator.num_rgb_channels)
    assert torch.equal(generator.from_styles(styles, rgb_styles), generator.synthesis(w_plus))


@pytest.mark.parametrize("latent, conv, rgb", [
    (0, "b4.conv1", None),
    (1, "b8.conv0", "b4.torgb"),
    (2, "b8.conv1", None),
    (3, "b16.conv0", "b8.torgb"),
    (5, None, "b16.torgb"),
])
def test_which_latent_feeds_which_layer(generator, w_plus, latent, conv, rgb):
    other = w_plus.clone()
    other[:, latent] += 1
    changed = []
    for before, after, slices in zip(generator.styles(w_plus), generator.styles(other),
                                     [generator.style_slices, generator.rgb_style_slices]):
        changed += [name for name, where in slices if not torch.equal(before[:, where], after[:, where])]
    assert changed == [name for name in (conv, rgb) if name]


def test_the_resolution_for_a_network_is_the_lowest_that_is_enough(generator):
    assert [generator.synthesis.resolution_for(size) for size in (1, 4, 5, 8, 16, 17, 224)] == [4, 4, 8, 8, 16, 16, 16]


def test_stop_at_gives_the_sum_so_far_and_ignores_later_layers(generator, w_plus):
    small = generator.synthesis(w_plus, stop_at=8)
    assert small.shape == (2, 3, 8, 8)
    other = w_plus.clone()
    other[:, 4:] += 1
    assert torch.equal(generator.synthesis(other, stop_at=8), small)
    assert torch.equal(generator.synthesis(w_plus, stop_at=16), generator.synthesis(w_plus))
    assert torch.equal(generator.from_styles(*generator.styles(w_plus), stop_at=8), small)


def test_noise_modes(generator, w_plus):
    const = generator.synthesis(w_plus)
    assert torch.equal(const, generator.synthesis(w_plus, noise_mode="const"))
    stored = [layer.noise_const[None, None] for _, layer in generator.synthesis.conv_layers()]
    assert torch.equal(generator.synthesis(w_plus, noises=stored), const)
    torch.manual_seed(5)
    first = generator.synthesis(w_plus, noise_mode="random")
    second = generator.synthesis(w_plus, noise_mode="random")
    torch.manual_seed(5)
    assert torch.equal(generator.synthesis(w_plus, noise_mode="random"), first)
    assert not torch.allclose(first, second)
    zeros = [torch.zeros_like(noise) for noise in stored]
    without = generator.synthesis(w_plus, noise_mode="none")
    torch.testing.assert_close(without, generator.synthesis(w_plus, noises=zeros))


def test_random_noise_differs_between_the_samples_of_a_batch(generator, w_plus):
    twice = generator.synthesis(w_plus[:1].repeat(2, 1, 1), noise_mode="random")
    assert not torch.allclose(twice[0], twice[1])


def test_many_pictures_are_drawn_in_several_goes(generator, monkeypatch):
    """But for gradients, for which nothing would be saved; noise maps go along."""
    w_plus = torch.randn(5, generator.num_ws, 6, generator=torch.Generator().manual_seed(2))
    maps = [torch.randn(5 if i else 1, 1, r, r) for i, r in enumerate(generator.layer_resolutions[:-1])]
    at_once = generator.synthesis(w_plus, noises=maps)
    first, goes = generator.synthesis.b4, []
    hook = first.conv1.register_forward_hook(lambda layer, inputs, output: goes.append(len(output)))
    monkeypatch.setattr(module, "AT_ONCE", 2 * 16**2)
    assert (generator.synthesis.at_once(), generator.synthesis.at_once(8)) == (2, 8)
    torch.testing.assert_close(generator.synthesis(w_plus, noises=maps), at_once)
    assert goes == [2, 2, 1]
    torch.testing.assert_close(generator.synthesis(w_plus, stop_at=8), generator.synthesis(w_plus.clone().requires_grad_(), stop_at=8))
    generator.synthesis(w_plus.clone().requires_grad_()).sum().backward()
    hook.remove()
    assert goes == [2, 2, 1, 5, 5, 5]


def test_samples_of_a_batch_do_not_mix(generator, w_plus):
    torch.testing.assert_close(generator.synthesis(w_plus)[1:], generator.synthesis(w_plus[1:]))


@pytest.mark.parametrize("call, words", [
    (lambda g: g.synthesis(torch.zeros(1, 6)), r"\[B, 6, 6\]"),
    (lambda g: g.synthesis(torch.zeros(1, 5, 6)), r"\[B, 6, 6\]"),
    (lambda g: g.synthesis(torch.zeros(1, 6, 6), stop_at=32), r"\[4, 8, 16\]"),
    (lambda g: g.synthesis(torch.zeros(1, 6, 6), noise_mode="constant"), "const"),
    (lambda g: g.synthesis(torch.zeros(1, 6, 6), noises=[]), "needs 5"),
    (lambda g: g.from_styles(torch.zeros(1, 3), torch.zeros(1, 36)), r"styles has shape \[1, 3\]"),
    (lambda g: g.from_styles(torch.zeros(1, 64), torch.zeros(1, 3)), r"rgb_styles has shape \[1, 3\]"),
    (lambda g: g.mapping(torch.zeros(1, 11)), r"z has shape \[1, 11\]"),
    (lambda g: Generator(48, channels={}), "power of two"),
    (lambda g: Generator(16, channels={4: 8, 8: 8}), "16"),
])
def test_mistakes_are_named(generator, call, words):
    with pytest.raises(StyleclipError, match=words):
        call(generator)


def test_autocast_stays_near_and_keeps_channels_last():
    torch.manual_seed(0)
    generator = Generator(32, z_dim=16, w_dim=16, num_mapping_layers=2, channels={4: 16, 8: 16, 16: 16, 32: 16})
    w_plus = generator.mapping(torch.randn(2, 16))
    seen = {}
    for name, layer in generator.synthesis.conv_layers():
        layer.register_forward_hook(lambda _m, _i, y, name=name: seen.__setitem__(name, y))
    exact = generator.synthesis(w_plus)
    assert all(y.is_contiguous(memory_format=torch.channels_last) for y in seen.values())
    with torch.autocast("cpu", torch.bfloat16):
        rough = generator.synthesis(w_plus)
    assert rough.dtype == torch.float32
    assert all(y.dtype == torch.bfloat16 and y.is_contiguous(memory_format=torch.channels_last) for y in seen.values())
    assert 0 < (rough - exact).abs().max() < 0.1 * exact.std() + 0.1


def test_path_length_penalty_has_gradients():
    """Karras et al. 2020, section 3.2: the gradient of a gradient reaches every weight before the last toRGB bias."""
    torch.manual_seed(0)
    generator = Generator(8, z_dim=4, w_dim=4, num_mapping_layers=1, channels={4: 4, 8: 4}).double()
    w_plus = generator.mapping(torch.randn(2, 4).double())
    image = generator.synthesis(w_plus, noise_mode="random")
    (gradient,) = torch.autograd.grad((image * torch.randn_like(image)).sum(), w_plus, create_graph=True)
    gradient.square().sum(dim=2).mean(dim=1).sqrt().mean().backward()
    for name in ("synthesis.b4.const", "synthesis.b8.conv0.weight", "synthesis.b8.conv1.affine.weight",
                 "mapping.fc0.weight"):
        assert generator.get_parameter(name).grad.abs().sum() > 0, name


def test_numerical_gradients():
    torch.manual_seed(0)
    generator = Generator(8, z_dim=4, w_dim=3, num_mapping_layers=1, channels={4: 3, 8: 2})
    generator.double().requires_grad_(False)
    w_plus = generator.mapping(torch.randn(1, 4).double()).requires_grad_()
    assert torch.autograd.gradcheck(lambda w: generator.synthesis(w), (w_plus,))
