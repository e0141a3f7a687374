"""Eyeballs, eyelids and lashes, and the curves of lids and brows."""

import math

import torch

from . import palette
from .anatomy import Anatomy
from .light import around, diffuse
from .scene import Scene
from .shapes import bell, cover, lerp, paint, smoothstep
from .view import YAW_MAX, intersect

BALL = 0.185
"""Radius of an eyeball, larger than life."""

LOOKS_BACK = 0.45
"""The share of the head's turn that the eyes compensate, since people look at the camera."""


def lid_curves(a: Anatomy, t: torch.Tensor):
    """Heights of the upper and the lower lid above the eye's centre at t in [-1, 1], from the inner to the outer corner."""
    inside = (1 - t * t).clamp(min=0)
    rise = a.eye_tilt * t
    upper = a.eye_upper * inside**0.72 * (1 + (0.10 - 0.24 * a.old) * t) + rise
    lower = a.eye_lower * inside**0.85 * (1 + 0.18 * t) + rise
    return upper, lower


def brow_curve(a: Anatomy, t: torch.Tensor) -> torch.Tensor:
    """Height of the brow's centre line at t in [0, 1], from the inner to the outer end, in head coordinates."""
    act = a.act
    arch = a.brow_arch * (1 - (1.75 * t - 1.1) ** 2)
    moved = act.brow_inner * (1 - t) ** 2 + act.brow_middle * 4 * t * (1 - t) * 0.75 + act.brow_outer * t**2
    return a.brow_y + arch + moved - 0.02


def eye_center(scene: Scene, side: int) -> tuple[float, float, float]:
    """The centre of an eyeball in head coordinates."""
    return side * scene.a.eye_x, scene.a.eye_y, scene.eye_z - BALL


def draw_eyes(scene: Scene) -> None:
    """Draws both eyes, each in its own window: the eyeball between the lids, then the edges and lashes of the lids."""
    for side in (-1, 1):
        _draw_eye(scene, side)


def _draw_eye(scene: Scene, side: int) -> None:
    a, p = scene.a, scene.p
    center = eye_center(scene, side)
    view = scene.head.view.around((center[0], center[1], scene.eye_z), 0.30, 0.24)
    head, canvas = scene.head.cut(view), view.window(scene.canvas)
    x, y = side * head.x - a.eye_x, head.y - a.eye_y
    t = (x / a.eye_width).clamp(-1, 1)
    upper, lower = lid_curves(a, t)
    if p.eyes == "open":
        _draw_ball(scene, canvas, view, head, center, side, x, y, t, upper, lower)
    _draw_lashes(scene, canvas, view, head, x, y, upper, lower)


def _draw_ball(scene, canvas, view, head, center, side, x, y, t, upper, lower):
    a, light = scene.a, scene.light
    steep = (1 + (1.3 * a.eye_upper / a.eye_width * t) ** 2).sqrt()
    opening = torch.minimum(upper - y, y - lower) / steep
    inside = cover(torch.minimum(opening, a.eye_width - x.abs()), view.pixel) * head.alpha

    ball = intersect(view, center, (BALL, BALL, BALL))
    shade = 0.92 * diffuse(ball.normal, light, 0.6) + 0.75 * around(ball.normal)
    shade *= 1 - 0.62 * bell(upper - y, 0.05) - 0.25 * bell(y - lower, 0.03)
    white = palette.EYEBALL[:, None, None] * shade
    pink = bell(t + 1, 0.35) + 0.5 * bell(t - 1, 0.25)
    white *= 1 - pink * torch.tensor([0.10, 0.42, 0.40])[:, None, None]
    paint(canvas, white, inside)

    q = [(v - c) / BALL for v, c in zip((ball.x, ball.y, ball.z), center)]
    gaze = _gaze(scene)
    forward = sum(v * g for v, g in zip(q, gaze))
    dx, dy = (q[0] - gaze[0] * forward) * BALL, (q[1] - gaze[1] * forward) * BALL
    rho = ((dx * dx + dy * dy) + ((q[2] - gaze[2] * forward) * BALL) ** 2 + 1e-9).sqrt_()
    _draw_iris(scene, canvas, view, inside, shade, dx, dy, rho)

    # catchlights, where the cornea mirrors the key light, and a weaker one opposite
    middle = [c + BALL * g for c, g in zip(center, gaze)]
    mx, my, _ = view.seen(middle)
    cx, cy = view.x - mx, view.y - my
    for sx, sy, size, strength in ((0.42, 0.42, 0.25, 1.0), (-0.40, -0.45, 0.13, 0.55)):
        ox = sx * a.iris * (1 if light.x >= 0 else -1) * min(1.0, 0.55 + abs(light.x))
        spark = cover(size * a.iris - ((cx - ox) ** 2 + (cy - sy * a.iris) ** 2).sqrt(), view.pixel)
        paint(canvas, palette.WHITE, strength * spark * inside)


