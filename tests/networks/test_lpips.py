"""LPIPS: its numbers against a slow loop over torchvision's networks, and what its doc strings promise."""

import pytest
import torch
import torchvision

from styleclip_lib.networks.lpips import SCALE, SHIFT, Lpips

LAST_RELU = {"vgg16": [3, 8, 15, 22, 29], "alexnet": [1, 4, 7, 9, 11]}


def made(kind: str, **settings) -> Lpips:
    torch.manual_seed(0)
    lpips = Lpips(kind, **settings).eval().requires_grad_(False)
    for head in lpips.heads:
        head.uniform_()
    return lpips


@pytest.fixture(scope="module")
def alexnet():
    return made("alexnet")


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1


def slow_distance(lpips: Lpips, kind: str, x: torch.Tensor, y: torch.Tensor) -> float:
    """Zhang et al. 2018, equation 1, with torchvision's layers: over stages, places and channels, in float64."""
    with torch.device("meta"):
        layers = getattr(torchvision.models, kind)(weights=None).features
    layers = layers.to_empty(device="cpu").eval().double()
    layers.load_state_dict(lpips.backbone.state_dict(), strict=False)
    total = 0.0
    a, b = ((picture.double() - torch.tensor(SHIFT)[:, None, None]) / torch.tensor(SCALE)[:, None, None] for picture in (x, y))
    for number, layer in enumerate(layers[: LAST_RELU[kind][-1] + 1]):
        a, b = layer(a), layer(b)
        if number in LAST_RELU[kind]:
            weights = lpips.heads[LAST_RELU[kind].index(number)].flatten().double()
            height, width = a.shape[2:]
            for row in range(height):
                for column in range(width):
                    u, v = a[0, :, row, column], b[0, :, row, column]
                    u, v = u / (u.square().sum().sqrt() + 1e-10), v / (v.square().sum().sqrt() + 1e-10)
                    total += sum(weights * (u - v) ** 2).item() / (height * width)
    return total


@pytest.mark.parametrize("kind, size", [("vgg16", 16), ("alexnet", 64)])
def test_the_distance_is_that_of_a_slow_loop(images, kind, size):
    lpips = made(kind)
    x, y = images[:1, :, :size, :size], images[1:2, :, :size, :size]
    assert lpips(x, y).item() == pytest.approx(slow_distance(lpips, kind, x, y), rel=1e-4)


def test_features_once_for_many_distances(alexnet, images):
    a, b = alexnet.features(images), alexnet.features(images.flip(0))
    torch.testing.assert_close(alexnet.distance(a, b), alexnet(images, images.flip(0)))
    torch.testing.assert_close(sum(apart.mean((1, 2)) for apart in alexnet.maps(a, b)), alexnet.distance(a, b))
    assert alexnet.distance(a, a).tolist() == [0, 0, 0]
    assert all(torch.all(f.norm(dim=1) < 1 + 1e-5) for f in a)


def test_large_pictures_are_brought_down_first(images):
    small = made("alexnet", size=64)
    large = images.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(small(large, large.flip(0)), small(images, images.flip(0)))
    assert not torch.allclose(made("alexnet")(large, large.flip(0)), small(images, images.flip(0)), rtol=1e-2)


def test_gradients_reach_the_picture(alexnet, images):
    moving = images.clone().requires_grad_()
    alexnet(moving, images.flip(0)).sum().backward()
    assert moving.grad.abs().amax((1, 2, 3))[[0, 2]].min() > 0
