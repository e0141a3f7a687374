"""The mobile generator: the wavelet, its layers, and that it has the teacher's interface."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.mobile import MobileGenerator, MobileLayer, haar_join, haar_split
from styleclip_lib.performance.forward_cost import cost

CHANNELS = {4: 24, 8: 24, 16: 16, 32: 8}


@pytest.fixture(scope="module")
def teacher():
    torch.manual_seed(0)
    return Generator(32, z_dim=12, w_dim=10, num_mapping_layers=2, channels=CHANNELS).eval().requires_grad_(False)


@pytest.fixture(scope="module", params=[1, 2])
def student(teacher, request):
    torch.manual_seed(1)
    return MobileGenerator(teacher, kernels=request.param).eval().requires_grad_(False)


def test_the_wavelet_and_its_inverse():
    image = torch.randn(2, 3, 8, 6, generator=torch.Generator().manual_seed(0))
    bands = haar_split(image)
    assert bands.shape == (2, 12, 4, 3)
    torch.testing.assert_close(haar_join(bands), image)
    torch.testing.assert_close(bands[:, ::4], torch.nn.functional.avg_pool2d(image, 2))
    for number, rows in ((1, [[1, -1], [1, -1]]), (2, [[1, 1], [-1, -1]]), (3, [[1, -1], [-1, 1]])):
        pattern = torch.tensor(rows, dtype=torch.float32).expand(1, 1, 2, 2)
        assert haar_split(pattern).flatten().tolist() == [float(band == number) for band in range(4)]


def test_it_has_the_teachers_interface(teacher, student):
    z = torch.randn(3, 12, generator=torch.Generator().manual_seed(2))
    w_plus = student.mapping(z)
    assert torch.equal(w_plus, teacher.mapping(z))
    for ours, theirs in zip(student.styles(w_plus), teacher.styles(w_plus)):
        assert torch.equal(ours, theirs)
    image = student.synthesis(w_plus)
    assert image.shape == (3, 3, 32, 32) and image.isfinite().all()
    torch.testing.assert_close(student.from_styles(*student.styles(w_plus)), image)
    torch.testing.assert_close(student(z, truncation_psi=1.0), image)
    for noise_mode in ("const", "none", "random"):
        torch.testing.assert_close(student.synthesis(w_plus, noise_mode=noise_mode), image)
    pyramid = student.synthesis.pyramid(w_plus)
    assert [picture.shape[-1] for picture in pyramid] == [4, 8, 16, 32]
    for picture in pyramid:
        torch.testing.assert_close(student.synthesis(w_plus, stop_at=picture.shape[-1]), picture)
    assert [name for name, _ in student.style_slices] == [name for name, _ in student.synthesis.conv_layers()]


def test_every_style_tells(teacher, student):
    """So that no edit of the teacher's is lost on the student."""
    w_plus = student.mapping(torch.randn(1, 12, generator=torch.Generator().manual_seed(3)))
    styles = [one.clone().requires_grad_() for one in student.styles(w_plus)]
    loss = (student.from_styles(*styles) ** 2).sum()
    for gradient in torch.autograd.grad(loss, styles):
        assert (gradient != 0).float().mean() > 0.95


def test_a_pointwise_and_a_depthwise_convolution_make_a_dense_one(teacher):
    """By the definition: w[o, i, k] = Σ_m P[o, i, m] K[i, m, k] for a layer that keeps the size."""
    torch.manual_seed(0)
    layer = MobileLayer(teacher.synthesis.b8.conv1.affine, 24, 24, 8, up=1, kernels=2)
    x, style = torch.randn(2, 24, 8, 8), torch.randn(2, 24)
    dense = torch.einsum("oim,imhw->oihw", layer.weight[:, :, 0, 0].view(24, 24, 2), layer.depthwise.view(24, 2, 3, 3))
    normal = style / style.square().mean(1, keepdim=True).sqrt()
    expected = torch.nn.functional.conv2d(x * normal[:, :, None, None], dense, layer.bias, padding=1)
    torch.testing.assert_close(layer(x, style), torch.nn.functional.leaky_relu(expected * 2**0.5, 0.2), atol=1e-4, rtol=1e-4)


def test_a_style_counts_by_its_direction_alone(teacher):
    layer = MobileLayer(teacher.synthesis.b8.conv1.affine, 24, 24, 8, up=1, kernels=1)
    x, style = torch.randn(1, 24, 8, 8), torch.randn(1, 24)
    torch.testing.assert_close(layer(x, 3 * style), layer(x, style), atol=1e-5, rtol=1e-4)


def test_it_costs_less_and_shares_what_it_says(teacher, student):
    learnt = student.learnt()
    assert learnt and not any(".affine." in name or name.startswith("mapping") for name in learnt)
    shared = set(student.state_dict()) - set(learnt)
    assert all(torch.equal(student.state_dict()[name], teacher.state_dict()[name]) for name in shared)
    w_plus = teacher.mapping(torch.randn(1, 12))
    ours, theirs = (cost(one.synthesis, lambda one=one: one.synthesis(w_plus)) for one in (student, teacher))
    own = sum(parameter.numel() for parameter in learnt.values())
    convolutions = sum(layer.weight.numel() for _, layer in teacher.synthesis.conv_layers())
    assert own < convolutions / 2 and ours.flops < theirs.flops / 2 and ours.parameters < theirs.parameters


def test_there_are_no_noise_maps(student):
    with pytest.raises(StyleclipError, match="without noise maps"):
        _ = student.synthesis.b8.conv1.noise_const
