"""A few simple places at several times of day, so that styles are also learnt on pictures other than faces."""

from dataclasses import dataclass

import torch

from ..drawing.shapes import lerp, smoothstep
from ..language.scene_words import PLACES, TIMES
from .filters import color, coordinates
from .scene_shapes import (
    DETAILS,
    boat,
    far_to_near,
    fir_trees,
    houses,
    mountain_range,
    rolling_hills,
    round_trees,
    skyline,
    water,
)

PLACE_NAMES: tuple[str, ...] = tuple(PLACES)
TIME_NAMES: tuple[str, ...] = tuple(TIMES)
SCENE_PARTS = ("sky", "hills", "trees", "houses", "sea", "boat", "mountains")
"""The parts of a scene."""


@dataclass(frozen=True)
class Scenes:
    """N scenes: place [N] and time [N] index PLACE_NAMES and TIME_NAMES; details [N, DETAILS] are in [0, 1)."""

    place: torch.Tensor
    time: torch.Tensor
    details: torch.Tensor

    def __len__(self) -> int:
        return len(self.place)

    def __getitem__(self, index) -> "Scenes":
        return Scenes(self.place[index], self.time[index], self.details[index])


def sample_scenes(n: int, seed: int) -> Scenes:
    """Draws n scenes; the same seed gives the same scenes on every machine."""
    generator = torch.Generator().manual_seed(seed)
    place = torch.randint(len(PLACE_NAMES), (n,), generator=generator)
    time = torch.randint(len(TIME_NAMES), (n,), generator=generator)
    return Scenes(place, time, torch.rand(n, DETAILS, generator=generator))


@torch.no_grad()
def render_scenes(scenes: Scenes, size: int = 128) -> torch.Tensor:
    """Draws scenes, from back to front. -> float32 [N, 3, size, size], RGB in [-1, 1]."""
    canvas = torch.empty(len(scenes), 3, size, size)
    for index, name in enumerate(PLACE_NAMES):
        here = scenes.place == index
        if here.any():
            drawn = _sky(scenes[here], canvas)
            for _, layer in _LAYERS[name]:
                drawn = layer(drawn, scenes[here])
            canvas[here] = drawn
    return canvas.clamp(0, 1) * 2 - 1


@torch.no_grad()
def scene_parts(scenes: Scenes, size: int = 128) -> torch.Tensor:
    """How much of every pixel of `render_scenes(scenes, size)` shows each of `SCENE_PARTS`. -> float32 [N, 7, size, size] in [0, 1], sum 1

    The coverage of a layer is found by painting it onto black and onto white: where it covers both, they no longer differ.
    """
    shown = torch.zeros(len(scenes), len(SCENE_PARTS), size, size)
    shown[:, SCENE_PARTS.index("sky")] = 1
    black = torch.zeros(1, 3, size, size)
    for index, name in enumerate(PLACE_NAMES):
        here = scenes.place == index
        for part, layer in _LAYERS[name] if here.any() else ():
            some, blank = scenes[here], black.expand(int(here.sum()), -1, -1, -1)
            bare = (layer(blank + 1, some) - layer(blank, some)).mean(1, keepdim=True).clamp(0, 1)
            shown[here] *= bare
            shown[here, SCENE_PARTS.index(part)] += 1 - bare[:, 0]
    return shown


# For each of TIME_NAMES: the sky above, the sky at the horizon, the light on the ground, the clouds, the sun or moon.
_TOP = torch.cat([color(0.27, 0.55, 0.90), color(0.36, 0.24, 0.52), color(0.02, 0.03, 0.12), color(0.47, 0.55, 0.82)])
_LOW = torch.cat([color(0.80, 0.91, 0.98), color(1.00, 0.60, 0.28), color(0.12, 0.17, 0.36), color(1.00, 0.78, 0.75)])
_LIGHT = torch.cat([color(1.0, 1.0, 1.0), color(0.90, 0.58, 0.46), color(0.20, 0.25, 0.42), color(0.88, 0.76, 0.82)])
_CLOUD = torch.cat([color(1.0, 1.0, 1.0), color(1.0, 0.55, 0.45), color(0.16, 0.19, 0.33), color(1.0, 0.88, 0.88)])
_DISC = torch.cat([color(1.0, 0.97, 0.75), color(1.0, 0.85, 0.45), color(0.97, 0.95, 0.82), color(1.0, 0.93, 0.70)])
_DISC_HEIGHT = torch.tensor([0.15, 0.44, 0.17, 0.40])


