"""The hint that one network gives another."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from styleclip_lib.networks.attributes import Attributes
from styleclip_lib.training.hint import STAGE, Hint


class Visual(nn.Module):
    """As the second group of CLIP's ResNet: pictures an eighth as large, six channels."""

    def __init__(self):
        super().__init__()
        self.layer2 = nn.Sequential(nn.Module())
        self.layer2[-1].conv3 = nn.Conv2d(3, 6, 1)
        self.layer2[-1].forward = lambda x: self.layer2[-1].conv3(nn.functional.avg_pool2d(x, 8))

    def forward(self, x):
        return self.layer2(x).mean((2, 3))


@pytest.fixture
def parts():
    torch.manual_seed(0)
    visual, attributes = Visual(), Attributes((4, 4, 8, 5), 8).eval()
    return SimpleNamespace(visual=visual, attributes=attributes, hint=Hint(visual, attributes))


def test_it_is_the_squared_distance_to_what_the_other_sees(parts):
    images = torch.randn(4, 3, 16, 16)
    parts.visual(torch.cat([images, torch.randn(2, 3, 16, 16)]))  # two more that get no hint
    loss = parts.hint(images)
    wanted = parts.attributes.trunk(images)[STAGE]
    deviation = wanted.permute(1, 0, 2, 3).flatten(1).std(1).clamp(min=1e-3)
    told = parts.hint.translate(parts.visual.layer2(images))
    assert loss.item() == pytest.approx((told - wanted / deviation.view(1, -1, 1, 1)).square().mean().item(), rel=1e-5)


def test_only_the_pupil_learns(parts):
    images = torch.randn(2, 3, 16, 16)
    parts.visual(images)
    parts.hint(images).backward()
    assert parts.visual.layer2[-1].conv3.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in parts.attributes.parameters())
    assert {name for name, _ in parts.hint.named_parameters()} == {"translate.weight", "translate.bias"}
