"""Earrings.

A stand-in that draws nothing yet.
"""

from .scene import Scene


def draw_earrings(scene: Scene) -> None:
    """Nothing yet."""
