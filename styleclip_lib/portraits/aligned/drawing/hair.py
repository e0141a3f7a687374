"""Hair on the head.

A stand-in that draws nothing yet.
"""

from .scene import Scene


def draw_hair_behind(scene: Scene) -> None:
    """Nothing yet."""


def draw_hair(scene: Scene) -> None:
    """Nothing yet."""
