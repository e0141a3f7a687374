"""Pictures with captions for CLIP: portraits, portraits drawn in many styles, scenes, and patches of all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm.auto import tqdm

from ..portraits.language.captions import caption, style_caption
from ..portraits.language.scene_captions import SCENE_STYLES, scene_caption, scenes_false_of, scenes_true_of
from ..portraits.language.style_words import PLAIN
from ..portraits.language.statements import Caption, false_of, style_fits, true_of
from ..portraits.styles.scenes import Scenes, render_scenes, sample_scenes
from ..portraits.styles.styles import STYLES, apply_style
from .data import Portraits, to_float

LOT = 25  # pictures that are drawn at a time
PATCH = (0.35, 0.75)  # the side of a patch, as a share of the picture's


@dataclass(frozen=True)
class Counts:
    """How many there are of each kind in a batch: plain and styled portraits, scenes, patches, and captions of each sort."""

    plain: int = 32
    styled: int = 16
    scenes: int = 8
    patches: int = 32
    captions: int = 64
    scene_captions: int = 8
    style_captions: int = 21


@dataclass(frozen=True)
class Batch:
    """Pictures and captions.

    images   [N, 3, S, S] in [-1, 1]: plain portraits, styled portraits, scenes, patches
    captions C of them;  true, false  bool [C, N]: what is clearly so, and what clearly is not
    factors  of the plain portraits;  styles  of all pictures
    """

    images: Tensor
    captions: list[Caption]
    true: Tensor
    false: Tensor
    factors: object
    styles: list[str | None]


class CaptionedPictures:
    """Batches of pictures and captions, and which captions are true and which are false of which pictures.

    Because everything about every picture is known, a caption has not one positive but all of them, and only pictures
    of which it is clearly false are its negatives. Of a patch only the style is known.

    styled, scenes  how many portraits are drawn in a style, and how many scenes there are, every second one in a style
    size            pixels along each side of what `batch` returns
    """

    def __init__(self, portraits: Portraits, styled: int, scenes: int, size: int, seed: int = 0, progress: bool = True):
        self.portraits, self.size = portraits, size
        rng = torch.Generator().manual_seed(seed)
        self.styled_index = torch.randint(len(portraits), (styled,), generator=rng)
        self.styled_styles = _drawn_from(tuple(STYLES), styled, rng)
        self.scenes = sample_scenes(scenes, seed)
        half = scenes // 2
        self.scene_styles = [None] * (scenes - half) + _drawn_from(SCENE_STYLES, half, rng)
        folder, name = Path(portraits.settings.folder), f"{portraits.world.name}-{portraits.settings.size}px-seed{seed}-of{len(portraits)}"
        self.styled = kept(folder / f"styled-{name}-{styled}.npy", self._draw_styled, styled, progress)
        self.scene_pictures = kept(folder / f"scenes-{name}-{scenes}.npy", self._draw_scenes, scenes, progress)

    def batch(self, rng: torch.Generator, counts: Counts) -> Batch:
        """Draws a batch."""
        def some(total, count):
            return torch.randint(total, (count,), generator=rng)

        plain, styled = some(len(self.portraits), counts.plain), some(len(self.styled), counts.styled)
        scenes = some(len(self.scenes), counts.scenes)
        wholes = [self.portraits.images(plain), _taken(self.styled, styled), _taken(self.scene_pictures, scenes)]
        patches, patch_styles = self._patches(rng, counts.patches)
        images = torch.cat([*(resized(part, self.size) for part in wholes if len(part)), patches])
        factors = self.portraits.factors[torch.cat([plain, self.styled_index[styled]])]
        styles = [None] * counts.plain + [self.styled_styles[i] for i in styled.tolist()]
        scene_styles = [self.scene_styles[i] for i in scenes.tolist()]
        everywhere = [*styles, *scene_styles, *patch_styles]

        seed = int(torch.randint(2**31, (1,), generator=rng))
        chosen = torch.randint(len(factors), (counts.captions,), generator=rng)
        said = caption(factors[chosen], seed, styles=[styles[i] for i in chosen.tolist()])
        told = scene_caption(self.scenes[scenes][:counts.scene_captions], seed, styles=scene_styles[:counts.scene_captions])
        named = style_caption([everywhere[i] for i in some(len(everywhere), counts.style_captions).tolist()], seed)
        true, false = truth(said, told, named, factors, styles, self.scenes[scenes], scene_styles, patch_styles)
        return Batch(images, [*said, *told, *named], true, false, self.portraits.factors[plain], everywhere)

    def _patches(self, rng: torch.Generator, count: int) -> tuple[Tensor, list[str | None]]:
        """Windows of pictures, half of them from styled portraits, the others from plain portraits and from scenes."""
        half, rest = count // 2, count - count // 2 - count // 4
        styled = torch.randint(len(self.styled), (half,), generator=rng)
        plain = torch.randint(len(self.portraits), (count // 4,), generator=rng)
        scenes = torch.randint(len(self.scenes), (rest,), generator=rng)
        pictures = torch.cat([_taken(self.styled, styled), self.portraits.images(plain), _taken(self.scene_pictures, scenes)])
        styles = [self.styled_styles[i] for i in styled.tolist()] + [None] * len(plain) + [self.scene_styles[i] for i in scenes.tolist()]
        return windows(pictures, self.size, rng), styles

    def _draw_styled(self, start: int, stop: int) -> Tensor:
        images = to_float(self.portraits.images(self.styled_index[start:stop]))
        return _in_style(images, self.styled_styles[start:stop], start)

    def _draw_scenes(self, start: int, stop: int) -> Tensor:
        images = render_scenes(self.scenes[torch.arange(start, stop)], self.portraits.settings.size)
        return _in_style(images, self.scene_styles[start:stop], start)


def truth(said: Sequence[Caption], told: Sequence[Caption], named: Sequence[Caption], factors, styles, scenes: Scenes, scene_styles,
          patch_styles) -> tuple[Tensor, Tensor]:
    """Which captions are true and which false of which pictures, bool [C, N] each.

    said of portraits, told of scenes, named: captions of a style and nothing else
    factors, styles of P portraits; scenes, scene_styles of S scenes; patch_styles of patches
    What is said of a portrait is false of a scene, and the other way round; of a patch it is false if the style is another one. Whether
    it is night or evening is not asked of scenes, which have a time of day of their own, and of patches without a style.
    """
    portraits, places = slice(len(factors)), slice(len(factors), len(factors) + len(scenes))
    fits = style_fits([*said, *told, *named], [*styles, *scene_styles, *patch_styles])
    true, false = torch.zeros_like(fits), ~fits
    of_portraits, of_scenes, of_styles = slice(len(said)), slice(len(said), len(said) + len(told)), slice(len(said) + len(told), None)
    true[of_portraits, portraits], false[of_portraits, portraits] = true_of(said, factors, styles), false_of(said, factors, styles)
    false[of_portraits, places] = True
    false[of_scenes, portraits] = True
    if told:
        true[of_scenes, places] = scenes_true_of(told, scenes, scene_styles)
        false[of_scenes, places] = scenes_false_of(told, scenes, scene_styles)
    true[of_styles] = fits[of_styles]
    by_the_hour = torch.tensor([caption.style not in (None, PLAIN, *SCENE_STYLES) for caption in named], dtype=torch.bool)
    unstyled = torch.tensor([style is None for style in (*scene_styles, *patch_styles)], dtype=torch.bool)
    false[of_styles, len(factors):] &= ~(by_the_hour[:, None] & unstyled)
    return true, false


def windows(pictures: Tensor, size: int, rng: torch.Generator, sides: tuple[float, float] = PATCH) -> Tensor:
    """A square window somewhere in each picture, with a side between the given shares of the picture's.

    uint8 [N, 3, H, H]  ->  float32 [N, 3, size, size] in [-1, 1]
    """
    whole = pictures.shape[-1]
    parts = []
    for picture, (a, b, c) in zip(pictures, torch.rand(len(pictures), 3, generator=rng).tolist()):
        side = max(2, round(whole * (sides[0] + (sides[1] - sides[0]) * a)))
        x, y = round(b * (whole - side)), round(c * (whole - side))
        parts.append(resized(picture[None, :, y:y + side, x:x + side], size))
    return torch.cat(parts) if parts else torch.empty(0, 3, size, size)


def resized(pictures: Tensor, size: int) -> Tensor:
    """uint8 [N, 3, H, H]  ->  float32 [N, 3, size, size] in [-1, 1], without aliases, channels last"""
    images = to_float(pictures)
    if images.shape[-1] == size:
        return images
    return F.interpolate(images, size=(size, size), mode="bilinear", antialias=True, align_corners=False)


def kept(path: Path, draw: Callable[[int, int], Tensor], count: int, progress: bool) -> np.ndarray:
    """Pictures from a file, uint8 [count, 3, H, W]; if there is none, `draw(start, stop)` makes them and the file is written, whole or
    not at all."""
    if not path.exists():
        starts = tqdm(range(0, count, LOT), desc=path.stem, disable=not progress, mininterval=2)
        pictures = torch.cat([draw(start, min(start + LOT, count)) for start in starts]) if count else torch.empty(0, 3, 1, 1)
        temporary = path.with_suffix(".part")
        with open(temporary, "wb") as file:
            np.save(file, pictures.byte().numpy())
        temporary.rename(path)
    return np.load(path, mmap_mode="r")


def _taken(pictures: np.ndarray, index: Tensor) -> Tensor:
    return torch.from_numpy(pictures[index.numpy()])


def _drawn_from(names: Sequence[str], count: int, rng: torch.Generator) -> list[str | None]:
    return [names[i] for i in torch.randint(len(names), (count,), generator=rng).tolist()]


def _in_style(images: Tensor, styles: Sequence[str | None], seed: int) -> Tensor:
    """Each picture in its style, as uint8."""
    drawn = [apply_style(image[None], style, seed + i) if style else image[None] for i, (image, style) in enumerate(zip(images, styles))]
    return ((torch.cat(drawn) + 1) * 127.5).round().byte()
