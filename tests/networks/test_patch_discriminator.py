"""The discriminator of texture."""

import torch

from styleclip_lib.networks.patch_discriminator import PatchDiscriminator


def network() -> PatchDiscriminator:
    torch.manual_seed(0)
    return PatchDiscriminator((8, 8, 8, 8)).requires_grad_(False)


def test_one_logit_for_four_by_four_pixels():
    assert network()(torch.zeros(2, 3, 64, 64)).shape == (2, 1, 16, 16)


def test_a_logit_depends_on_its_neighbourhood_alone():
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1
    other = image.clone()
    other[..., :8, :8] = -other[..., :8, :8]
    changed = (network()(image) - network()(other)).abs().amax((0, 1)) > 1e-4
    assert changed[0, 0] and not changed[8:].any() and not changed[:, 8:].any()


def test_it_learns_to_tell_stripes_from_an_even_picture():
    d, rng = PatchDiscriminator((8, 8, 8, 8)), torch.Generator().manual_seed(2)
    optimizer = torch.optim.Adam(d.parameters(), 1e-3, betas=(0.5, 0.99))
    for _ in range(40):
        even = torch.rand(4, 3, 1, 1, generator=rng).expand(4, 3, 32, 32)
        stripes = even + 0.03 * (torch.arange(32) // 2 % 2).float()
        loss = torch.nn.functional.softplus(-d(stripes)).mean() + torch.nn.functional.softplus(d(even)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (d(stripes) > 0).float().mean() > 0.9 and (d(even) < 0).float().mean() > 0.9
