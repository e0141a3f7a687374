"""The camera's view of a head: coordinates for every pixel, windows around things, and where rays meet an ellipsoid.

Head coordinates: origin at the centre of the head, x to the viewer's right, y up, z out of the face, in units of half the head's height.
Camera coordinates: the same, rotated by yaw and pitch; the camera looks along -z from far away.
"""

import math
from dataclasses import dataclass

import torch

YAW_MAX, PITCH_MAX = 0.56, 0.27  # radians at factor = 1


@dataclass(frozen=True)
class Frame:
    """The square that a picture shows, in camera coordinates: its centre, half its side, and its tilt (radians, to the left)."""

    x: float
    y: float
    half: float
    roll: float = 0.0


def head_rotation(yaw: float, pitch: float) -> torch.Tensor:
    """Head -> camera, [3, 3]: first the pitch, then the yaw. yaw, pitch in [-1, 1], as the factors."""
    a, b = YAW_MAX * yaw, PITCH_MAX * pitch
    tilt = torch.tensor([[1, 0, 0], [0, math.cos(b), math.sin(b)], [0, -math.sin(b), math.cos(b)]])
    turn = torch.tensor([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    return turn @ tilt


@dataclass
class View:
    """A window of the picture, in the coordinates of the head.

    x, y           [h, w] camera coordinates of the pixels' centres
    rotation       [3, 3] head -> camera
    pixel          size of a pixel in head units
    rows, columns  the window's place in the whole picture
    frame          what the whole picture shows
    size           pixels along one side of the whole picture
    """

    x: torch.Tensor
    y: torch.Tensor
    rotation: torch.Tensor
    pixel: float
    rows: slice
    columns: slice
    frame: Frame
    size: int

    @staticmethod
    def whole(frame: Frame, rotation: torch.Tensor, size: int) -> "View":
        """The whole picture, size pixels along each side."""
        axis = (torch.arange(size) + 0.5) / size * 2 - 1
        u, v = axis[None, :] * frame.half, -axis[:, None] * frame.half
        c, s = math.cos(frame.roll), math.sin(frame.roll)
        x, y = frame.x + u * c - v * s, frame.y + u * s + v * c
        return View(x, y, rotation, 2 * frame.half / size, slice(0, size), slice(0, size), frame, size)

    def coarse_step(self, spacing: float) -> int:
        """The number of pixels between the rays of `coarse`."""
        return max(1, int(spacing / self.pixel))

    def coarse(self, spacing: float) -> "View":
        """The same window with rays about `spacing` head units apart, from the first pixel to the last or a little beyond."""
        step = self.coarse_step(spacing)
        if step == 1:
            return self
        rows, columns = ((n - 1 + step - 1) // step + 1 for n in self.x.shape)
        i, j = torch.arange(rows)[:, None] * step, torch.arange(columns)[None, :] * step

        def spread(m):
            return m[0, 0] + i * (m[1, 0] - m[0, 0]) + j * (m[0, 1] - m[0, 0])

        return View(spread(self.x), spread(self.y), self.rotation, self.pixel * step, self.rows, self.columns, self.frame, self.size)

    def place_of(self, smaller: "View") -> tuple[slice, slice]:
        """The position of a window inside this one, in its maps. Raises ValueError if it is not inside."""
        top, left = smaller.rows.start - self.rows.start, smaller.columns.start - self.columns.start
        h, w = smaller.x.shape
        if top < 0 or left < 0 or top + h > self.x.shape[0] or left + w > self.x.shape[1]:
            raise ValueError("The window is not inside the other one.")
        return slice(top, top + h), slice(left, left + w)

    def window(self, canvas: torch.Tensor) -> torch.Tensor:
        """The part of a whole picture [..., size, size] that this window shows; writing to it writes to the picture."""
        return canvas[..., self.rows, self.columns]

    def carry(self, values: torch.Tensor, source: "View", outside: float = 0.0) -> torch.Tensor:
        """A map [h, w] of another window of the same picture, copied into this one; `outside` where that window does not reach."""
        whole = torch.full((self.size, self.size), outside)
        source.window(whole).copy_(values)
        return self.window(whole)

    def box(self, left: float, right: float, bottom: float, top: float) -> "View":
        """The window around a rectangle in camera coordinates, as far as it lies in this one (at least two pixels)."""
        c, s = math.cos(self.frame.roll), math.sin(self.frame.roll)
        corners = [(x - self.frame.x, y - self.frame.y) for x in (left, right) for y in (bottom, top)]
        u = [(x * c + y * s) / self.frame.half for x, y in corners]
        v = [(x * s - y * c) / self.frame.half for x, y in corners]
        return self._cut(*self._pixels(v), *self._pixels(u))

    def around(self, center, radius: float, radius_y: float | None = None) -> "View":
        """The window around a point of the head (x, y, z in head coordinates), radius in head units on either side."""
        x, y, _ = self.seen(center)
        radius_y = radius if radius_y is None else radius_y
        return self.box(x - radius, x + radius, y - radius_y, y + radius_y)

    def _pixels(self, shares):
        return math.floor((min(shares) + 1) / 2 * self.size - 1), math.ceil((max(shares) + 1) / 2 * self.size + 1)

    def _cut(self, top, bottom, left, right):
        rows, columns = _clipped(top, bottom, self.rows), _clipped(left, right, self.columns)
        here = (slice(rows.start - self.rows.start, rows.stop - self.rows.start),
                slice(columns.start - self.columns.start, columns.stop - self.columns.start))
        return View(self.x[here], self.y[here], self.rotation, self.pixel, rows, columns, self.frame, self.size)

    def seen(self, point) -> list[float]:
        """A point of the head in camera coordinates. (x, y, z) -> [x, y, z]"""
        return (self.rotation @ torch.tensor([float(v) for v in point])).tolist()

    def rays(self):
        """The pixels' rays in head coordinates, origin + t · direction: (three maps [h, w], three numbers). t is the depth."""
        r = self.rotation.tolist()
        return [self.x * r[0][i] + self.y * r[1][i] for i in range(3)], [r[2][i] for i in range(3)]


def _clipped(start: int, stop: int, outer: slice) -> slice:
    """A range clipped to another one, of length two at least."""
    start = min(max(start, outer.start), outer.stop - 2)
    return slice(start, max(min(stop, outer.stop), start + 2))


@dataclass
class Hit:
    """Where the rays of a view meet a surface, maps [h, w].

    alpha    the share of the pixel that the surface covers
    x, y, z  head coordinates of the point, or of the surface's nearest point where the ray passes beside it
    normal   unit normal in camera coordinates, three maps
    depth    distance towards the camera
    """

    view: View
    alpha: torch.Tensor
    x: torch.Tensor
    y: torch.Tensor
    z: torch.Tensor
    normal: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    depth: torch.Tensor

    def cut(self, view: View) -> "Hit":
        """The part of the maps in a smaller window. Raises ValueError if it is not inside."""
        here = self.view.place_of(view)
        return Hit(view, self.alpha[here], self.x[here], self.y[here], self.z[here], tuple(n[here] for n in self.normal), self.depth[here])


def intersect(view: View, center, radii, back: bool = False) -> Hit:
    """The nearest point of an ellipsoid on the ray of every pixel; with back, the farthest (the inside of its far wall).

    center (x, y, z) and radii (x, y, z) in head coordinates: numbers, or maps [h, w] (a shell whose size changes over the picture)
    """
    origin, direction = view.rays()
    offset = [(o - c) / r for o, c, r in zip(origin, center, radii)]
    along = [d / r for d, r in zip(direction, radii)]
    a = along[0] ** 2 + along[1] ** 2 + along[2] ** 2
    half_b = offset[0] * along[0] + offset[1] * along[1] + offset[2] * along[2]
    c = offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2
    nearest = c - half_b * half_b / a  # smallest squared norm on this ray
    way = ((1 - nearest).clamp_(min=1e-6) / a).sqrt_()
    t = (way.neg_() if back else way) - half_b / a

    point = [o + t * d for o, d in zip(origin, direction)]
    slope = [(p - m) / (r * r) for p, m, r in zip(point, center, radii)]
    rotation = view.rotation.tolist()
    normal = [slope[0] * r[0] + slope[1] * r[1] + slope[2] * r[2] for r in rotation]
    length = (normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2 + 1e-12).sqrt_()
    # How far the ray is inside the outline: (1 - norm) over the norm's slope across the ray.
    norm = nearest.clamp(min=1e-8).sqrt_()
    alpha = ((1 - norm) / length / view.pixel + 0.5).clamp_(0, 1)
    return Hit(view, alpha, *point, tuple(n / length for n in normal), t)
