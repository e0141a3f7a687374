"""Patches: what torchvision cuts out one by one is cut out at once."""

import pytest
import torch
import torchvision.transforms.functional as TF

from styleclip_lib.stylization.patches import homographies, random_patches


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def picture():
    return torch.rand(1, 3, 60, 80, generator=rng(5)) * 2 - 1


def test_without_distortion_a_patch_is_a_crop(picture):
    patches = random_patches((60, 80), 6, 24, 0.0, rng())
    for patch, corners in zip(patches.of(picture), patches.corners):
        left, top = corners[0].long().tolist()
        torch.testing.assert_close(patch, picture[0, :, top:top + 24, left:left + 24], rtol=0, atol=1e-5)


def test_a_perspective_is_torchvisions(picture):
    patches = random_patches((60, 80), 4, 24, 0.5, rng())
    for patch, corners in zip(patches.of(picture), patches.corners):
        square = [[0, 0], [24, 0], [24, 24], [0, 24]]
        wanted = TF.perspective(picture, corners.tolist(), square)[0, :, :24, :24]
        torch.testing.assert_close(patch, wanted, rtol=0, atol=1e-4)


def test_corners_go_where_they_should():
    corners = torch.tensor([[[3.0, 4.0], [20.0, 2.0], [22.0, 19.0], [1.0, 21.0]]])
    mapped = torch.tensor([[0.0, 0, 1], [16, 0, 1], [16, 16, 1], [0, 16, 1]]) @ homographies(corners, 16)[0].T
    torch.testing.assert_close(mapped[:, :2] / mapped[:, 2:], corners[0], rtol=0, atol=1e-4)


def test_patches_stay_in_the_picture_and_reach_all_of_it():
    corners = random_patches((40, 70), 2000, 16, 0.5, rng()).corners
    assert corners.min() >= 0 and corners[..., 0].max() <= 70 and corners[..., 1].max() <= 40
    upper_left = random_patches((40, 70), 2000, 16, 0.0, rng()).corners[:, 0]
    assert upper_left.amax(0).tolist() == [54, 24] and upper_left.amin(0).tolist() == [0, 0]


def test_a_seed_means_the_same_patches_and_a_small_picture_small_ones():
    assert torch.equal(random_patches((40, 40), 3, 16, 0.5, rng(3)).corners, random_patches((40, 40), 3, 16, 0.5, rng(3)).corners)
    assert random_patches((12, 40), 1, 16, 0.5, rng()).size == 12


def test_several_pictures_have_patches_of_their_own():
    pictures = torch.stack([torch.zeros(3, 32, 32), torch.ones(3, 32, 32)])
    patches = random_patches((32, 32), 3, 8, 0.5, rng(), batch=2)
    assert patches.of(pictures).mean((1, 2, 3)).tolist() == pytest.approx([0, 0, 0, 1, 1, 1], abs=1e-5)


def test_patches_lie_where_they_are_wanted():
    weight = torch.zeros(48, 64)
    weight[8:16, 40:56] = 1
    corners = random_patches((48, 64), 200, 8, 0.0, rng(), weight=weight).corners
    middle = corners.mean(1)
    assert middle[:, 0].min() >= 40 and middle[:, 0].max() <= 56 and middle[:, 1].min() >= 8 and middle[:, 1].max() <= 16
