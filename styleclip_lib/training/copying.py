"""The first stage of the generator's training: it copies the render that belongs to each w, from small pictures to full size.

Adversarial training from scratch takes millions of pictures. In a procedural world the picture that belongs to a latent is known, so it
can be learnt directly. Most steps use small pictures, which are cheap and teach positions and shapes.
"""

import copy
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.generator import Generator
from .adversarial import update_average
from .data import Portraits, to_float
from .embedding import Embedding
from .loop import Run, learning_rate, set_rates, settings_of
from .muon import Muon

SHOWN = 24
"""Portraits on a sample sheet, each above its copy."""

COPYING = ("img_resolution", "w_dim", "num_mapping_layers", "channels", "count", "muon_lr", "adam_lr", "affine", "detail", "lower",
           "average", "seed", "copy_stages", "softness")
"""The settings that must stay the same when a run resumes."""


def copy_renders(generator: Generator, embedding: Embedding, portraits: Portraits, s) -> tuple[Generator, float]:
    """Trains the synthesis network to draw the portrait of every w. s: `generator.Settings`

    Half of a batch has exact latents; in the other half the categories are softened (see `Embedding.w`), so that latents between two
    categories show one of them. Returns the EMA generator and the seconds it took.
    """
    start_dark(generator, s.affine)
    average = copy.deepcopy(generator).requires_grad_(False)
    optimizers = optimizers_of(generator, s)
    with Run(s.run / "copy", settings=settings_of(s, *COPYING), generator=generator, average=average, **optimizers) as run:
        for step, stage in stages(run, s.copy_stages):
            resolution, batch_size = stage
            portraits.render_up_to(rendered_by(step, s))
            rng = run.generator(s.seed)
            index, renders = batch(portraits, batch_size, resolution, rng)
            softness = s.softness * torch.rand(batch_size, generator=rng) * (torch.arange(batch_size) % 2)
            w_plus = repeated(generator, embedding.w(portraits.factors[index], softness).to(run.device))
            with run.autocast():
                pictures = generator.synthesis.pyramid(w_plus, noise_mode="none", stop_at=resolution)
            loss = pyramid_loss(pictures, renders.to(run.device), s)
            set_rates(optimizers, s, learning_rate(step, steps_of(s.copy_stages)))
            run.update(loss, *optimizers.values())
            update_average(average, generator, average_decay(batch_size, step * batch_size, s.average))
            run.log(loss=loss)
            if step % s.sheet_every == 0:
                run.sheet("copy", _beside(average, embedding, portraits, resolution))
    return average, run.seconds


def stages(run: Run, all_stages) -> Iterator[tuple[int, tuple[int, int]]]:
    """(step, (resolution, batch size)) for every remaining step. all_stages: (resolution, steps, batch size) of each stage"""
    for step in run.steps(steps_of(all_stages)):
        yield step, _stage(step, all_stages)


def _stage(step: int, all_stages) -> tuple[int, int]:
    for resolution, steps, batch_size in all_stages:
        if step < steps:
            return resolution, batch_size
        step -= steps
    raise ValueError(f"There is no step {step} after the last stage.")


def steps_of(all_stages) -> int:
    return sum(steps for _, steps, _ in all_stages)


def average_decay(batch_size: int, images: int, half_life: float) -> float:
    """The decay of the EMA in a step. half_life: in pictures; at most a twentieth of the pictures seen so far, since early in training each
    step is better than the last."""
    return 0.5 ** (batch_size / max(min(half_life, images / 20), batch_size / 20))


def rendered_by(step: int, s) -> int:
    """The number of renders available at a step: `s.first` from the beginning, the others spread over the first half of the steps."""
    share = min(1.0, 2 * step / steps_of(s.copy_stages))
    return s.first + int((s.count - s.first) * share) // 1000 * 1000 if s.count > s.first else s.count


def batch(portraits: Portraits, size: int, resolution: int, rng: torch.Generator):
    """Random portraits from those rendered so far: their numbers [size], their renders [size, 3, resolution, resolution]."""
    index = torch.randint(portraits.rendered, (size,), generator=rng)
    return index, shrunk(to_float(portraits.images(index)), resolution)


