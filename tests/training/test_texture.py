"""Texture is compared without asking for its place."""

import torch

from styleclip_lib.training.texture import texture_loss


def stripes(across: bool, shift: int = 0, strength: float = 0.2) -> torch.Tensor:
    """Stripes of two pixels [1, 3, 64, 64]."""
    ramp = ((torch.arange(64) + shift) // 2 % 2).float() * 2 - 1
    picture = ramp[None, :].expand(64, 64) if across else ramp[:, None].expand(64, 64)
    return strength * picture.expand(1, 3, 64, 64).clone()


def test_where_a_strand_lies_costs_much_less_than_that_it_is_missing():
    missing, moved = (texture_loss(picture, stripes(True)) for picture in (torch.zeros(1, 3, 64, 64), stripes(True, 1)))
    assert texture_loss(stripes(True), stripes(True)) == 0
    assert moved < 0.2 * missing


def test_strands_that_run_another_way_cost_nearly_as_much_as_missing_ones():
    missing, turned = (texture_loss(picture, stripes(True)) for picture in (torch.zeros(1, 3, 64, 64), stripes(False)))
    assert turned > 0.6 * missing


def test_texture_has_its_place():
    here, there = stripes(True), stripes(True)
    here[..., 32:], there[..., :32] = 0, 0
    assert texture_loss(here, there) > 0.8 * texture_loss(torch.zeros_like(here), stripes(True))


def test_from_no_texture_the_gradient_leads_to_some():
    picture = (0.01 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))).requires_grad_()
    optimizer = torch.optim.Adam([picture], 0.01)
    before = texture_loss(picture, stripes(True)).item()
    for _ in range(50):
        optimizer.zero_grad()
        loss = texture_loss(picture, stripes(True))
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.4 * before
