"""Pictures with captions for CLIP: portraits, portraits drawn in many styles, scenes, and patches of all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..networks.resampling import resized
from ..portraits.aligned.drawing.parts import PARTS
from ..portraits.language.attribute_values import Caption, false_of, style_fits, true_of
from ..portraits.language.captions import caption, style_caption
from ..portraits.language.region_words import REGIONS, region_caption
from ..portraits.language.scene_captions import SCENE_STYLES, scene_caption, scenes_false_of, scenes_true_of
from ..portraits.language.sentences import sentences
from ..portraits.language.style_words import PLAIN
from ..portraits.styles.scenes import SCENE_PARTS, Scenes, render_scenes, sample_scenes, scene_parts
from ..portraits.styles.styles import STYLES, apply_style
from .data import Portraits, to_float

CHUNK = 100  # pictures in a file
PATCH = (0.25, 0.75)  # range of the side of a patch, as a share of the picture's side
MASK = 64  # side of a mask in pixels
MOSTLY, HARDLY = 0.5, 0.05
"""A patch shows what fills more than the first share of it, and does not show what fills less than the second."""

Style = str | None


@dataclass(frozen=True)
class Pictures:
    """The pictures of a batch, each kind [N, 3, S, S] in [-1, 1], and what is known about them.

    portraits  whole portraits, the plain ones first, with their factors and styles
    scenes     whole scenes, with their facts and styles
    patches    of any of them, with their style and, for a patch without a style, the share of it that each of `REGIONS` fills,
               [P, R] in [0, 1]; unknown shares are NaN
    """

    portraits: Tensor
    factors: object
    styles: list[Style]
    scenes: Tensor
    facts: Scenes
    scene_styles: list[Style]
    patches: Tensor
    patch_styles: list[Style]
    shares: Tensor

    @property
    def plain(self) -> int:
        """The number of plain portraits."""
        return self.styles.count(None)

    def plain_ones(self) -> Tensor:
        """All pictures without a style, [N, 3, S, S]."""
        styles = [*self.styles, *self.scene_styles, *self.patch_styles]
        return torch.cat([self.portraits, self.scenes, self.patches])[[i for i, style in enumerate(styles) if style is None]]


@dataclass(frozen=True)
class Captions:
    """Captions of portraits, of scenes, of styles alone, and of parts of a picture."""

    of_portraits: list[Caption]
    of_scenes: list[Caption]
    of_styles: list[Caption]
    of_parts: list[Caption]

    def all(self) -> list[Caption]:
        """All captions, in this order."""
        return [*self.of_portraits, *self.of_scenes, *self.of_styles, *self.of_parts]


class CaptionedPictures:
    """A store of pictures from which batches are drawn.

    styled, scenes  number of portraits in a style, and of scenes, the second half of which are in a style
    masked          number of portraits for which it is known what each pixel shows
    size            side in pixels of the pictures in a batch
    """

    def __init__(self, portraits: Portraits, styled: int, scenes: int, masked: int, size: int, seed: int = 0, progress: bool = True):
        self.portraits, self.size = portraits, size
        rng = torch.Generator().manual_seed(seed)
        self.styled_index = torch.randint(len(portraits), (styled,), generator=rng)
        self.styled_styles = _some_of(tuple(STYLES), styled, rng)
        self.scenes = sample_scenes(scenes, seed)
        self.scene_styles = [None] * (scenes - scenes // 2) + _some_of(SCENE_STYLES, scenes // 2, rng)
        s = portraits.settings
        folder, name = Path(s.folder), f"{portraits.world.name}-{s.size}px-seed{s.seed}-{seed}-of{len(portraits)}"
        self.styled = Kept(folder, f"styled-{name}-{styled}", self._draw_styled, styled, progress)
        self.scene_pictures = Kept(folder, f"scenes-{name}-{scenes}", self._draw_scenes, scenes, progress)
        self.masks = Kept(folder, f"masks-{name}-{masked}", self._draw_masks, masked, progress)
        self.scene_masks = Kept(folder, f"scene-masks-{name}-{scenes}", self._draw_scene_masks, scenes, progress)

    def draw(self, rng: torch.Generator, plain: int, styled: int, scenes: int, patches: int) -> Pictures:
        """Draws a batch with so many pictures of each kind. A third of the patches are of styled portraits, a third of plain ones and a
        third of scenes."""
        def some(total, count):
            return torch.randint(total, (count,), generator=rng)

        plain, styled, scenes = some(len(self.portraits), plain), some(len(self.styled), styled), some(len(self.scenes), scenes)
        whole = torch.cat([self.portraits.images(plain), self.styled[styled]])
        patches, patch_styles, shares = self._patches(patches, rng)
        return Pictures(
            resized(to_float(whole), self.size), self.portraits.factors[torch.cat([plain, self.styled_index[styled]])],
            [None] * len(plain) + self._styles(self.styled_styles, styled),
            resized(to_float(self.scene_pictures[scenes]), self.size), self.scenes[scenes], self._styles(self.scene_styles, scenes),
            patches, patch_styles, shares)

    def _patches(self, count: int, rng: torch.Generator) -> tuple[Tensor, list[Style], Tensor]:
        """Patches of styled portraits, of plain ones and of scenes; their styles, and their shares of `REGIONS`."""
        third = count // 3
        styled, plain, scenes = (torch.randint(total, (n,), generator=rng) for total, n in (
            (len(self.styled), third), (len(self.masks), third), (len(self.scenes), count - 2 * third)))
        places = window_places(count, rng)
        pictures = torch.cat([self.styled[styled], self.portraits.images(plain), self.scene_pictures[scenes]])
        styles = [*self._styles(self.styled_styles, styled), *[None] * third, *self._styles(self.scene_styles, scenes)]
        shares = torch.cat([torch.full((third, len(REGIONS)), torch.nan),
                            region_shares(self.masks[plain], PARTS, places[third:2 * third]),
                            region_shares(self.scene_masks[scenes], SCENE_PARTS, places[2 * third:])])
        shares[[i for i, style in enumerate(styles) if style is not None]] = torch.nan
        return windows(pictures, places, self.size), styles, shares

    def _styles(self, styles: list[Style], index: Tensor) -> list[Style]:
        return [styles[i] for i in index.tolist()]

    def _draw_styled(self, start: int, stop: int) -> Tensor:
        return _in_style(to_float(self.portraits.images(self.styled_index[start:stop])), self.styled_styles[start:stop], start)

    def _draw_scenes(self, start: int, stop: int) -> Tensor:
        images = render_scenes(self.scenes[torch.arange(start, stop)], self.portraits.settings.size)
        return _in_style(images, self.scene_styles[start:stop], start)

    def _draw_masks(self, start: int, stop: int) -> Tensor:
        return (self.portraits.world.parts(self.portraits.factors[start:stop], MASK) * 255).round().byte()

    def _draw_scene_masks(self, start: int, stop: int) -> Tensor:
        return (scene_parts(self.scenes[torch.arange(start, stop)], MASK) * 255).round().byte()


def say(pictures: Pictures, rng: torch.Generator, portraits: int, scenes: int, styles: int, parts: int) -> Captions:
    """So many captions of each kind, each true of some picture. Those of portraits are half descriptions, half everyday sentences. All
    styles in the batch are named equally often, and so are all parts that patches show.
    """
    seed = int(torch.randint(2**31, (1,), generator=rng))
    chosen = torch.randint(len(pictures.factors), (portraits,), generator=rng)
    factors, known = pictures.factors[chosen], [pictures.styles[i] for i in chosen.tolist()]
    half = portraits // 2
    of_portraits = caption(factors[:half], seed, styles=known[:half]) + sentences(factors[half:], seed, known[half:])
    of_scenes = scene_caption(pictures.facts[:scenes], seed, styles=pictures.scene_styles[:scenes])
    drawn = [*pictures.styles, *pictures.scene_styles, *pictures.patch_styles]
    named = style_caption(_some_of([style for style in (None, *STYLES) if style in drawn], styles, rng), seed)
    shown = [name for name, column in zip(REGIONS, pictures.shares.T) if (column > MOSTLY).any()]
    return Captions(of_portraits, of_scenes, named, region_caption(_some_of(shown, parts if shown else 0, rng), seed))


def truth(captions: Captions, pictures: Pictures) -> tuple[Tensor, Tensor]:
    """Which captions are true and which are false of which pictures, bool [C, N] each, in the order portraits, scenes, patches.

    Since everything about every picture is known, a caption has all of its positives instead of one, and only pictures of which it is
    clearly false are its negatives. A caption of a portrait is false of a scene, and vice versa; it is false of a patch if the style
    differs. Times of day do not count for scenes and patches without a style, since every scene has its own. Parts count for patches only.
    """
    p, s = len(pictures.factors), len(pictures.facts)
    fits = style_fits(captions.all(), [*pictures.styles, *pictures.scene_styles, *pictures.patch_styles])
    true, false = torch.zeros_like(fits), ~fits
    of_portraits = slice(len(captions.of_portraits))
    of_scenes = slice(of_portraits.stop, of_portraits.stop + len(captions.of_scenes))
    named = slice(of_scenes.stop, of_scenes.stop + len(captions.of_styles))
    shown = slice(named.stop, None)
    true[of_portraits, :p] = true_of(captions.of_portraits, pictures.factors, pictures.styles)
    false[of_portraits, :p] = false_of(captions.of_portraits, pictures.factors, pictures.styles)
    false[of_portraits, p:p + s] = True
    false[of_scenes, :p] = True
    if captions.of_scenes and s:
        true[of_scenes, p:p + s] = scenes_true_of(captions.of_scenes, pictures.facts, pictures.scene_styles)
        false[of_scenes, p:p + s] = scenes_false_of(captions.of_scenes, pictures.facts, pictures.scene_styles)
    true[named] = fits[named]
    hours = torch.tensor([c.style not in (PLAIN, *SCENE_STYLES) for c in captions.of_styles], dtype=torch.bool)
    unstyled = torch.tensor([style is None for style in (*pictures.scene_styles, *pictures.patch_styles)], dtype=torch.bool)
    false[named, p:] &= ~(hours[:, None] & unstyled)
    columns = [list(REGIONS).index(caption.attribute_values[0][1]) for caption in captions.of_parts]
    true[shown], false[shown] = False, False
    true[shown, p + s:], false[shown, p + s:] = (pictures.shares > MOSTLY)[:, columns].T, (pictures.shares < HARDLY)[:, columns].T
    return true, false


def window_places(count: int, rng: torch.Generator, sides: tuple[float, float] = PATCH) -> Tensor:
    """Random square windows of a picture: left, top and side, [count, 3], as shares of the picture's side. sides: the range of the side"""
    u = torch.rand(count, 3, generator=rng)
    side = sides[0] + (sides[1] - sides[0]) * u[:, :1]
    return torch.cat([u[:, 1:] * (1 - side), side], 1)


