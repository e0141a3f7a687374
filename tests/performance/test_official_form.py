"""The generator in the official form draws the same pictures as ours, with the same gradients."""

import pytest
import torch

from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.modulation import modulated_conv2d_reference
from styleclip_lib.networks.resampling import filter2d_reference, upsample2d_reference
from styleclip_lib.performance.official_form import grouped_modulated_conv2d, official_synthesis, upfirdn2d


@pytest.mark.parametrize("conv_clamp", [None, 0.8])
@pytest.mark.parametrize("batch", [1, 3])
def test_the_same_pictures(conv_clamp, batch):
    torch.manual_seed(0)
    generator = Generator(32, 10, 6, 2, {4: 16, 8: 12, 16: 8, 32: 4}, conv_clamp).double()
    for name, parameter in generator.named_parameters():
        if name.endswith(("bias", "noise_strength")):
            torch.nn.init.normal_(parameter, std=0.5)
    synthesis = generator.requires_grad_(False).synthesis
    w_plus = torch.randn(batch, generator.num_ws, 6, dtype=torch.float64, requires_grad=True)
    results = []
    for draw in (synthesis, official_synthesis):
        image = draw(w_plus) if draw is synthesis else draw(synthesis, w_plus)
        results.append([image, *torch.autograd.grad(image.pow(3).sum(), w_plus)])
    assert results[0][0].shape == (batch, 3, 32, 32)
    for ours, official in zip(*results):
        torch.testing.assert_close(ours, official)
    with torch.no_grad():
        torch.testing.assert_close(synthesis(w_plus), results[1][0])


@pytest.mark.parametrize("up, size", [(1, 3), (1, 1), (2, 3)])
@pytest.mark.parametrize("demodulate", [True, False])
def test_grouped_convolution_equals_the_reference(up, size, demodulate):
    torch.manual_seed(0)
    x, weight, styles = (torch.randn(shape, dtype=torch.float64) for shape in ((3, 5, 4, 6), (7, 5, size, size), (3, 5)))
    torch.testing.assert_close(grouped_modulated_conv2d(x, weight, styles, demodulate, up),
                               modulated_conv2d_reference(x, weight, styles, demodulate, up))


def test_upfirdn_equals_the_references():
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(upfirdn2d(x, up=1, before=1, after=1, gain=2.0), filter2d_reference(x, padding=1, gain=2.0))
    torch.testing.assert_close(upfirdn2d(x, up=2, before=2, after=1, gain=4.0), upsample2d_reference(x))
