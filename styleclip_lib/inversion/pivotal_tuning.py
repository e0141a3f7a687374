"""Pivotal tuning: fine-tunes the generator a little, so that it draws a face that it could not draw before (Roich et al. 2021).

Where edits of a latent code work well, its picture lacks details that the generator has not learnt; a code farther out has them, but edits
break it. So the code stays where edits work, as a pivot, and a copy of the generator learns to draw the face there.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..descent import Descent
from ..errors import StyleclipError
from ..models import Models
from ..networks.mapping import MappingNetwork
from .difference import Difference
from .invert import Inversion, fitting, psnr
from .projector import w_deviation


def tune_generator(models: Models, inversion: Inversion, image: Tensor, *, steps: int = 150, lr: float = 3e-4, lambda_pixel: float = 1.0,
                   lambda_perceptual: float = 1.0, lambda_local: float = 0.0, reach: float = 1.0, seed: int = 0,
                   progress: bool = True) -> tuple[Models, Inversion]:
    """Trains a copy of the generator to draw a picture from the latent code of its inversion.

    argmin_θ  D(G_θ(w_p), x) + λ_local D(G_θ(w_r), G(w_r)),  D(y, x) = λ_pixel ‖y - x‖² / N + λ_perceptual d(y, x)
                                                                                        (Roich et al. 2021, sections 3.2 and 3.3)
    with Adam; only the synthesis network is trained. The authors take 350 steps. The second term, locality regularisation, preserves the
    surroundings of the pivot: w_r = w_p + ρ (w_z - w_p) / ‖w_z - w_p‖ lies near it, in the direction of a new random face in each step.
    The authors use it (λ_local = 0.1) if the copy is to draw other faces well, too; it doubles the time. Ctrl-C returns the best result
    so far.

    inversion  of the picture: its w_plus is the pivot w_p, and its noise maps, if any, become the copy's own
    image      [1, 3, H, W] in [-1, 1], resized to the generator's size
    reach      ρ in standard deviations of w (`projector.w_deviation`): 1 is about as far as another face
    seed       for the random faces; nothing else is random

    -> the models with the copy in place of their generator and everything else shared, and the inversion as drawn by the copy.
    Raises StyleclipError for a wrong shape or number.
    """
    if steps < 0 or lr <= 0:
        raise StyleclipError(f"steps must be at least 0 and lr more than 0, not {steps} and {lr}.")
    image, pivot, rng = fitting(models, image), inversion.w_plus.detach().to(models.device), torch.Generator().manual_seed(seed)
    difference = Difference(models.perceptual, image, lambda_pixel, lambda_perceptual)
    length = reach * w_deviation(models.generator.mapping, seed) if lambda_local else 0.0
    tuned = _with_copy(models)
    _set_noise(tuned, inversion.noises)
    synthesis = tuned.generator.synthesis
    learning = list(synthesis.requires_grad_(True).parameters())
    optimizer = torch.optim.Adam(learning, lr=lr)

    def weights() -> list[Tensor]:
        return [weight.detach().clone() for weight in learning]

    with Descent(optimizer, steps, keep=weights, description="tuning", progress=progress) as descent:
        for _ in descent:
            loss, terms = difference(synthesis(pivot))
            descent.offer(loss)
            if lambda_local:
                w_r = beside(models.generator.mapping, pivot, length, rng)
                with torch.no_grad():
                    usual = models.generator.synthesis(w_r, noises=inversion.noises)
                terms["local"], _ = Difference(models.perceptual, usual, lambda_pixel, lambda_perceptual)(synthesis(w_r))
                loss = loss + lambda_local * terms["local"]
            descent.record(loss=loss, **terms)
            descent.follow(loss)

    with torch.no_grad():
        for weight, value in zip(learning, descent.best):
            weight.copy_(value)
        synthesis.requires_grad_(False)
        synthesis.zero_grad(set_to_none=True)
        drawn = synthesis(pivot)
    return tuned, Inversion(pivot, drawn, descent.history, psnr(drawn, image))


def with_noise(models: Models, noises: Sequence[Tensor] | None) -> Models:
    """The models with the noise maps of an inversion in a copy of their generator, so that every editing method draws with them.

    noises: [1, 1, r, r] each; without any, the models themselves.
    """
    if noises is None:
        return models
    own = _with_copy(models)
    _set_noise(own, noises)
    return own


@torch.no_grad()
def beside(mapping: MappingNetwork, pivot: Tensor, length: float, rng: torch.Generator) -> Tensor:
    """A code at some distance from a pivot, in every layer towards the w of one random face. pivot [1, num_ws, w_dim] -> the same"""
    z = torch.randn(1, mapping.z_dim, generator=rng).to(pivot)
    return pivot + length * F.normalize(mapping.w(z)[:, None] - pivot, dim=2)


def _with_copy(models: Models) -> Models:
    return replace(models, generator=copy.deepcopy(models.generator), tuned_from=models.tuned_from or models.generator)


def _set_noise(models: Models, noises: Sequence[Tensor] | None) -> None:
    for noise, (_, layer) in zip(noises or (), models.generator.synthesis.conv_layers()):
        layer.noise_const.copy_(noise[0, 0])
