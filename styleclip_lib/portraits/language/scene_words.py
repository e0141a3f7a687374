"""The words for the scenes: places, and times of day."""

from .vocabulary import split

PLACES: dict[str, tuple[str, ...]] = {
    "hills": split("green hills, hills, a hilly landscape, rolling hills, meadows and hills"),
    "village": split("houses on a hill, a village, small houses in the hills, a few houses, houses"),
    "sea": split("the sea, the ocean, waves on the sea, a sea view, the open sea, water and waves"),
    "forest": split("a forest, trees, the woods, a forest of fir trees, many trees, a wood of tall trees"),
    "city": split("a city, a city skyline, skyscrapers, tall buildings, a big city, a city with tall buildings"),
    "mountains": split("mountains, snowy mountains, a mountain range, high mountains, mountains with snow on top"),
}
TIMES: dict[str, tuple[str, ...]] = {
    "day": split("by day, in daylight, under a blue sky, on a sunny day, at noon"),
    "sunset": split("at sunset, in the evening, in the light of the setting sun, at dusk, under a red sky"),
    "night": split("at night, by night, under the stars, in the moonlight, at midnight, under a dark sky"),
    "dawn": split("at dawn, in the early morning, at sunrise, in the morning light, under a pink sky"),
}
SCENE_WORDS: dict[str, tuple[str, ...]] = {
    "any": split("a landscape, a landscape, a scene, a view, an outdoor scene, the countryside"),
    **PLACES, **TIMES,
}
