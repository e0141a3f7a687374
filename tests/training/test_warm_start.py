"""The running start: the code of a portrait, the mapping network that learns it, copying renders."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.mapping import MappingNetwork
from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.portraits.world.attributes import BY_NAME
from styleclip_lib.portraits.world.factors import NAMES, sample
from styleclip_lib.portraits.world.latents import Z_DIM, is_category
from styleclip_lib.training.warm_start import OFFSET, StandardCode, center_styles, copy_loss, factor_code, teach_mapping

pytestmark = pytest.mark.slow


def test_the_code_tells_every_factor():
    people = sample(30, seed=0)
    code, at = factor_code(people), 0
    for name in NAMES:
        truth = getattr(people, name)
        if is_category(name):
            width = len(BY_NAME[name].values)
            assert torch.equal(code[:, at : at + width].argmax(1), truth)
            assert (code[:, at : at + width].sum(1) == 1).all()
        else:
            width = 1
            assert torch.equal(code[:, at], truth)
        at += width
    assert at == code.shape[1]


def test_the_standard_code_has_mean_0_and_variance_1():
    code = StandardCode(seed=0, count=4000)
    values = code(torch.randn(4000, Z_DIM, generator=torch.Generator().manual_seed(9)))
    assert values.shape == (4000, code.size)
    assert values.mean(0).abs().max() < 0.1
    assert (values.std(0) - 1).abs().max() < 0.15


def taught(steps: int):
    torch.manual_seed(0)
    mapping = MappingNetwork(Z_DIM, 110, num_ws=4, num_layers=3)
    return mapping, teach_mapping(mapping, steps, batch_size=128, progress=False)


@pytest.fixture(scope="module")
def mapping_and_residual():
    return taught(60)


def test_teaching_lowers_what_is_missing(mapping_and_residual):
    assert mapping_and_residual[1] < taught(2)[1] - 0.03


def test_w_is_a_linear_image_of_the_code(mapping_and_residual):
    """The residual that is returned is the share of the code that a linear map cannot find in w."""
    mapping, residual = mapping_and_residual
    code = StandardCode(0)
    z = torch.randn(8000, Z_DIM, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        w = mapping.w(z)
        wanted = code(z)
        inputs = torch.cat([w, torch.ones(len(w), 1)], 1).double()
        found = inputs @ torch.linalg.lstsq(inputs, wanted.double(), driver="gelsd").solution
    missing = (found - wanted).square().mean() / wanted.var()
    assert missing < residual + 0.05
    torch.testing.assert_close(mapping.w_avg, w.mean(0), rtol=0, atol=0.05)
    assert w.mean() == pytest.approx(OFFSET, abs=0.2), "w lies on the straight side of the last activation"


def test_teaching_is_repeatable():
    assert taught(10)[1] == taught(10)[1]          # 10: the first phase of the schedule is 0.1 of the steps


def test_styles_are_centered():
    torch.manual_seed(0)
    generator = Generator(16, z_dim=6, w_dim=5, num_mapping_layers=2, channels={4: 8, 8: 6, 16: 4})
    generator.mapping.w_avg.copy_(3 + torch.randn(5))
    center_styles(generator)
    styles, rgb_styles = generator.styles(generator.mapping.w_avg.expand(1, generator.num_ws, 5))
    torch.testing.assert_close(styles, torch.ones_like(styles))
    torch.testing.assert_close(rgb_styles, torch.ones_like(rgb_styles))


def test_the_loss_of_copying():
    torch.manual_seed(0)
    perceptual = Perceptual((4, 4, 4)).eval().requires_grad_(False)
    a, b = torch.rand(2, 3, 16, 16) * 2 - 1, torch.rand(2, 3, 16, 16) * 2 - 1
    assert copy_loss(perceptual, a, b, 0.0) == F.l1_loss(a, b)
    assert copy_loss(None, a, b, 0.0) == F.l1_loss(a, b), "without a weight no network is asked"
    assert copy_loss(perceptual, a, a, 1.0) < 1e-6
    expected = F.l1_loss(a, b) + 0.5 * perceptual(a, b).mean()
    torch.testing.assert_close(copy_loss(perceptual, a, b, 0.5), expected, rtol=0.02, atol=0)
    moving = a.clone().requires_grad_()
    copy_loss(perceptual, moving, b, 0.5).backward()
    assert moving.grad.abs().sum() > 0