def _sky(s: Scenes, like):
    x, y = coordinates(like)
    d = s.details[:, :, None, None, None]
    canvas = lerp(_TOP[s.time], _LOW[s.time], smoothstep(0.0, 0.62, y) ** 0.8)
    night = (s.time == TIME_NAMES.index("night")).float().view(-1, 1, 1, 1)
    for i in range(26):
        star_x, star_y = (7.3 * d[:, 40 + i % 8] + 0.619 * i) % 1, (3.1 * d[:, 41 + i % 7] + 0.377 * i) % 1 * 0.5
        spark = torch.exp(-((x - star_x) ** 2 + (y - star_y) ** 2) / 0.000035)
        canvas = lerp(canvas, color(1.0, 1.0, 0.92), spark * night * (0.5 + 0.5 * d[:, 8 + i]))
    sun_x, sun_y = 0.15 + 0.7 * d[:, 0], _DISC_HEIGHT[s.time].view(-1, 1, 1, 1) + 0.05 * d[:, 1]
    distance = ((x - sun_x) ** 2 + (y - sun_y) ** 2).sqrt()
    canvas = lerp(canvas, _DISC[s.time], 0.45 * torch.exp(-distance / 0.13))
    canvas = lerp(canvas, _DISC[s.time], smoothstep(0.066, 0.058, distance))
    for i in range(3):
        cloud_x, cloud_y = d[:, 2 + 2 * i] * 1.2 - 0.1, 0.08 + 0.26 * d[:, 3 + 2 * i]
        puffs = [((x - cloud_x - dx) / 0.10) ** 2 + ((y - cloud_y - dy) / (0.030 + h)) ** 2
                 for dx, dy, h in ((-0.09, 0.010, 0.0), (0.0, -0.012, 0.018), (0.08, 0.006, 0.004))]
        cover = torch.stack([torch.exp(-puff ** 1.5) for puff in puffs]).amax(0)
        canvas = lerp(canvas, _CLOUD[s.time], 0.80 * cover * (d[:, 30 + i] > 0.35))
    return canvas


def _lit(s: Scenes, r, g, b):
    """A ground colour in the light of the time of day [N, 3, 1, 1]."""
    return color(r, g, b) * _LIGHT[s.time]


def _hills(canvas, s, lowest=0.52):
    colors = far_to_near(_LOW[s.time] * 0.85, _lit(s, 0.42, 0.62, 0.30), _lit(s, 0.24, 0.50, 0.20))
    for layer, shade in enumerate(colors):
        canvas = rolling_hills(canvas, s.details, layer, lowest + 0.14 * layer, shade)
    return canvas


def _village_hills(canvas, s):
    return _hills(canvas, s, 0.46)


def _trees(canvas, s):
    return round_trees(canvas, s.details, _lit(s, 0.16, 0.38, 0.16), _lit(s, 0.30, 0.20, 0.12))


def _mountain_trees(canvas, s):
    return round_trees(canvas, s.details, _lit(s, 0.14, 0.36, 0.20), _lit(s, 0.25, 0.18, 0.12))


def _houses(canvas, s):
    lamps_on = (s.time == TIME_NAMES.index("night")) | (s.time == TIME_NAMES.index("sunset"))
    return houses(canvas, s.details, _LIGHT[s.time], lamps_on)


def _sea(canvas, s):
    return water(canvas, s.details, 0.55, _lit(s, 0.20, 0.55, 0.72), _lit(s, 0.05, 0.28, 0.50), _DISC[s.time])


def _boat(canvas, s):
    return boat(canvas, s.details, _lit(s, 0.98, 0.96, 0.90), _lit(s, 0.55, 0.20, 0.15))


def _clearing(canvas, s):
    return rolling_hills(canvas, s.details, 0, 0.55, _lit(s, 0.32, 0.50, 0.26))


def _firs(canvas, s):
    far = lerp(_LOW[s.time], _lit(s, 0.25, 0.48, 0.35), 0.6)
    return fir_trees(canvas, s.details, far_to_near(far, _lit(s, 0.13, 0.40, 0.25), _lit(s, 0.06, 0.25, 0.14)))


def _towers(canvas, s):
    lamps = torch.tensor([0.0, 0.45, 0.60, 0.15])[s.time]
    far = lerp(_LOW[s.time], _lit(s, 0.50, 0.53, 0.62), 0.5)
    return skyline(canvas, s.details, far_to_near(far, _lit(s, 0.46, 0.44, 0.50), _lit(s, 0.30, 0.30, 0.38)), _LIGHT[s.time], lamps)


def _peaks(canvas, s):
    far = lerp(_LOW[s.time], _lit(s, 0.45, 0.48, 0.58), 0.6)
    canvas = mountain_range(canvas, s.details, 0, 0.30, far, _LIGHT[s.time])
    return mountain_range(canvas, s.details, 1, 0.42, _lit(s, 0.38, 0.38, 0.44), _LIGHT[s.time])


def _foothills(canvas, s):
    return rolling_hills(canvas, s.details, 2, 0.80, _lit(s, 0.30, 0.50, 0.24))


_LAYERS = {
    "hills": (("hills", _hills), ("trees", _trees)),
    "village": (("hills", _village_hills), ("trees", _trees), ("houses", _houses)),
    "sea": (("sea", _sea), ("boat", _boat)),
    "forest": (("hills", _clearing), ("trees", _firs)),
    "city": (("houses", _towers),),
    "mountains": (("mountains", _peaks), ("hills", _foothills), ("trees", _mountain_trees)),
}
"""The layers of each place from back to front: the part, and the function that paints it."""
