"""Which pictures are inverted well: the same people with one factor changed at a time, inverted and measured."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..descent import parts_of_a_whole
from ..inversion.invert import Inversion, invert, psnr
from ..models import Models
from ..portraits.drawing.geometry import make_view
from ..portraits.drawing.render import render
from ..portraits.world.factors import Factors

HEAD_WIDTH = 0.8
"""The width of the head's ellipse, in units of its height."""


@dataclass
class Trial:
    """One change, for all people.

    name        what was changed
    targets     [N, 3, R, R] in [-1, 1], the pictures to invert
    inversions  the inversion of each
    head_psnr   [N] in dB, over the pixels of the head
    whole_psnr  [N] in dB, over the whole picture
    identity    [N] cosine of the person in the picture and in its inversion
    """

    name: str
    targets: Tensor
    inversions: list[Inversion]
    head_psnr: Tensor
    whole_psnr: Tensor
    identity: Tensor


@parts_of_a_whole()
def study(models: Models, people: Factors, changes: Mapping[str, Mapping[str, object]], progress: bool = True,
          **settings) -> dict[str, Trial]:
    """Renders the people once for each change, inverts every picture and measures the result.

    people    the people before any change
    changes   {name: keyword arguments of `Factors.replace`}, such as {"hat": {"headwear": "hat"}}
    settings  passed to `invert`

    Raises StyleclipError for an unknown factor, before anything is inverted.
    """
    changed = {name: people.replace(**change) for name, change in changes.items()}
    size = models.generator.img_resolution
    trials = {}
    with tqdm(total=len(people) * len(changes), desc="inverting", unit="picture", disable=not progress, leave=False) as bar:
        for name, factors in changed.items():
            targets, inversions = render(factors, size).to(models.device), []
            for target in targets:
                inversions.append(invert(models, target[None], progress=False, **settings))
                bar.update()
            trials[name] = measured(models, name, factors, targets, inversions)
    return trials


@torch.no_grad()
def measured(models: Models, name: str, factors: Factors, targets: Tensor, inversions: list[Inversion]) -> Trial:
    """Compares targets [N, 3, R, R] with their inversions."""
    images = torch.cat([inversion.image for inversion in inversions])
    heads = on_head(factors, targets.shape[-1]).to(targets.device)
    head = torch.tensor([psnr(a[:, where], b[:, where]) for a, b, where in zip(targets, images, heads)])
    whole = torch.tensor([psnr(a, b) for a, b in zip(targets, images)])
    same = (models.identity(targets) * models.identity(images.clamp(-1, 1))).sum(1).cpu()
    return Trial(name, targets, inversions, head, whole, same)


def on_head(factors: Factors, size: int) -> Tensor:
    """The pixels inside the ellipse of the head: bool [N, size, size]."""
    view = make_view(factors, size)
    return (view.x / HEAD_WIDTH).square() + view.y.square() < 1