def shrunk(images: Tensor, resolution: int) -> Tensor:
    """Images [B, 3, H, H] at a lower resolution, by area."""
    return images if images.shape[-1] == resolution else F.interpolate(images, size=(resolution, resolution), mode="area")


def repeated(generator: Generator, w: Tensor) -> Tensor:
    """w [B, w_dim] -> w_plus [B, num_ws, w_dim], the same for every layer."""
    return w[:, None].expand(-1, generator.num_ws, -1)


def pyramid_loss(pictures: list[Tensor], renders: Tensor, s) -> Tensor:
    """The copying loss at full size, plus `s.lower` times that of each lower resolution from 32 pixels up.

    This makes `stop_at` return the reduced picture, rather than any sum that the next resolution can correct.
    pictures as from `Synthesis.pyramid`, renders as large as the last -> a number
    """
    loss = copy_loss(pictures[-1], renders, s.detail)
    for lower in pictures[:-1]:
        if lower.shape[-1] >= 32 and s.lower > 0:
            loss = loss + s.lower * copy_loss(lower, shrunk(renders, lower.shape[-1]), s.detail)
    return loss


def copy_loss(images: Tensor, renders: Tensor, detail: float) -> Tensor:
    """The mean absolute error of the pixels, plus `detail` times that of the differences between neighbouring pixels, which keeps edges and
    strands of hair sharp. images, renders [B, 3, H, W] -> a number"""
    error = images.float() - renders
    across, down = error.diff(dim=3).abs().mean(), error.diff(dim=2).abs().mean()
    return error.abs().mean() + detail * (across + down)


def optimizers_of(generator: Generator, s) -> dict[str, torch.optim.Optimizer]:
    """Muon for the weights of convolutions and affine layers, Adam for the rest (mapping, toRGB layers, biases, the constant)."""
    convolutions = [layer for _, layer in generator.synthesis.conv_layers()]
    weights = [layer.weight for layer in convolutions]
    affines = [layer.affine.weight for layer in [*convolutions, *(layer for _, layer in generator.synthesis.rgb_layers())]]
    chosen = {id(weight) for weight in [*weights, *affines]}
    others = [parameter for parameter in generator.parameters() if id(parameter) not in chosen]
    groups = [{"params": weights, "share": 1.0}, {"params": affines, "share": s.affine}]
    return {"muon": Muon(groups, lr=s.muon_lr), "adam": torch.optim.Adam([{"params": others, "share": 1.0}], betas=(0.9, 0.99))}


@torch.no_grad()
def start_dark(generator: Generator, affine: float) -> None:
    """Sets the toRGB weights to zero, so that a resolution that joins later does not disturb the picture; scales the affine layers' weights
    by `affine`; and sets the styles of the mean w to 1."""
    for _, layer in generator.synthesis.rgb_layers():
        layer.weight.zero_()
    for _, layer in generator.synthesis.conv_layers() + generator.synthesis.rgb_layers():
        layer.affine.weight.mul_(affine)
    center_styles(generator)


@torch.no_grad()
def center_styles(generator: Generator) -> None:
    """Sets the affine layers' biases so that the mean w has style 1 everywhere, as in a new network."""
    for _, layer in generator.synthesis.conv_layers() + generator.synthesis.rgb_layers():
        layer.affine.bias.add_(1 - layer.affine(generator.mapping.w_avg[None])[0])


@torch.no_grad()
def _beside(generator: Generator, embedding: Embedding, portraits: Portraits, resolution: int) -> Tensor:
    """A sample sheet: rows of eight renders, each above a row of their copies."""
    index = torch.arange(SHOWN)
    renders = shrunk(to_float(portraits.images(index)), resolution)
    w_plus = repeated(generator, embedding.w(portraits.factors[index]).to(generator.mapping.w_avg))
    copies = generator.synthesis(w_plus, stop_at=resolution).float().cpu()
    return torch.cat([part for pair in zip(renders.split(8), copies.split(8)) for part in pair])
