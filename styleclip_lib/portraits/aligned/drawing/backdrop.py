"""The wall behind."""


from . import palette
from .scene import Scene


def draw_backdrop(scene: Scene) -> None:
    """An even wall, lighter where the light comes from."""
    view, p = scene.view, scene.p
    glow = 1.0 - 0.10 * ((view.x / 1.5 - 0.4 * p.light) ** 2 + (view.y / 1.5 - 0.3) ** 2).clamp(max=4)
    scene.canvas.copy_((palette.background(p)[:, None, None] * glow).clamp(0, 1))
