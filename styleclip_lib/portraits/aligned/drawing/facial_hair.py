"""Beards, moustaches and stubble.

A stand-in that draws nothing yet.
"""

from .scene import Scene


def draw_facial_hair(scene: Scene) -> None:
    """Nothing yet."""
