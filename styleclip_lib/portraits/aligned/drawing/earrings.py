"""Earrings: a golden ball below a stud. If hair covers the ear, they hang in front of it, at the hair's inner edge."""


from . import palette
from .hair import OVER_EARS
from .light import KEY, around, cast_shadow, diffuse, gleam
from .scene import Scene
from .shapes import bell, cover, paint
from .view import intersect


def draw_earrings(scene: Scene) -> None:
    """Draws both earrings, as far as the head does not hide them."""
    p, a = scene.p, scene.a
    if p.earrings == "none":
        return
    lobe = a.eye_y - 0.10 - 0.92 * a.ear_size
    for side in (-1, 1):
        x, z = (a.width + 0.02, -0.03) if p.hair_style in OVER_EARS else (a.width - 0.05, 0.24)
        place = (side * x, lobe, z)
        view = scene.view.around(place, 0.20, 0.24)
        for center, radius in ((place, 0.026), ((place[0], lobe - 0.085, z + 0.01), 0.058)):
            ball = intersect(view, center, (radius, radius, radius))
            visible = ball.alpha * cover(ball.depth - scene.head_depth(view) + 0.05, 0.03)
            canvas = view.window(scene.canvas)
            cast_shadow(canvas, 1.0, visible, scene.light, view.pixel, 0.03, 0.02, 0.3)
            paint(canvas, _metal(scene, ball), visible)


def _metal(scene, hit):
    """The colour of gold, which reflects a bright room above, a dark floor below, and the lamp."""
    light, normal = scene.light, hit.normal
    gold = palette.GOLD[:, None, None]
    room = 0.55 * bell(normal[1] - 0.35, 0.35) + 0.35 * bell(normal[1] + 0.75, 0.25)
    mirror = 0.25 + room + 0.3 * KEY * diffuse(normal, light) * around(normal)
    return gold * mirror + 1.2 * gleam(normal, light, 70.0)
