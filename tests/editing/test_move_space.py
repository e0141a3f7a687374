"""The spaces in which an optimisation moves a face."""

import pytest
import torch

from styleclip_lib.editing.face import Face
from styleclip_lib.editing.move_space import move_space, principal_axes

SPACES = ("w", "w+", "styles")


def every_layer(models):
    return torch.ones(models.generator.num_ws)


@pytest.mark.parametrize("space", SPACES)
def test_no_offset_draws_the_face(tiny, space):
    w_plus = tiny.sample(1)
    at = move_space(Face(w_plus, tiny.generator), space, every_layer(tiny))
    torch.testing.assert_close(at.draw(at.moved(at.zero)), tiny.generator.synthesis(w_plus))
    assert at.draw(at.moved(at.zero), stop_at=8).shape[-1] == 8


@pytest.mark.parametrize("space", SPACES)
def test_layers_that_may_not_move_stay(tiny, space):
    w_plus, layers = tiny.sample(1), every_layer(tiny)
    layers[2:] = 0
    at = move_space(Face(w_plus, tiny.generator), space, layers)
    moved = (at.moved(at.zero + 1) - at.moved(at.zero)).abs()[0]
    if space == "styles":
        moved = torch.stack([moved[where].amax() for _, where in tiny.generator.style_slices])
    else:
        moved = moved.amax(1)
    assert (moved[:2] > 0).all() and (moved[2:] == 0).all()


@pytest.mark.parametrize("rgb", [False, True])
def test_styles_of_the_rgb_layers_move_if_they_may(tiny, rgb):
    w_plus, layers = tiny.sample(1), every_layer(tiny)
    layers[3] = 0
    at = move_space(Face(w_plus, tiny.generator), "styles", layers, rgb)
    moved = tiny.generator.split_styles((at.moved(at.zero + 1) - at.moved(at.zero))[:1])[1][0]
    expected = [rgb * layers[2 * i + 1].item() for i in range(len(tiny.generator.rgb_style_slices))]
    assert [pytest.approx(moved[where].min().item(), abs=1e-5) for _, where in tiny.generator.rgb_style_slices] == expected


def test_one_offset_for_all_layers(tiny):
    w_plus = tiny.sample(1)
    at = move_space(Face(w_plus, tiny.generator), "w", every_layer(tiny))
    offset = torch.randn(at.zero.shape, generator=torch.Generator().manual_seed(0))
    moved = at.moved(offset) - w_plus
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-5, rtol=1e-4)


def test_noise_along_the_principal_axes_varies_as_faces_do(tiny):
    """The covariance of axes is that of w, measured on other faces."""
    axes = principal_axes(tiny.generator)
    z = torch.randn(20_000, tiny.generator.z_dim, generator=torch.Generator().manual_seed(1))
    covariance = torch.cov(tiny.generator.mapping(z)[:, 0].T)
    assert (axes.T @ axes - covariance).norm() < 0.1 * covariance.norm()
    sizes = axes.norm(dim=1)
    assert (sizes[:-1] >= sizes[1:] - 1e-6).all()
    across = axes @ axes.T
    torch.testing.assert_close(across, across.diagonal().diag(), atol=1e-4 * float(sizes[0]) ** 2, rtol=0)


def test_a_seed_means_the_same_axes(tiny):
    assert torch.equal(principal_axes(tiny.generator), principal_axes(tiny.generator))
