"""Opponents that try to fool the CLIP that is being trained.

CLIP alone is easily fooled: a smile counts as anger once some pixels are right, since no render ever looked like that (adversarial
examples: Goodfellow et al. 2015). Here such pictures are in every batch, with the captions that are true of what they were made from
(Madry et al. 2018, eq. 2.1). Their gradient comes from the same backward pass as CLIP's own (Shafahi et al. 2019, algorithm 1), so they
cost no more than other pictures.

No opponent can do what its text says, so that what is true of its picture is known without asking another network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..portraits.language.captions import caption, style_caption
from ..portraits.language.statements import Caption, false_of
from ..portraits.styles.styles import STYLES
from .captioned import Batch

LIMIT = 0.05
"""How far a pixel of [-1, 1] may move."""
PATIENCE = 12  # steps of an opponent, after which it begins again with another picture and another text
CHANNELS = 12
CANDIDATES = 16  # texts among which one is looked for that is false of the portrait
PALETTES = ("black and white", "old photograph", "night", "sunset", "underwater")
"""Styles that a change of colours alone comes near to: a network of three layers can do that, and nothing is asked of it there."""
TARGET_STYLES = tuple(name for name in STYLES if name not in PALETTES)


class Opponents(nn.Module):
    """Some optimisers at work, each with a picture and a text that is false of it; all go a step at a time.

    count  how many;  size  pixels along each side of their pictures
    """

    images: Tensor

    def __init__(self, count: int, size: int, seed: int):
        super().__init__()
        self.rng = torch.Generator().manual_seed(seed)
        self.register_buffer("images", torch.zeros(count, 3, size, size), persistent=False)
        self.targets = [Caption("")] * count
        self.age = torch.full((count,), PATIENCE)

    def __len__(self) -> int:
        return len(self.age)

    def renew(self, batch: Batch) -> None:
        """Lets those begin again that are at the end of their patience, with pictures and facts of a batch."""
        first = bool((self.age == PATIENCE).all())
        for number in (self.age >= PATIENCE).nonzero()[:, 0].tolist():
            self._begin(number, batch)
        if first and len(self):
            self.age = torch.randint(PATIENCE, (len(self),), generator=self.rng)  # not all at once from now on

    @torch.no_grad()
    def follow(self) -> None:
        """Each goes up the gradient that the last backward pass left, and forgets it."""
        for parameter, rate in self._rates():
            if parameter.grad is not None:
                parameter.add_(parameter.grad.sign(), alpha=rate)
                parameter.grad = None
        self.age += 1

    def _pick(self, total: int) -> int:
        return int(torch.randint(total, (1,), generator=self.rng))


class PixelOpponents(Opponents):
    """They move every pixel of a plain portrait, but none by more than `LIMIT`: what is true of it stays true."""

    def __init__(self, count: int, size: int, seed: int):
        super().__init__(count, size, seed)
        self.offset = nn.Parameter(torch.zeros(count, 3, size, size))
        self.factors = None

    def forward(self) -> Tensor:
        """The pictures as they stand. [count, 3, S, S]"""
        return (self.images + LIMIT * self.offset).clamp(-1, 1)

    def follow(self) -> None:
        super().follow()
        self.offset.data.clamp_(-1, 1)

    @torch.no_grad()
    def _begin(self, number: int, batch: Batch) -> None:
        if self.factors is None:
            self.factors = batch.factors[torch.zeros(len(self), dtype=torch.long)]
        chosen = self._pick(len(batch.factors))
        for name, values in self.factors.items():
            values[number] = getattr(batch.factors, name)[chosen]
        others = batch.factors[torch.randint(len(batch.factors), (CANDIDATES,), generator=self.rng)]
        said = caption(others, self._pick(2**31), max_statements=2)
        self.targets[number] = said[int(false_of(said, batch.factors[chosen])[:, 0].float().argmax())]
        self.images[number] = batch.images[chosen]
        self.offset[number] = torch.rand(self.offset.shape[1:], generator=self.rng) * 2 - 1
        self.age[number] = 0

    def _rates(self):
        return [(self.offset, 0.5)]


class StyleOpponents(Opponents):
    """Each repaints a picture or a patch with three convolutions of its own, towards a style; that is no time to learn its strokes."""

    def __init__(self, count: int, size: int, seed: int):
        super().__init__(count, size, seed)
        self.weights = nn.ParameterList([nn.Parameter(torch.zeros(count, out, into, 3, 3))
                                         for into, out in ((3, CHANNELS), (CHANNELS, CHANNELS), (CHANNELS, 3))])

    def forward(self) -> Tensor:
        """The pictures as they stand. [count, 3, S, S]"""
        x = self.images.contiguous().view(1, -1, *self.images.shape[2:])
        for number, weight in enumerate(self.weights):
            x = F.conv2d(F.leaky_relu(x, 0.2) if number else x, weight.flatten(0, 1), padding=1, groups=len(self))
        return (self.images + x.view(self.images.shape)).clamp(-1, 1)

    @torch.no_grad()
    def _begin(self, number: int, batch: Batch) -> None:
        plain = [i for i, style in enumerate(batch.styles) if style is None]
        self.images[number] = batch.images[plain[self._pick(len(plain))]]
        self.targets[number] = style_caption([TARGET_STYLES[self._pick(len(TARGET_STYLES))]], self._pick(2**31))[0]
        for weight in self.weights[:-1]:
            filters = torch.randn(weight.shape[1:], generator=self.rng)
            weight[number] = 1.4 * F.normalize(filters.flatten(1), dim=1).view_as(filters)
        self.weights[-1][number] = 0
        self.age[number] = 0

    def _rates(self):
        return [(weight, 0.01) for weight in self.weights]
