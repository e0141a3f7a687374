"""The quick network for one style: size, shapes, where it begins."""

import pytest
import torch

from styleclip_lib.networks.fast_style import STRIDE, FastStyle


def test_in_half_precision_it_has_less_than_600_kb():
    assert 2 * sum(value.numel() for value in FastStyle().state_dict().values()) < 600_000


@pytest.mark.parametrize("size", [(32, 32), (36, 64)])
def test_it_begins_with_the_picture(size):
    image = torch.rand(2, 3, *size) * 1.98 - 0.99
    drawn = FastStyle(width=4, blocks=1)(image)
    torch.testing.assert_close(drawn, image)
    assert size[0] % STRIDE == 0


def test_every_parameter_learns():
    network = FastStyle(width=4, blocks=1)
    torch.nn.init.normal_(network.last.weight)
    network(torch.rand(1, 3, 32, 32)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
