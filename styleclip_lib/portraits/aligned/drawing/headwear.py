"""Hats and caps.

A stand-in that draws nothing yet.
"""

from .scene import Scene


def draw_headwear(scene: Scene) -> None:
    """Nothing yet."""
