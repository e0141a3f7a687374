"""Editing invented faces by global directions: several texts, each with its strength. Plain Python; the sliders are elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image

from ...editing.directions.auto import paints
from ...editing.directions.global_directions import SHARE_PAINTED, Change, GlobalDirections
from ...images import image_grid

ALPHA = "Strength of this text: 0 leaves it out, below 0 goes the other way"
BETA = ("Disentanglement: channels whose relevance is below this share of the text's largest one stay as they are; the higher, the fewer "
        f"side effects. Share times largest relevance is beta. Texts that speak of a colour take {SHARE_PAINTED} at least")


@dataclass
class DirectedFace:
    """A face that texts are tried on.

    w_plus  [1, num_ws, w_dim]
    before  its picture, [1, 3, R, R]
    """

    directions: GlobalDirections
    seed: int
    w_plus: torch.Tensor
    before: torch.Tensor

    def after(self, changes: Sequence[Change]) -> torch.Tensor:
        """The picture with all changes made, [1, 3, R, R]. Raises StyleclipError for a text or a beta that cannot be used."""
        return self.directions.edit_several(self.w_plus, said(changes)).image

    def draw(self, changes: Sequence[Change], size: int = 256) -> Image.Image:
        """Before and after side by side, `size` pixels each."""
        labels = [f"seed {self.seed}", ", ".join(_described(c) for c in said(changes)) or "no text"]
        return image_grid([self.before, self.after(changes)], columns=2, labels=labels, size=size)

    def used(self, changes: Sequence[Change]) -> str:
        """A line for each text that says how many channels it moves, and which most of all."""
        return "\n".join(self._used(change) for change in said(changes))

    def _used(self, change: Change) -> str:
        channels = self.directions.channels(change.target, change.neutral, change.beta, change.rgb)
        most = ", ".join(f"{c.layer} {c.number} ({c.relevance:+.2f})" for c in channels[:3])
        return f"{change.target}: {len(channels)} channels, first {most}"


def directed_face(directions: GlobalDirections, seed: int, psi: float = 0.7) -> DirectedFace:
    """The face of a seed, ready for texts."""
    models = directions.models
    w_plus = models.sample(seed, psi)
    with torch.no_grad():
        return DirectedFace(directions, seed, w_plus, models.generator.synthesis(w_plus))


def said(changes: Sequence[Change]) -> list[Change]:
    """The changes that have a text and a strength other than 0."""
    return [change for change in changes if change.target.strip() and change.alpha]


def at_share(directions: GlobalDirections, change: Change, share: float) -> Change:
    """The change with a beta that is this share of its own text's largest relevance, which differs much from text to text.

    A text that speaks of a colour asks the channels of the toRGB layers too, and takes `SHARE_PAINTED` at least: with more of those the
    background would be tinted as well.

    Raises StyleclipError for a text that CLIP cannot read.
    """
    rgb = paints(directions, change.target)
    largest = float(directions.relevance(change.target, change.neutral, rgb).abs().max())
    return change._replace(beta=(max(share, SHARE_PAINTED) if rgb else share) * largest, rgb=rgb)


def _described(change: Change) -> str:
    return f"{change.target} ({change.alpha:+g})"
