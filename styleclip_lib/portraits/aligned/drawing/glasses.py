"""Glasses and sunglasses.

A stand-in that draws nothing yet.
"""

from .scene import Scene


def draw_glasses(scene: Scene) -> None:
    """Nothing yet."""
