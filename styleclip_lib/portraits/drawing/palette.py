"""The colours of the world, as numbers in [0, 1]."""

import torch

from ..world.factors import Factors


def _colors(*codes):
    return torch.tensor([[int(c[i:i + 2], 16) / 255 for i in (0, 2, 4)] for c in codes])


SKIN = _colors("ffe3d3", "f6c9a8", "dba27a", "a8714a", "7e4f35", "55342a")  # very light to very dark
HAIR = _colors("2a2630", "6b4226", "e9c46a", "b5451f", "8e9096", "f0eeea", "f06aa8", "3f74d8", "3fa866")
IRIS = _colors("6e4020", "3f8fdc", "4aa552")
BACKGROUND = _colors("eef0f2", "9aa0a8", "7fb2e5", "8cc78f", "f2d974", "f0a868", "f2a9c4", "b49ae0")
CLOTHES = _colors("c8414b", "3f66b0", "3f8f63", "e6b93c", "33343c", "f3f3f0", "7a52a8", "e08338")
LIPSTICK = _colors("c4203c", "d8487c", "8c2450")
EYESHADOW = _colors("7a4ab0", "4a6fc0", "b0507a")
FRAMES = _colors("26262c", "7a3c22", "b03040", "2c4a80")
HEADWEAR = _colors("4a4038", "b8443c", "2f5a8c", "3c7a58", "d8b060", "3a3a44")
WHITE, INK, MOUTH, TEETH, TONGUE, GOLD = _colors("ffffff", "2b1d1a", "571b22", "fbf7f0", "d8707a", "f2c14e")


def along(stops: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """A colour between the stops. stops [K, 3], t [N] in [0, 1]  ->  [N, 3]"""
    position = t.clamp(0, 1) * (len(stops) - 1)
    low = position.floor().long().clamp(max=len(stops) - 2)
    return torch.lerp(stops[low], stops[low + 1], (position - low)[:, None])


def pick(colors: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    """One of the colours. colors [K, 3], u [N] in [0, 1]  ->  [N, 3]"""
    return colors[(u * len(colors)).long().clamp(max=len(colors) - 1)]


def skin(f: Factors) -> torch.Tensor:
    """[N, 3]: the tone, a little pinker or more golden."""
    warm = torch.tensor([0.01, -0.012, -0.03])
    return (along(SKIN, f.skin_tone) + f.undertone[:, None] * warm).clamp(0, 1)


def hair(f: Factors) -> torch.Tensor:
    """[N, 3]: the hair's colour, a little lighter or darker from person to person."""
    return (HAIR[f.hair_color] * (1 + 0.13 * f.hair_shade[:, None])).clamp(0, 1)


def face_hair(f: Factors, dark: float, light: float) -> torch.Tensor:
    """[N, 3]: hair that grows on the face, brought to a darker or a lighter tone, whichever stands out more from the skin.

    Wigs dye neither brows nor beards. dark, light = factors of the colour
    """
    color = torch.where((f.hair_color >= 6)[:, None], HAIR[1], hair(f))
    tones = torch.stack([color * dark, (color * light).clamp(max=1)])
    contrast = (tones.mean(2) - skin(f).mean(1)).abs()
    return torch.where((contrast[0] >= contrast[1])[:, None], tones[0], tones[1])


def iris(f: Factors) -> torch.Tensor:
    return (IRIS[f.eye_color] * (1 + 0.15 * f.iris_shade[:, None])).clamp(0, 1)


def background(f: Factors) -> torch.Tensor:
    return (BACKGROUND[f.background] * (1 + 0.10 * f.background_shade[:, None])).clamp(0, 1)


def clothes(f: Factors) -> torch.Tensor:
    return (CLOTHES[f.clothes] * (1 + 0.12 * f.clothes_shade[:, None])).clamp(0, 1)