def _gaze(scene: Scene):
    """The direction in which both eyes look, a unit vector in head coordinates."""
    a, p = scene.a, scene.p
    across = a.gaze_x - LOOKS_BACK * YAW_MAX * p.yaw
    up = a.gaze_y - 0.10 * p.pitch
    return math.sin(across) * math.cos(up), math.sin(up), math.cos(across) * math.cos(up)


def _draw_iris(scene, canvas, view, inside, shade, dx, dy, rho):
    a, p, light = scene.a, scene.p, scene.light
    share = rho / a.iris
    angle = torch.atan2(dy, dx)
    rays = 0.5 * torch.sin(13 * angle + 3 * share) + 0.5 * torch.sin(29 * angle - 5 * share)
    lower = (0.5 - 0.55 * dy / a.iris - 0.25 * dx / a.iris * light.x).clamp(0, 1)
    tone = 0.42 + 0.95 * lower * smoothstep(0.25, 0.75, share) + 0.16 * rays * smoothstep(1.0, 0.5, share)
    tone *= 1 - 0.72 * smoothstep(0.74, 1.0, share)
    color = palette.iris(p)[:, None, None] * (tone * (0.35 + 0.75 * shade))
    paint(canvas, color.clamp(0, 1), cover(a.iris - rho, view.pixel * 1.3) * inside)
    paint(canvas, palette.INK * 0.3, cover(0.43 * a.iris - rho, view.pixel * 1.2) * inside)


def _draw_lashes(scene, canvas, view, head, x, y, upper, lower):
    a, p = scene.a, scene.p
    woman, makeup, closed = 1 - a.man, float(p.makeup == "makeup"), p.eyes == "closed"
    t = x / a.eye_width
    ends = smoothstep(-1.06, -0.75, t) * smoothstep(1.16, 0.98, t)
    ink = lerp(palette.INK, palette.face_hair(p) * 0.25, 0.4 * (1 - makeup))
    # the lid's edge: a dark line, thicker towards the outside
    thickness = (0.0085 + 0.004 * woman + 0.005 * makeup) * (0.65 + 0.35 * t.clamp(-1, 1)) + 0.003
    paint(canvas, ink, 0.92 * cover(thickness - (y - upper - 0.003).abs(), view.pixel) * ends * head.alpha)
    # lashes: they fan out from the middle of the lid, and taper
    above = (upper - y) if closed else (y - upper)
    long = (0.020 + 0.020 * woman + 0.016 * makeup - 0.008 * a.old) * (0.30 + 0.70 * smoothstep(-0.9, 0.9, t))
    root = t - (above / a.eye_width) * (0.25 + 0.95 * t)
    share = (above / long.clamp(min=0.008)).clamp(0, 1)
    comb = 0.5 + 0.5 * torch.cos(2 * math.pi * 5.5 * root)
    lash = smoothstep(share - 0.25, share + 0.25, comb) * smoothstep(1.0, 0.75, share) * smoothstep(-0.004, 0.004, above) * ends
    paint(canvas, ink, (0.60 + 0.30 * makeup) * lash * head.alpha)
    if not closed:
        below = bell(y - lower + 0.004, 0.006 + 0.3 * view.pixel) * smoothstep(-0.7, 0.5, t) * smoothstep(1.05, 0.95, t.abs())
        paint(canvas, palette.skin(p) * torch.tensor([0.22, 0.12, 0.11]), (0.45 + 0.25 * makeup) * below * head.alpha)
        wet = bell(y - lower - 0.007, 0.005 + 0.2 * view.pixel) * smoothstep(1.0, 0.8, t.abs())
        paint(canvas, palette.WHITE * torch.tensor([0.95, 0.80, 0.78]), 0.35 * wet * head.alpha)
