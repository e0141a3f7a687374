"""The colours of the world, as linear RGB in [0, 1]."""

import torch

from ..world.factors import Portrait
from .anatomy import childhood, old_age


def linear(code: str) -> torch.Tensor:
    """A colour in hexadecimal notation, "rrggbb"  ->  linear RGB [3]"""
    return torch.tensor([int(code[i:i + 2], 16) / 255 for i in (0, 2, 4)]) ** 2.2


def _colors(*codes):
    return torch.stack([linear(c) for c in codes])


def _named(**codes):
    return {name: linear(code) for name, code in codes.items()}


SKIN = _colors("f9dccb", "f3c6a6", "dfa67c", "ad7650", "80523a", "583a2e")  # very light to very dark
HAIR = _named(black="2a2630", brown="6b4226", blond="e3c074", red="b5451f", grey="8e9096", white="e8e6e2", pink="f06aa8",
              blue="3f74d8", green="3fa866")
IRIS = _named(brown="7a4a26", blue="4a90d8", green="4ea558")
BACKGROUND = _named(white="eef0f2", grey="9aa0a8", blue="7fb2e5", green="8cc78f", yellow="f2d974", orange="f0a868", pink="f2a9c4",
                    purple="b49ae0")
CLOTHES = _named(red="c8414b", blue="3f66b0", green="3f8f63", yellow="e6b93c", black="33343c", white="f3f3f0", purple="7a52a8",
                 orange="e08338")
LIPSTICK = _colors("c4203c", "d8487c", "8c2450")
EYESHADOW = _colors("7a4ab0", "4a6fc0", "b0507a")
FRAMES = _colors("26262c", "7a3c22", "b03040", "2c4a80")
HEADWEAR = _colors("4a4038", "b8443c", "2f5a8c", "3c7a58", "d8b060", "3a3a44")
WHITE, INK, MOUTH, TEETH, TONGUE, GOLD, EYEBALL = _colors("ffffff", "1d1413", "3a1016", "fbf8f2", "cf6a70", "f2c14e", "f4f2ef")


def along(stops: torch.Tensor, t: float) -> torch.Tensor:
    """A colour between the stops. stops [K, 3], t in [0, 1]  ->  [3]"""
    position = min(max(t, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(position), len(stops) - 2)
    return torch.lerp(stops[low], stops[low + 1], position - low)


def skin(p: Portrait) -> torch.Tensor:
    """The skin tone, slightly pinker or more golden from person to person; fresher for children, duller for old people. [3]"""
    tone = along(SKIN, p.skin_tone) * (1 + p.undertone * torch.tensor([0.02, -0.03, -0.10]))
    tone = tone * (1 + childhood(p.age) * torch.tensor([0.06, -0.02, -0.02]))
    return torch.lerp(tone, 0.92 * tone.mean(), 0.22 * old_age(p.age))


def hair(p: Portrait) -> torch.Tensor:
    """The colour of the hair, slightly lighter or darker from person to person. [3]"""
    return HAIR[p.hair_color] * (1 + 0.25 * p.hair_shade)


def face_hair(p: Portrait) -> torch.Tensor:
    """The colour of brows and beards: not that of a wig, slightly darker than the hair, and greyer with age. [3]"""
    natural = HAIR["brown"] if p.hair_color in ("pink", "blue", "green") else hair(p)
    return torch.lerp(natural, HAIR["grey"], 0.45 * old_age(p.age)) * 0.62


def brow(p: Portrait) -> torch.Tensor:
    """The colour of brows, darkened if they are pale on pale skin. [3]"""
    color = face_hair(p)
    pale = min(color.mean().item() / 0.3, 1.0)
    return color * (1 - 0.5 * pale * (1 - p.skin_tone))


def lips(p: Portrait, man: float) -> torch.Tensor:
    """The colour of lips: redder than the skin, less so for men; lipstick covers most of that. [3]"""
    natural = skin(p) * torch.lerp(torch.tensor([0.80, 0.42, 0.42]), torch.tensor([0.82, 0.60, 0.57]), 0.5 * man)
    return torch.lerp(natural, along(LIPSTICK, p.makeup_color), 0.85) if p.makeup == "makeup" else natural


def iris(p: Portrait) -> torch.Tensor:
    """The colour of the iris, slightly lighter or darker from person to person. [3]"""
    return IRIS[p.eye_color] * (1 + 0.3 * p.iris_shade)


def background(p: Portrait) -> torch.Tensor:
    """The colour of the backdrop, slightly lighter or darker from picture to picture. [3]"""
    return BACKGROUND[p.background] * (1 + 0.20 * p.background_shade)


def clothes(p: Portrait) -> torch.Tensor:
    """The colour of the clothes, slightly lighter or darker from picture to picture. [3]"""
    return CLOTHES[p.clothes] * (1 + 0.25 * p.clothes_shade)
