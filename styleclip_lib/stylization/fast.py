"""Fast style transfer: a network learns one style from many pictures, and restyles a new one in a single pass (Johnson et al. 2016)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm.auto import tqdm

from .. import __version__
from ..calibration import StyleCalibration
from ..descent import Descent
from ..editing.losses import random_views
from ..errors import StyleclipError
from ..models import Models
from ..networks.fast_style import STRIDE, FastStyle
from ..portraits.styles.scenes import render_scenes, sample_scenes
from . import fast_file
from .content import content_of
from .losses import content_loss, contrast_loss, directional_loss, patch_loss, total_variation
from .motion import Motion, camera_motion, temporal_loss
from .optimization import checked, padded_through
from .patches import random_patches
from .recipe import LOSSES, SOURCE, StyleRecipe
from .style_prompt import StylePrompt

HELD_OUT = 4
"""Number of held-out pictures, which decide which state of the network is the best."""

EVERY = 20
"""Steps between two measurements on them."""

AT_ONCE = 8

Moving = Callable[[torch.Generator], Motion]
"""Draws pairs of neighbouring pictures of a video."""


class FastTransfer:
    """One style, ready for any picture.

    network  the `FastStyle`;  recipe: the plain dictionary (text, source, seed, every setting, library version) that trains it again
    history  one list for each loss, a number for each step, and "held_out"; empty for one that comes from a file
    """

    def __init__(self, models: Models, network: FastStyle, recipe: dict, history: dict[str, list[float]] | None = None):
        self.models, self.network, self.recipe, self.history = models, network, recipe, history or {}

    @property
    def text(self) -> str:
        return self.recipe.get("text", "")

    @torch.no_grad()
    def apply(self, image: Tensor) -> Tensor:
        """A picture of any size and aspect ratio in this style. image [1, 3, H, W] in [-1, 1] -> the same shape and range

        Raises StyleclipError for another shape, or fewer than 32 pixels along a side.
        """
        return padded_through(self.network, checked(image).to(self.models.device), STRIDE)

    def save(self, path: str | Path) -> None:
        """Writes the style, the fingerprint of its CLIP and its recipe as .safetensors, whole or not at all."""
        fast_file.write(Path(path), self.network, self.models.clip, self.recipe)

    @classmethod
    def load(cls, models: Models, name: str | Path) -> FastTransfer:
        """A style that the domain ships, by its name, or a saved one, by its path. Raises StyleclipError if there is none."""
        return cls(models, *fast_file.read(fast_file.find_style(models, name), models))


def fast_of(models: Models, name: str, text: str, progress: bool = True) -> FastTransfer:
    """The named style; or the domain's for the text; or a newly trained one. Remembered.

    Raises StyleclipError if there is no style of this name, or for a text that CLIP cannot read.
    """
    known = name or fast_file.style_for(models, text)
    key = ("style", known) if known else ("style", None, text)
    if key not in models.memo:
        models.memo[key] = FastTransfer.load(models, known) if known else train_style(models, text, progress=progress)
    return models.memo[key]


def train_style(models: Models, text: str, source: str = SOURCE, *, pictures: Tensor | None = None, moving: Moving | None = None,
                recipe: StyleRecipe = StyleRecipe.DEFAULT, steps: int = 150, batch_size: int = 2, lr: float = 2e-3,
                lambda_temporal: float | None = None, width: int = 64, blocks: int = 3, count: int = 64, size: int = 128, seed: int = 0,
                progress: bool = True, **settings: Any) -> FastTransfer:
    """Trains a network that restyles every picture to match a text.

    The losses of `stylize`, averaged over pictures, plus λ_temporal L_temporal over pairs of frames whose motion is known
    (`motion.temporal_loss`), so that strokes stick to moving objects. Ctrl-C returns the best network so far, as measured on the held-out
    pictures.

    pictures         [N, 3, S, S] to learn from; None: invented faces and drawn scenes, `count` in all at `size` pixels
    moving           draws pairs of pictures with known motion; None: the pictures themselves, seen by a moving camera
    recipe, settings weights of the losses and the rest, as for `stylize`
    lambda_temporal  weight of the temporal loss; None: the domain's; 0 leaves it out
    width, blocks    size of the network (`FastStyle`)

    Raises StyleclipError for a text that CLIP cannot read, fewer than 5 pictures, or a setting out of its range.
    """
    if min(steps, batch_size, width) < 1 or blocks < 0 or width % 2:
        raise StyleclipError("steps and batch_size must be at least 1, width an even number, and blocks at least 0.")
    style = models.calibration.style
    style_recipe = StyleRecipe.from_dict({**recipe.to_dict(), **settings, "source": source, "seed": seed})
    resolved, prompt = style_recipe.resolved(style), StylePrompt.of(models, text, source, style_recipe.templates)
    lambda_temporal = style.lambda_temporal if lambda_temporal is None else lambda_temporal
    if pictures is None:
        pictures = invented(models, count + HELD_OUT, size, seed, progress)
    if len(pictures) <= HELD_OUT:
        raise StyleclipError(f"A style needs more than {HELD_OUT} pictures to learn from, not {len(pictures)}.")
    learnt = {"domain": models.domain, "method": "style", "text": text, **style_recipe.filled_in(style).to_dict(), "steps": steps,
              "batch_size": batch_size, "lr": lr, "lambda_temporal": lambda_temporal, "width": width, "blocks": blocks,
              "count": len(pictures) - HELD_OUT, "size": pictures.shape[-1], "version": __version__}
    lesson = _Lesson(models, prompt, style_recipe, resolved, pictures, moving, lambda_temporal)
    network = _fresh(width, blocks, seed).to(models.device)

    def kept() -> dict[str, Tensor]:
        return {key: value.clone() for key, value in network.state_dict().items()}

    optimizer = torch.optim.Adam(network.parameters())
    with Descent(optimizer, steps, keep=kept, description=text, lr=lr, progress=progress) as descent:
        for step in descent:
            if step % EVERY == 0 or step == steps:
                with torch.no_grad():
                    held_out = lesson.weighed(lesson.terms(network, lesson.held_out, torch.Generator().manual_seed(seed), moves=False))
                descent.record(held_out=held_out)
                descent.offer(held_out)
            if step == steps:
                break
            terms = lesson.terms(network, lesson.some(batch_size), lesson.rng)
            loss = lesson.weighed(terms)
            descent.record(loss=loss, **terms)
            descent.follow(loss)
    network.load_state_dict(descent.best)
    return FastTransfer(models, network.eval().requires_grad_(False), learnt, descent.history)


class _Lesson:
    """The training pictures, and the losses of the network's output."""

    def __init__(self, models: Models, prompt: StylePrompt, recipe: StyleRecipe, resolved: StyleCalibration, pictures: Tensor,
                 moving: Moving | None, lambda_temporal: float):
        self.models, self.prompt, self.recipe, self.resolved, self.pictures = models, prompt, recipe, resolved, pictures
        self.rng = torch.Generator().manual_seed(recipe.seed)
        self.moving = moving or (lambda rng: camera_motion(self.pictures[self.some(1)], rng))
        self.weights = {**{name: getattr(resolved, f"lambda_{name}") for name in LOSSES}, "temporal": lambda_temporal}
        self.content = content_of(models)
        with torch.no_grad():
            self.before = torch.cat([models.clip.encode_image(some.to(models.device)) for some in pictures.split(AT_ONCE)])
        self.held_out = torch.arange(len(pictures) - HELD_OUT, len(pictures))

    def some(self, count: int) -> Tensor:
        """The indices of a batch of training pictures."""
        return torch.randint(len(self.pictures) - HELD_OUT, (count,), generator=self.rng)

    def terms(self, network: FastStyle, which: Tensor, rng: torch.Generator, moves: bool = True) -> dict[str, Tensor]:
        """The losses without their weights. moves: the temporal loss is among them"""
        resolved, prompt, clip, images = self.resolved, self.prompt, self.models.clip, self.pictures[which].to(self.models.device)
        drawn, before, (height, width) = network(images), self.before[which], images.shape[-2:]
        side, each = max(8, round(resolved.patch_share * min(height, width))), -(-resolved.patches // len(images))
        patches = random_patches((height, width), each, side, self.recipe.distortion, rng, batch=len(images))
        whole, parts = clip.encode_image(random_views(drawn, resolved.views, rng)), clip.encode_image(patches.of(drawn))
        of_whole, of_parts = before.repeat(resolved.views, 1), before[patches.index]
        terms = {
            "direction": lambda: directional_loss(whole, of_whole, prompt.direction),
            "patch": lambda: patch_loss(parts, of_parts, prompt.direction, resolved.threshold),
            "contrast": lambda: contrast_loss(torch.cat([whole, parts]), prompt.target, prompt.rivals, prompt.scale, resolved.cap),
            "content": lambda: content_loss(self.content(drawn), self.content(images)),
            "tv": lambda: total_variation((drawn + 1) / 2) / len(images),
            "temporal": lambda: self._temporal(network, rng),
        }
        return {name: term() for name, term in terms.items() if self.weights[name] and (moves or name != "temporal")}

    def _temporal(self, network: FastStyle, rng: torch.Generator) -> Tensor:
        motion = self.moving(rng)
        first, second = network(torch.cat([motion.first, motion.second]).to(self.models.device)).chunk(2)
        return temporal_loss(first, second, motion)

    def weighed(self, terms: dict[str, Tensor]) -> Tensor:
        return torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()


@torch.no_grad()
def invented(models: Models, count: int, size: int, seed: int, progress: bool = True) -> Tensor:
    """Pictures to learn a style from: faces of the domain's generator, and every third a drawn scene. -> [count, 3, size, size]"""
    scenes = render_scenes(sample_scenes(count // 3, seed), size)
    z = torch.randn(count - len(scenes), models.generator.z_dim, generator=torch.Generator().manual_seed(seed)).to(models.device)
    stop_at = next((r for r in models.generator.synthesis.resolutions if r >= size), None)
    faces = []
    for some in tqdm(z.split(AT_ONCE), desc="faces", disable=not progress, leave=False):
        drawn = models.generator.synthesis(models.generator.mapping(some, 0.7), stop_at=stop_at).clamp(-1, 1).cpu()
        faces.append(F.interpolate(drawn, (size, size), mode="bilinear", antialias=True, align_corners=False))
    pictures = torch.cat([*faces, scenes])
    return pictures[torch.randperm(count, generator=torch.Generator().manual_seed(seed))]


def _fresh(width: int, blocks: int, seed: int) -> FastStyle:
    """A new network, whose random weights depend on the seed alone; the global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FastStyle(width, blocks)

