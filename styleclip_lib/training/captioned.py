"""Pictures with captions for CLIP: portraits, portraits drawn in many styles, scenes, and patches of all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..networks.resampling import resized
from ..portraits.language.captions import caption, style_caption
from ..portraits.language.scene_captions import SCENE_STYLES, scene_caption, scenes_false_of, scenes_true_of
from ..portraits.language.sentences import sentences
from ..portraits.language.statements import Caption, false_of, style_fits, true_of
from ..portraits.language.style_words import PLAIN
from ..portraits.styles.scenes import Scenes, render_scenes, sample_scenes
from ..portraits.styles.styles import STYLES, apply_style
from .data import Portraits, to_float

LOT = 25  # pictures that are drawn at a time
PATCH = (0.35, 0.75)  # the side of a patch, as a share of the picture's

Style = str | None


@dataclass(frozen=True)
class Pictures:
    """Pictures of a batch, each lot [N, 3, S, S] in [-1, 1], and what is known of them.

    portraits  whole portraits, the plain ones first, with their factors and styles
    scenes     whole scenes, with their facts and styles
    patches    of any of them; of these only the style is known
    """

    portraits: Tensor
    factors: object
    styles: list[Style]
    scenes: Tensor
    facts: Scenes
    scene_styles: list[Style]
    patches: Tensor
    patch_styles: list[Style]

    @property
    def plain(self) -> int:
        """How many plain portraits there are."""
        return self.styles.count(None)

    def plain_ones(self) -> Tensor:
        """Everything that is drawn in no style. [N, 3, S, S]"""
        styles = [*self.styles, *self.scene_styles, *self.patch_styles]
        return torch.cat([self.portraits, self.scenes, self.patches])[[i for i, style in enumerate(styles) if style is None]]


@dataclass(frozen=True)
class Captions:
    """Captions of portraits, of scenes, and such as name a style and nothing else."""

    of_portraits: list[Caption]
    of_scenes: list[Caption]
    of_styles: list[Caption]

    def all(self) -> list[Caption]:
        """In this order."""
        return [*self.of_portraits, *self.of_scenes, *self.of_styles]


class CaptionedPictures:
    """Draws pictures, and captions that are true of them.

    styled, scenes  how many portraits are drawn in a style, and how many scenes there are, every second one in a style
    size            pixels along each side of the pictures in a batch
    """

    def __init__(self, portraits: Portraits, styled: int, scenes: int, size: int, seed: int = 0, progress: bool = True):
        self.portraits, self.size = portraits, size
        rng = torch.Generator().manual_seed(seed)
        self.styled_index = torch.randint(len(portraits), (styled,), generator=rng)
        self.styled_styles = _some_of(tuple(STYLES), styled, rng)
        self.scenes = sample_scenes(scenes, seed)
        self.scene_styles = [None] * (scenes - scenes // 2) + _some_of(SCENE_STYLES, scenes // 2, rng)
        s = portraits.settings
        name = f"{portraits.world.name}-{s.size}px-seed{s.seed}-{seed}-of{len(portraits)}"
        self.styled = kept(Path(s.folder) / f"styled-{name}-{styled}.npy", self._draw_styled, styled, progress)
        self.scene_pictures = kept(Path(s.folder) / f"scenes-{name}-{scenes}.npy", self._draw_scenes, scenes, progress)

    def draw(self, rng: torch.Generator, plain: int, styled: int, scenes: int, patches: int) -> Pictures:
        """Draws that many pictures of each kind; half of the patches are of styled portraits, the others of plain ones and of scenes."""
        plain, of_plain = (torch.randint(len(self.portraits), (n,), generator=rng) for n in (plain, patches // 4))
        styled, of_styled = (torch.randint(len(self.styled), (n,), generator=rng) for n in (styled, patches // 2))
        scenes, of_scenes = (torch.randint(len(self.scenes), (n,), generator=rng)
                             for n in (scenes, patches - patches // 2 - patches // 4))
        whole = torch.cat([self.portraits.images(plain), _taken(self.styled, styled)])
        parts = torch.cat([_taken(self.styled, of_styled), self.portraits.images(of_plain), _taken(self.scene_pictures, of_scenes)])
        return Pictures(
            resized(to_float(whole), self.size), self.portraits.factors[torch.cat([plain, self.styled_index[styled]])],
            [None] * len(plain) + [self.styled_styles[i] for i in styled.tolist()],
            resized(to_float(_taken(self.scene_pictures, scenes)), self.size), self.scenes[scenes],
            [self.scene_styles[i] for i in scenes.tolist()],
            windows(parts, self.size, rng),
            [*(self.styled_styles[i] for i in of_styled.tolist()), *[None] * len(of_plain),
             *(self.scene_styles[i] for i in of_scenes.tolist())])

    def _draw_styled(self, start: int, stop: int) -> Tensor:
        return _in_style(to_float(self.portraits.images(self.styled_index[start:stop])), self.styled_styles[start:stop], start)

    def _draw_scenes(self, start: int, stop: int) -> Tensor:
        images = render_scenes(self.scenes[torch.arange(start, stop)], self.portraits.settings.size)
        return _in_style(images, self.scene_styles[start:stop], start)


def say(pictures: Pictures, rng: torch.Generator, portraits: int, scenes: int, styles: int) -> Captions:
    """That many captions, each true of some picture; those of portraits are half descriptions, half what people write."""
    seed = int(torch.randint(2**31, (1,), generator=rng))
    chosen = torch.randint(len(pictures.factors), (portraits,), generator=rng)
    factors, known = pictures.factors[chosen], [pictures.styles[i] for i in chosen.tolist()]
    half = portraits // 2
    said = caption(factors[:half], seed, styles=known[:half]) + sentences(factors[half:], seed, known[half:])
    told = scene_caption(pictures.facts[:scenes], seed, styles=pictures.scene_styles[:scenes])
    everywhere = [*pictures.styles, *pictures.scene_styles, *pictures.patch_styles]
    named = style_caption([everywhere[i] for i in torch.randint(len(everywhere), (styles,), generator=rng).tolist()], seed)
    return Captions(said, told, named)


def truth(captions: Captions, pictures: Pictures) -> tuple[Tensor, Tensor]:
    """Which captions are true and which are false of which pictures, bool [C, N] each, in the order portraits, scenes, patches.

    Because everything about every picture is known, a caption has not one positive but all of them, and only pictures
    of which it is clearly false are its negatives. What is said of a portrait is false of a scene, and the other way round; of a patch
    it is false if the style is another one. Whether it is night or evening is not asked of scenes and patches that are drawn in no
    style: scenes have a time of day of their own.
    """
    p, s = len(pictures.factors), len(pictures.facts)
    fits = style_fits(captions.all(), [*pictures.styles, *pictures.scene_styles, *pictures.patch_styles])
    true, false = torch.zeros_like(fits), ~fits
    said = slice(len(captions.of_portraits))
    told = slice(said.stop, said.stop + len(captions.of_scenes))
    named = slice(told.stop, None)
    true[said, :p] = true_of(captions.of_portraits, pictures.factors, pictures.styles)
    false[said, :p] = false_of(captions.of_portraits, pictures.factors, pictures.styles)
    false[said, p:p + s] = True
    false[told, :p] = True
    if captions.of_scenes and s:
        true[told, p:p + s] = scenes_true_of(captions.of_scenes, pictures.facts, pictures.scene_styles)
        false[told, p:p + s] = scenes_false_of(captions.of_scenes, pictures.facts, pictures.scene_styles)
    true[named] = fits[named]
    hours = torch.tensor([c.style not in (PLAIN, *SCENE_STYLES) for c in captions.of_styles], dtype=torch.bool)
    unstyled = torch.tensor([style is None for style in (*pictures.scene_styles, *pictures.patch_styles)], dtype=torch.bool)
    false[named, p:] &= ~(hours[:, None] & unstyled)
    return true, false


def windows(pictures: Tensor, size: int, rng: torch.Generator, sides: tuple[float, float] = PATCH) -> Tensor:
    """A square window somewhere in each picture, with a side between the given shares of the picture's.

    uint8 [N, 3, H, H]  ->  float32 [N, 3, size, size] in [-1, 1]
    """
    whole = pictures.shape[-1]
    parts = [torch.empty(0, 3, size, size)]
    for picture, (a, b, c) in zip(pictures, torch.rand(len(pictures), 3, generator=rng).tolist()):
        side = max(2, round(whole * (sides[0] + (sides[1] - sides[0]) * a)))
        x, y = round(b * (whole - side)), round(c * (whole - side))
        parts.append(resized(to_float(picture[None, :, y:y + side, x:x + side]), size))
    return torch.cat(parts)


def kept(path: Path, draw: Callable[[int, int], Tensor], count: int, progress: bool) -> np.ndarray:
    """Pictures from a file, uint8 [count, 3, H, W]; if there is none, `draw(start, stop)` makes them and the file is written, whole or
    not at all."""
    if not path.exists():
        starts = tqdm(range(0, count, LOT), desc=path.stem, disable=not progress, mininterval=2)
        pictures = torch.cat([draw(start, min(start + LOT, count)) for start in starts])
        temporary = path.with_suffix(".part")
        with open(temporary, "wb") as file:
            np.save(file, pictures.numpy())
        temporary.rename(path)
    return np.load(path, mmap_mode="r")


def _taken(pictures: np.ndarray, index: Tensor) -> Tensor:
    return torch.from_numpy(pictures[index.numpy()])


def _some_of(names: Sequence[str], count: int, rng: torch.Generator) -> list[Style]:
    return [names[i] for i in torch.randint(len(names), (count,), generator=rng).tolist()]


def _in_style(images: Tensor, styles: Sequence[Style], seed: int) -> Tensor:
    """Each picture in its style, as uint8."""
    drawn = [apply_style(image[None], style, seed + i) if style else image[None] for i, (image, style) in enumerate(zip(images, styles))]
    return ((torch.cat(drawn) + 1) * 127.5).round().byte()
