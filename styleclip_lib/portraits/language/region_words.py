"""The words for the parts of a picture, for finding the region that a text names."""

import random
from collections.abc import Sequence

from .attribute_values import Caption
from .vocabulary import split

REGIONS: dict[str, tuple[str, ...]] = {
    "background": split("the background, background, the wall, a wall, the backdrop, what is behind"),
    "hair": split("hair, the hair, some hair, only hair, her hair, his hair"),
    "hat": split("a hat, the hat, a cap, the cap, headwear"),
    "clothes": split("clothes, the clothes, a shirt, the shirt, clothing, a sweater"),
    "skin": split("a face, the face, skin, the skin, bare skin, her face, his face"),
    "sky": split("the sky, sky, a sky, only sky, the heavens"),
    "hills": split("hills, the hills, meadows, a meadow, grass"),
    "trees": split("trees, the trees, a tree, some trees, leaves"),
    "houses": split("houses, the houses, a house, buildings, a building"),
    "sea": split("the sea, sea, water, the water, waves"),
    "boat": split("a boat, the boat, a sailing boat, a ship"),
    "mountains": split("mountains, the mountains, a mountain, rocks"),
}
"""The parts of portraits and scenes, and the words for them."""

PART = "part"


def region_caption(regions: Sequence[str], seed: int) -> list[Caption]:
    """A caption for each of these parts, with one attribute value, ("part", name)."""
    rng = random.Random(seed)
    return [Caption(rng.choice(REGIONS[name]), ((PART, name),)) for name in regions]
