"""Captions of scenes: a place, a time of day, both, or neither, and the style."""

import random
from collections.abc import Sequence

import torch

from ..styles.scenes import PLACE_NAMES, TIME_NAMES, Scenes
from .attribute_values import AttributeValue, Caption
from .fillers import OPENINGS
from .scene_words import PLACES, SCENE_WORDS, TIMES
from .style_words import STYLE_WORDS

# Night and sunset are times of day, so they are not used as styles of scenes.
SCENE_STYLES: tuple[str, ...] = tuple(name for name in STYLE_WORDS if name not in ("night", "sunset"))


def scene_caption(scenes: Scenes, seed: int, styles: Sequence[str | None] | None = None) -> list[Caption]:
    """Writes one caption for each scene, with attribute values ("place", ...) and ("time", ...), true of it.

    styles  the style (one of SCENE_STYLES) of each scene, or None; named in two of three captions
    """
    rng = random.Random(seed)
    styles = [None] * len(scenes) if styles is None else styles
    captions = []
    for facts, style in zip(_facts(scenes), styles):
        named = style if style is not None and rng.random() < 0.67 else None
        says = rng.choices((("place", "time"), ("place",), ("time",), ()), (5, 3, 2, 1))[0]
        named_facts = tuple(fact for fact in facts if fact[0] in says and _can_tell(fact, style))
        captions.append(Caption(_text(dict(named_facts), named, rng), named_facts, named))
    return captions


def scenes_true_of(captions: Sequence[Caption], scenes: Scenes,
                   styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Whether everything that each caption says is true of each scene and visible. Returns bool [C, N].

    Captions of portraits are false of all scenes, and captions of scenes of all portraits.
    """
    styles = [None] * len(scenes) if styles is None else styles
    pictures = list(zip(_facts(scenes), styles))
    return torch.tensor([[caption.style in (None, style)
                          and all(fact in facts and _can_tell(fact, style) for fact in caption.attribute_values)
                          for facts, style in pictures] for caption in captions])


def scenes_false_of(captions: Sequence[Caption], scenes: Scenes,
                    styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Whether something that each caption says is clearly false of each scene. Returns bool [C, N]."""
    styles = [None] * len(scenes) if styles is None else styles
    pictures = list(zip(_facts(scenes), styles))
    return torch.tensor([[caption.style not in (None, style)
                          or any(fact not in facts and _can_tell(fact, style) for fact in caption.attribute_values)
                          for facts, style in pictures] for caption in captions])


def _facts(scenes) -> list[tuple[AttributeValue, AttributeValue]]:
    """The place and the time of day of each scene."""
    return [(("place", PLACE_NAMES[place]), ("time", TIME_NAMES[time]))
            for place, time in zip(scenes.place.tolist(), scenes.time.tolist())]


def _can_tell(attribute_value, style):
    """Whether a fact is visible in a style: the time of day is visible in the colours, which some styles lose."""
    return attribute_value[0] != "time" or style is None or "background" not in STYLE_WORDS[style].loses


def _text(facts, style, rng):
    text = rng.choice(PLACES[facts["place"]] if "place" in facts else SCENE_WORDS["any"])
    if "time" in facts:
        text += f" {rng.choice(TIMES[facts['time']])}"
    if style is not None:
        words = STYLE_WORDS[style]
        first = rng.random() < 0.55
        return f"{rng.choice(words.opening)} of {text}" if first else f"{text} {rng.choice(words.ending)}"
    return f"{rng.choice(OPENINGS)} {text}" if rng.random() < 0.33 else text
