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


@pytest.mark.parametrize("space", SPACES)
def test_the_offset_nearest_to_one_of_codes(tiny, space):
    """In all layers that may move the face is the one with that code; the others have no offset at all."""
    w_plus, layers, generator = tiny.sample(1), every_layer(tiny), tiny.generator
    layers[5:] = 0
    rng = torch.Generator().manual_seed(0)
    offset = torch.randn(1, 1, 10, generator=rng).expand(-1, 8, -1) if space == "w" else torch.randn(w_plus.shape, generator=rng)
    at = move_space(Face(w_plus, generator), space, layers, rgb=True)
    moved, expected = at.moved(at.nearest(offset)), w_plus + layers[:, None] * offset
    if space == "styles":
        changed = (at.nearest(offset)[0] != 0).tolist()
        assert changed == (torch.cat(generator.styles(w_plus), 1) != torch.cat(generator.styles(expected), 1))[0].tolist()
        expected = torch.cat(generator.styles(expected), dim=1)
    assert space != "w+" or not at.nearest(offset)[:, 5:].any()
    torch.testing.assert_close(moved, expected, atol=1e-4, rtol=1e-4)


def test_styles_of_the_rgb_layers_have_no_offset_unless_they_may(tiny):
    w_plus = tiny.sample(1)
    for rgb in (False, True):
        at = move_space(Face(w_plus, tiny.generator), "styles", every_layer(tiny), rgb)
        convs, rgbs = tiny.generator.split_styles(at.nearest(torch.ones_like(w_plus)))
        assert convs.any() and rgbs.any() == rgb


def test_one_offset_for_layers_that_differ_is_their_mean(tiny):
    w_plus, layers = tiny.sample(1), every_layer(tiny)
    layers[2:] = 0
    at = move_space(Face(w_plus, tiny.generator), "w", layers)
    offset = torch.randn(w_plus.shape, generator=torch.Generator().manual_seed(0))
    moved = at.moved(at.nearest(offset)) - w_plus
    torch.testing.assert_close(moved[:, :2], offset[:, :2].mean(1, keepdim=True).expand(-1, 2, -1), atol=1e-4, rtol=1e-4)


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