def cut(picture: Tensor, place: Tensor) -> Tensor:
    """The window of a picture [C, H, H] at a place [3] (`window_places`)."""
    left, top, side = (round(share * picture.shape[-1]) for share in place.tolist())
    return picture[:, top:top + max(side, 1), left:left + max(side, 1)]


def windows(pictures: Tensor, places: Tensor, size: int) -> Tensor:
    """One window of each picture. pictures uint8 [N, 3, H, H], places [N, 3]  ->  float32 [N, 3, size, size] in [-1, 1]"""
    parts = [resized(to_float(cut(picture, place)[None]), size) for picture, place in zip(pictures, places)]
    return torch.cat([torch.empty(0, 3, size, size), *parts])


def region_shares(masks: Tensor, names: Sequence[str], places: Tensor) -> Tensor:
    """The share of each window that each of `REGIONS` fills. masks uint8 [N, K, M, M] of regions `names`, places [N, 3] -> [N, R] in [0, 1]
    """
    shares = torch.zeros(len(masks), len(REGIONS))
    columns = [list(REGIONS).index(name) for name in names]
    for row, (mask, place) in enumerate(zip(masks, places)):
        shares[row, columns] = cut(mask, place).float().mean((1, 2)) / 255
    return shares


class Kept:
    """Pictures on disk, uint8 [count, C, H, W]. Missing ones are drawn at once by `draw(start, stop)`; a file holds `CHUNK` of them and is
    written completely or not at all, so an interrupted run resumes."""

    def __init__(self, folder: Path, name: str, draw: Callable[[int, int], Tensor], count: int, progress: bool):
        self._count, self._files = count, []
        paths = [folder / f"{name}-{start // CHUNK:04d}.npy" for start in range(0, count, CHUNK)]
        missing = [path for path in paths if not path.exists()]
        with tqdm(total=len(paths), initial=len(paths) - len(missing), desc=name, disable=not (progress and missing)) as bar:
            for number, path in enumerate(paths):
                if path in missing:
                    _write(path, draw(number * CHUNK, min((number + 1) * CHUNK, count)))
                    bar.update()
                self._files.append(np.load(path, mmap_mode="r"))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Tensor) -> Tensor:
        """The pictures with these numbers. index [N] -> uint8 [N, C, H, W]"""
        chosen = [self._files[i // CHUNK][i % CHUNK] for i in index.tolist()]
        return torch.from_numpy(np.stack(chosen) if chosen else self._files[0][:0].copy())


def _write(path: Path, pictures: Tensor) -> None:
    temporary = path.with_suffix(".part")
    with open(temporary, "wb") as file:
        np.save(file, pictures.numpy())
    temporary.rename(path)


def _some_of(names: Sequence[Style], count: int, rng: torch.Generator) -> list[Style]:
    return [names[i] for i in torch.randint(max(len(names), 1), (count,), generator=rng).tolist()]


def _in_style(images: Tensor, styles: Sequence[Style], seed: int) -> Tensor:
    """Each picture drawn in its style, as uint8."""
    drawn = [apply_style(image[None], style, seed + i) if style else image[None] for i, (image, style) in enumerate(zip(images, styles))]
    return ((torch.cat(drawn) + 1) * 127.5).round().byte()
