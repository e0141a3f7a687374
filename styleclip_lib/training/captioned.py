"""Pictures with captions for CLIP: portraits, portraits drawn in many styles, and scenes."""

import torch
from tqdm.auto import tqdm

from ..portraits.language.captions import caption
from ..portraits.language.scene_captions import SCENE_STYLES, scene_caption, scenes_false_of, scenes_true_of
from ..portraits.language.statements import Caption, false_of, true_of
from ..portraits.styles.scenes import render_scenes, sample_scenes
from ..portraits.styles.styles import STYLES, apply_style
from ..portraits.world.factors import Factors
from .data import Portraits, to_float


class CaptionedPictures:
    """Batches of pictures and captions, and which captions are true and which are false of which pictures.

    Because everything about every picture is known, a caption has not one positive but all of them, and only pictures
    of which it is clearly false are its negatives.
    """

    def __init__(self, portraits: Portraits, drawn: int = 5000, scenes: int = 1500, seed: int = 0, progress: bool = True):
        self.portraits = portraits
        rng = torch.Generator().manual_seed(seed)
        self.drawn_index = torch.randint(len(portraits), (drawn,), generator=rng)
        self.drawn_styles = [list(STYLES)[i] for i in torch.randint(len(STYLES), (drawn,), generator=rng)]
        self.drawn = _drawn(to_float(portraits.images(self.drawn_index)), self.drawn_styles, progress)
        self.scenes = sample_scenes(scenes, seed)
        half = scenes // 2
        self.scene_styles = [None] * (scenes - half) + [SCENE_STYLES[i] for i in torch.randint(len(SCENE_STYLES), (half,), generator=rng)]
        size = portraits.settings.size
        pictures = torch.cat([render_scenes(self.scenes[torch.arange(i, min(i + 100, scenes))], size) for i in range(0, scenes, 100)])
        self.scene_pictures = _drawn(pictures, self.scene_styles, progress)

    def batch(self, rng: torch.Generator, plain: int, drawn: int, scenes: int, captions: int,
              samples: tuple[torch.Tensor, Factors] | None = None):
        """Draws a batch: portraits first (plain, then the given samples, then drawn), scenes last.

        samples: pictures of portraits [S, 3, H, W] in [-1, 1] that do not come from the renderer, with their factors
        Returns images [N, 3, H, W] in [-1, 1], C captions, true [C, N], false [C, N], and the factors of plain and samples.
        """
        plain_index = torch.randint(len(self.portraits), (plain,), generator=rng)
        drawn_index = torch.randint(len(self.drawn), (drawn,), generator=rng)
        scene_index = torch.randint(len(self.scene_pictures), (scenes,), generator=rng)
        undrawn, pictures = self.portraits.factors[plain_index], [to_float(self.portraits.images(plain_index))]
        if samples is not None:
            undrawn, pictures = Factors.joined([undrawn, samples[1]]), [*pictures, samples[0]]
        images = torch.cat([*pictures, to_float(self.drawn[drawn_index]), to_float(self.scene_pictures[scene_index])])
        factors = Factors.joined([undrawn, self.portraits.factors[self.drawn_index[drawn_index]]])
        styles = [None] * len(undrawn) + [self.drawn_styles[i] for i in drawn_index.tolist()]
        some_scenes, scene_styles = self.scenes[scene_index], [self.scene_styles[i] for i in scene_index.tolist()]

        seed = int(torch.randint(2**31, (1,), generator=rng))
        chosen = torch.randperm(len(factors), generator=rng)[: captions - scenes]
        said = caption(factors[chosen], seed, styles=[styles[i] for i in chosen.tolist()])
        said_of_scenes = scene_caption(some_scenes, seed, styles=scene_styles)
        true, false = _truth(said, said_of_scenes, factors, styles, some_scenes, scene_styles)
        return images, said + said_of_scenes, true, false, undrawn


def _truth(said: list[Caption], said_of_scenes: list[Caption], factors, styles, scenes, scene_styles):
    """True and false [C, N]; whatever is said of a portrait is false of a scene, and the other way round."""
    def blocks(of_portraits, of_scenes, elsewhere):
        result = torch.full((len(said) + len(said_of_scenes), len(factors) + len(scenes)), elsewhere)
        result[: len(said), : len(factors)] = of_portraits
        result[len(said):, len(factors):] = of_scenes
        return result

    true = blocks(true_of(said, factors, styles), scenes_true_of(said_of_scenes, scenes, scene_styles), False)
    false = blocks(false_of(said, factors, styles), scenes_false_of(said_of_scenes, scenes, scene_styles), True)
    return true, false


def _drawn(images, styles, progress):
    """Pictures, each drawn in its style, kept as uint8."""
    result = ((images + 1) * 127.5).round().byte()
    names = sorted({s for s in styles if s})
    for number, name in enumerate(tqdm(names, desc="drawing styles", disable=not progress)):
        which = torch.tensor([i for i, s in enumerate(styles) if s == name])
        for part, some in enumerate(which.split(32)):
            result[some] = ((apply_style(images[some], name, seed=1000 * number + part) + 1) * 127.5).round().byte()
    return result

