"""CLIPstyler's network: its size, its range, and where it begins."""

import pytest
import torch

from styleclip_lib.networks.style_unet import STRIDE, StyleUnet


def test_it_has_as_many_parameters_as_the_authors():
    assert sum(parameter.numel() for parameter in StyleUnet().parameters()) == 615_267


@pytest.mark.parametrize("size", [(32, 32), (40, 64)])
def test_any_multiple_of_the_stride(size):
    image = torch.rand(2, 3, *size) * 2 - 1
    drawn = StyleUnet(width=4)(image)
    assert drawn.shape == image.shape and drawn.abs().max() < 1 and size[0] % STRIDE == 0


def test_a_residual_network_begins_with_the_picture():
    image = torch.rand(1, 3, 32, 32) * 1.98 - 0.99
    torch.testing.assert_close(StyleUnet(width=4, residual=True)(image), image)
    assert (StyleUnet(width=4)(image) - image).abs().mean() > 0.1


def test_every_parameter_learns():
    network = StyleUnet(width=4)
    network(torch.rand(1, 3, 32, 32)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
