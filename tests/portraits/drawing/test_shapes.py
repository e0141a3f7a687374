"""The pencil: soft shapes against slow, obvious ones."""

import math

import pytest
import torch

from styleclip_lib.portraits.drawing.shapes import (
    bell,
    column,
    ellipse,
    grain,
    lerp,
    paint,
    rounded_box,
    smoothstep,
    soft,
    strands,
)

AXIS = torch.linspace(-1, 1, 41)
X, Y = AXIS[None, None, :].expand(1, 41, 41), AXIS[None, :, None].expand(1, 41, 41)


def nearest(outline: torch.Tensor) -> torch.Tensor:
    """Distance of every pixel to the nearest point of a densely sampled outline [P, 2]."""
    pixels = torch.stack([X, Y], -1).reshape(-1, 2)
    return torch.cdist(pixels.double(), outline.double()).min(1).values.view(1, 41, 41).float()


def test_a_circle_is_exact():
    angle = torch.linspace(0, 2 * math.pi, 4001)
    circle = 0.6 * torch.stack([angle.cos(), angle.sin()], 1)
    inside = X**2 + Y**2 < 0.36
    wanted = torch.where(inside, 1.0, -1.0) * nearest(circle)
    torch.testing.assert_close(ellipse(X, Y, 0.6, 0.6), wanted, rtol=0, atol=1e-3)


def test_an_ellipse_has_the_right_sign_and_is_zero_on_its_edge():
    distance = ellipse(X, Y, 0.8, 0.4)
    inside = (X / 0.8) ** 2 + (Y / 0.4) ** 2
    assert torch.equal(distance[inside < 0.99] > 0, torch.ones_like(distance[inside < 0.99], dtype=torch.bool))
    assert (distance[inside > 1.01] < 0).all()
    assert ellipse(torch.tensor(0.8), torch.tensor(0.0), 0.8, 0.4).abs() < 1e-6


def test_a_rounded_box_is_exact():
    half_width, half_height, radius = 0.7, 0.45, 0.2
    t = torch.linspace(-1, 1, 1001)
    straight_x, straight_y = t * (half_width - radius), t * (half_height - radius)
    angle = torch.linspace(0, math.pi / 2, 1001)
    sides = [torch.stack([straight_x, torch.full_like(t, s * half_height)], 1) for s in (-1, 1)]
    sides += [torch.stack([torch.full_like(t, s * half_width), straight_y], 1) for s in (-1, 1)]
    corner = torch.stack([half_width - radius + radius * angle.cos(), half_height - radius + radius * angle.sin()], 1)
    corners = [corner * torch.tensor([sx, sy]) for sx in (-1.0, 1.0) for sy in (-1.0, 1.0)]
    unsigned = nearest(torch.cat(sides + corners))
    ours = rounded_box(X, Y, half_width, half_height, radius)
    torch.testing.assert_close(ours.abs(), unsigned, rtol=0, atol=2e-3)
    assert ours[0, 20, 20] > 0 and ours[0, 0, 0] < 0


def test_soft_covers_half_at_the_edge():
    distance = torch.tensor([[[-1.0, -0.05, -0.025, 0.0, 0.025, 0.05, 1.0]]])
    assert soft(distance, 0.1)[0, 0].tolist() == pytest.approx([0, 0, 0.25, 0.5, 0.75, 1, 1])


def test_the_area_of_a_soft_shape_does_not_depend_on_the_size():
    for size in (16, 32, 64, 128):
        axis = (torch.arange(size) + 0.5) / size * 2 - 1
        covered = soft(ellipse(axis[None, None, :], axis[None, :, None], 0.6, 0.6), 2 / size).mean() * 4
        assert covered == pytest.approx(math.pi * 0.36, rel=0.015)


def test_smoothstep_and_bell():
    x = torch.tensor([-1.0, 0.2, 0.5, 0.8, 3.0])
    assert smoothstep(0.2, 0.8, x).tolist() == pytest.approx([0, 0, 0.5, 1, 1])
    steps = smoothstep(0.2, 0.8, torch.linspace(0, 1, 101))
    assert (steps.diff() >= 0).all()
    assert bell(torch.tensor([0.0, 0.3, -0.3]), 0.3).tolist() == pytest.approx([1, math.exp(-1), math.exp(-1)])


def test_lerp_and_column():
    assert lerp(2.0, 4.0, 0.25) == 2.5
    assert column(torch.arange(3.0)).shape == (3, 1, 1)


def test_textures_stay_in_their_range():
    phase = column(torch.tensor([0.3]))
    assert strands(X, phase).abs().max() <= 1.05
    assert grain(X, Y, 30.0, phase).abs().max() <= 1
    assert strands(X, phase).std() > 0.2 and grain(X, Y, 30.0, phase).std() > 0.2


def test_painting():
    canvas = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    red = torch.tensor([[1.0, 0.0, 0.0]]).expand(2, 3)
    alpha = torch.zeros(2, 4, 4)
    alpha[:, 0], alpha[:, 1] = 1.0, 0.5
    painted = paint(canvas, red, alpha)
    assert torch.equal(painted[:, :, 0], red[:, :, None].expand(2, 3, 4))
    torch.testing.assert_close(painted[:, :, 1], (canvas[:, :, 1] + red[:, :, None]) / 2)
    assert torch.equal(painted[:, :, 2:], canvas[:, :, 2:])
    torch.testing.assert_close(paint(canvas, red[:, :, None, None].expand(2, 3, 4, 4), alpha), painted)
