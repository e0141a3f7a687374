"""Turning heads and moving lights in front of a fixed camera, with the exact motion of every pixel."""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from ..camera import ALIGNED, Camera, in_picture
from ..world.factors import Portrait
from .backdrop import draw_backdrop
from .clothes import draw_clothes
from .light import developed
from .pose import Pose, posed
from .render import LAYERS, scene_in
from .scene import Scene
from .skin import draw_head

CLOTHES_FOLLOW = 0.10
"""How far clothes follow a turning head, in head units at yaw 1 (`clothes.Body`)."""

SURE = 0.99
"""The share of a pixel that a part must cover for its motion to count as the pixel's."""

SAME_PLACE = 0.03
"""Distance in head units within which two points of the head count as the same."""


@dataclass(frozen=True)
class Moved:
    """A picture and its motion since the picture before.

    picture  [3, size, size] in [-1, 1]
    flow     [2, size, size], in pixels: what is now at (x, y) was at (x, y) + flow in the picture before
    valid    [1, size, size], 1 where the flow is known: skin of the head, clothes and backdrop, visible in both pictures
    """

    picture: torch.Tensor
    flow: torch.Tensor
    valid: torch.Tensor


@torch.no_grad()
def movement(portraits: list[Portrait], size: int = 256, camera: Camera = ALIGNED) -> list[Moved]:
    """Pictures of one person whose yaw, pitch, light and light_height change from one to the next, in the frame of the first.

    The flow of the first is 0.
    """
    frame = posed(portraits[0], camera).frame
    seen = [_seen(p, replace(posed(p, camera), frame=frame), size) for p in portraits]
    return [_moved(now, before) for before, now in zip([seen[0], *seen], seen)]


@dataclass
class _Seen:
    """A picture and what each pixel shows: the shares of backdrop, clothes and bare skin, and the head's surface."""

    p: Portrait
    pose: Pose
    scene: Scene
    picture: torch.Tensor
    shares: dict[str, torch.Tensor]


def _seen(p: Portrait, pose: Pose, size: int) -> _Seen:
    scene = scene_in(p, pose, size)
    scene = replace(scene, canvas=torch.zeros(4, size, size))
    names = {draw_backdrop: "backdrop", draw_clothes: "clothes", draw_head: "skin"}
    shares = {name: torch.zeros(size, size) for name in names.values()}
    for layer in LAYERS:
        bare = scene.canvas[3]
        bare.fill_(1)
        layer(scene)
        for share in shares.values():
            share *= bare
        if layer in names:
            shares[names[layer]] += 1 - bare if layer is not draw_backdrop else 1
    return _Seen(p, pose, scene, developed(scene.canvas[:3]).clamp(0, 1) * 2 - 1, shares)


def _moved(now: _Seen, before: _Seen) -> Moved:
    size = now.picture.shape[-1]
    flow, valid = torch.zeros(2, size, size), torch.zeros(size, size)
    at = _pixels(size)
    for part, there in (("backdrop", at), ("clothes", _clothes_before(now, before, at)), ("skin", _skin_before(now, before, at))):
        both = (now.shares[part] > SURE) & (_sampled(before.shares[part], there) > SURE)
        if part == "skin":
            both &= _same_point(now, before, there)
        flow = torch.where(both, there - at, flow)
        valid = torch.maximum(valid, both.float())
    return Moved(now.picture, flow, valid[None])


def _pixels(size: int) -> torch.Tensor:
    """The centres of all pixels, x and y. [2, size, size]"""
    axis = torch.arange(size) + 0.5
    return torch.stack([axis.expand(size, size), axis[:, None].expand(size, size)])


def _sampled(values: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """A map [size, size] sampled at positions [2, size, size]; 0 outside the picture."""
    grid = (at / values.shape[-1] * 2 - 1).permute(1, 2, 0)
    return F.grid_sample(values[None, None], grid[None], align_corners=False)[0, 0]


def _in_pixels(now: _Seen, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Camera coordinates [h, w] as positions in the picture, [2, h, w]."""
    places = in_picture(now.pose.frame, torch.stack([x.flatten(), y.flatten()], 1))
    return (places * now.picture.shape[-1]).T.view(2, *x.shape)


def _clothes_before(now: _Seen, before: _Seen, at: torch.Tensor) -> torch.Tensor:
    view = now.scene.view
    return _in_pixels(now, view.x + CLOTHES_FOLLOW * (before.p.yaw - now.p.yaw), view.y + 0 * view.x)


def _skin_before(now: _Seen, before: _Seen, at: torch.Tensor) -> torch.Tensor:
    """Where each point of the head's surface was in the picture before."""
    head, there = now.scene.head, at.clone()
    points = torch.stack([head.x, head.y, head.z])
    turned = torch.einsum("ij,jhw->ihw", before.pose.rotation, points)
    head.view.window(there).copy_(_in_pixels(now, turned[0], turned[1]))
    return there


def _same_point(now: _Seen, before: _Seen, there: torch.Tensor) -> torch.Tensor:
    """Whether the point of the head that is visible now was visible there before, and not hidden by another."""
    here, then = (_surface(one) for one in (now, before))
    apart = sum((_sampled(b, there) - a).square() for a, b in zip(here, then)).sqrt()
    return apart < SAME_PLACE


def _surface(one: _Seen) -> list[torch.Tensor]:
    """The head coordinates of the point that each pixel of the picture shows; far away where there is no head."""
    head, view = one.scene.head, one.scene.view
    return [view.carry(values, head.view, 99.0) for values in (head.x, head.y, head.z)]


def with_factors(p: Portrait, **factors: float) -> Portrait:
    """The same portrait with other factors."""
    return Portrait(**{**vars(p), **factors})
