"""Degraded portraits: each change does what it says, and none changes what is shown."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.training.degrade import add_noise, blur, coarsen, compress, cover, degrade, recolor, warp

SIZE = 64


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def images():
    """Smooth colours with a little of everything on top."""
    smooth = F.interpolate(torch.rand(6, 3, 5, 5, generator=rng()) * 2 - 1, size=(SIZE, SIZE), mode="bicubic", align_corners=True)
    return (0.7 * smooth + 0.2 * torch.randn(6, 3, SIZE, SIZE, generator=rng(1))).clamp(-1, 1)


def roughness(image):
    return (image[..., 1:] - image[..., :-1]).abs().mean().item()


def test_without_strength_nothing_changes(images):
    torch.testing.assert_close(degrade(images, rng(), 0.0), images, atol=1e-4, rtol=0)


def test_a_seed_says_how_and_every_picture_has_its_own_way(images):
    same = images[:1].expand(6, -1, -1, -1)
    first, again, other = degrade(same, rng(3)), degrade(same, rng(3)), degrade(same, rng(4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert all(not torch.equal(first[0], picture) for picture in first[1:])
    assert first.shape == same.shape and first.min() >= -1 and first.max() <= 1


def test_left_stays_left_and_top_stays_top():
    ramp = torch.linspace(-1, 1, SIZE).expand(1, 3, SIZE, SIZE)
    for seed in range(20):
        across, down = degrade(ramp, rng(seed)), degrade(ramp.transpose(2, 3), rng(seed))
        assert across[..., -SIZE // 3:].mean() > across[..., : SIZE // 3].mean() + 0.5
        assert down[:, :, -SIZE // 3:].mean() > down[:, :, : SIZE // 3].mean() + 0.5


@pytest.mark.parametrize("change", [blur, coarsen])
def test_details_are_lost(images, change):
    rough = [roughness(change(images[:1], rng(seed))) for seed in range(10)]
    assert max(rough) <= roughness(images[:1]) + 1e-3 and min(rough) < 0.7 * roughness(images[:1])


def test_blur_keeps_every_colour_on_average(images):
    torch.testing.assert_close(blur(images[:1], rng()).mean((2, 3)), images[:1].mean((2, 3)), atol=0.02, rtol=0)


def test_noise_is_added_of_several_strengths(images):
    deviations = [(add_noise(images[:1], rng(seed)) - images[:1]).std().item() for seed in range(20)]
    assert max(deviations) < 0.13 and max(deviations) > 3 * min(deviations)


def test_a_cover_is_one_small_patch_of_one_colour(images):
    for seed in range(20):
        changed = (cover(images[:1], rng(seed)) - images[:1]).abs().sum(1)[0] > 0
        covered = cover(images[:1], rng(seed))[0][:, changed]
        assert changed.float().mean() < 0.05
        assert covered.numel() == 0 or torch.equal(covered.amin(1), covered.amax(1))


def test_compression_leaves_the_picture_that_it_was(images):
    result = compress(images[:1], rng())
    assert not torch.equal(result, images[:1])
    assert F.mse_loss(F.avg_pool2d(result, 8), F.avg_pool2d(images[:1], 8)) < 2e-3


def test_colours_move_a_little_and_no_hue_becomes_another():
    red, grey = torch.tensor([0.6, -0.6, -0.6]), torch.zeros(3)
    colors = torch.stack([red, grey])[:, :, None, None].expand(2, 3, 4, 4).repeat(30, 1, 1, 1)
    result = recolor(colors, rng())[:, :, 0, 0]
    assert (result[::2].argmax(1) == 0).all() and (result[::2, 0] - result[::2, 1:].amax(1) > 0.6).all()
    assert result[::2].std(0).min() > 0.02 and result[1::2].abs().max() < 0.5


def test_a_warp_moves_points_by_less_than_a_tenth():
    """A bright dot stays near where it was."""
    image = -torch.ones(1, 3, SIZE, SIZE)
    image[..., 30:34, 40:44] = 1
    for seed in range(20):
        weight, places = warp(image, rng(seed))[0, 0] + 1, torch.arange(SIZE).float()
        row, column = weight.sum(1) @ places / weight.sum(), weight.sum(0) @ places / weight.sum()
        assert abs(row - 31.5) < 0.1 * SIZE and abs(column - 41.5) < 0.1 * SIZE
