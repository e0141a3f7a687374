"""Adversarial training of CLIP: adversaries that try to fool the CLIP being trained.

A CLIP trained on renders alone is easily fooled: a few changed pixels turn a smile into anger, since no render ever looked like that
(adversarial examples, Goodfellow et al. 2015). Here such pictures are part of every batch, with the captions that are true of the
pictures they were made from (Madry et al. 2018, eq. 2.1). Their gradient comes from the same backward pass as CLIP's own (Shafahi et al.
2019, algorithm 1), so they cost no more than other pictures.

No adversary has the means to make its text true, so what is true of its picture is known without another network.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.generator import Generator
from ..networks.resampling import resized
from ..portraits.language.attribute_values import Caption, false_of
from ..portraits.language.captions import caption, style_caption
from ..portraits.styles.styles import STYLES
from .captioned import Captions, Pictures, truth
from .latent_paths import LatentPaths

PATIENCE = 12  # steps of an adversary, after which it starts again with another picture and another text
LIMIT = 0.05
"""How far a pixel of [-1, 1] may move."""
CHANNELS = 12
CANDIDATES = 16  # texts from which one that is false of the portrait is chosen
PALETTES = ("black and white", "old photograph", "night", "sunset", "underwater")
"""Styles that a change of colours alone approximates: three layers can do that, so a repainted picture is not labelled with them."""
TARGET_STYLES = tuple(name for name in STYLES if name not in PALETTES)
SHARE = 0.3
"""How far a latent adversary may go, as a share of the path to a portrait of which its text is true."""


class Adversaries(nn.Module):
    """Several optimisers, each with a picture and a text that is false of it; all take one step at a time.

    `forward()` draws their current pictures [count, 3, S, S]; `targets` are their texts.
    """

    def __init__(self, count: int, seed: int):
        super().__init__()
        self.rng = torch.Generator().manual_seed(seed)
        self.targets = [Caption("a face")] * count
        self.age = torch.full((count,), PATIENCE)

    def __len__(self) -> int:
        return len(self.age)

    @torch.no_grad()
    def renew(self, pictures: Pictures) -> None:
        """Restarts the adversaries that have taken `PATIENCE` steps, with pictures of a batch."""
        at_first = bool((self.age >= PATIENCE).all())
        for number in (self.age >= PATIENCE).nonzero()[:, 0].tolist():
            self.age[number] = number % PATIENCE if at_first else 0  # so that they do not all restart together later
            self._begin(number, pictures)

    @torch.no_grad()
    def follow(self) -> None:
        """Each takes a step up the gradient of the last backward pass, and clears it."""
        for parameter, rate in self._rates():
            if parameter.grad is not None:
                parameter.add_(parameter.grad.sign(), alpha=rate)
                parameter.grad = None
        self.age += 1

    def _pick(self, total: int) -> int:
        return int(torch.randint(total, (1,), generator=self.rng))


class PixelAdversaries(Adversaries):
    """They change every pixel of a plain portrait by at most `LIMIT`, so what is true of it stays true."""

    images: Tensor

    def __init__(self, count: int, size: int, seed: int):
        super().__init__(count, seed)
        self.register_buffer("images", torch.zeros(count, 3, size, size), persistent=False)
        self.offset = nn.Parameter(torch.zeros(count, 3, size, size))
        self.factors = None

    def forward(self) -> Tensor:
        return (self.images + LIMIT * self.offset).clamp(-1, 1)

    @torch.no_grad()
    def follow(self) -> None:
        super().follow()
        self.offset.clamp_(-1, 1)

    def _begin(self, number: int, pictures: Pictures) -> None:
        if self.factors is None:
            self.factors = pictures.factors[torch.zeros(len(self), dtype=torch.long)]
        chosen = self._pick(pictures.plain)
        for name, values in self.factors.items():
            values[number] = getattr(pictures.factors, name)[chosen]
        others = torch.randint(len(pictures.factors), (CANDIDATES,), generator=self.rng)
        captions = caption(pictures.factors[others], self._pick(2**31), max_values=2)
        self.targets[number] = captions[int(false_of(captions, pictures.factors[chosen])[:, 0].float().argmax())]
        self.images[number] = pictures.portraits[chosen]
        self.offset[number] = torch.rand(self.offset.shape[1:], generator=self.rng).to(self.offset) * 2 - 1

    def _rates(self):
        return [(self.offset, 0.5)]


class StyleAdversaries(Adversaries):
    """Each repaints a picture or a patch towards a style with three convolutions of its own, which are too few steps from the start to
    learn the style's strokes."""

    images: Tensor

    def __init__(self, count: int, size: int, seed: int):
        super().__init__(count, seed)
        self.register_buffer("images", torch.zeros(count, 3, size, size), persistent=False)
        self.weights = nn.ParameterList([nn.Parameter(torch.zeros(count, out, into, 3, 3))
                                         for into, out in ((3, CHANNELS), (CHANNELS, CHANNELS), (CHANNELS, 3))])

    def forward(self) -> Tensor:
        if not len(self):
            return self.images
        x = self.images.contiguous().view(1, -1, *self.images.shape[2:])
        for number, weight in enumerate(self.weights):
            x = F.conv2d(F.leaky_relu(x, 0.2) if number else x, weight.flatten(0, 1), padding=1, groups=len(self))
        return (self.images + x.view(self.images.shape)).clamp(-1, 1)

    def _begin(self, number: int, pictures: Pictures) -> None:
        plain = pictures.plain_ones()
        self.images[number] = plain[self._pick(len(plain))]
        self.targets[number] = style_caption([TARGET_STYLES[self._pick(len(TARGET_STYLES))]], self._pick(2**31))[0]
        for weight in self.weights[:-1]:
            filters = torch.randn(weight.shape[1:], generator=self.rng)
            weight[number] = 1.4 * F.normalize(filters.flatten(1), dim=1).view_as(filters)
        self.weights[-1][number] = 0

    def _rates(self):
        return [(weight, 0.01) for weight in self.weights]


class LatentAdversaries(Adversaries):
    """They change the w_plus of a generated portrait by at most `SHARE` of the path that would make their text true.

    generator  None: there are no latent adversaries
    """

    def __init__(self, count: int, generator: Generator | None, paths: LatentPaths | None, size: int, seed: int):
        super().__init__(count if generator is not None else 0, seed)
        self._generator, self.paths, self.size = [generator], paths, size  # in a list, so that it is neither trained nor saved
        shape = (len(self), generator.num_ws, generator.w_dim) if generator is not None else (0, 1, 1)
        self.offset = nn.Parameter(torch.zeros(shape))
        self.register_buffer("start", torch.zeros(shape), persistent=False)
        self.register_buffer("limit", torch.zeros(len(self), 1, 1), persistent=False)

    def forward(self) -> Tensor:
        if not len(self):
            return torch.empty(0, 3, self.size, self.size)
        synthesis = self._generator[0].synthesis
        drawn = synthesis(self.start + self.offset, stop_at=synthesis.resolution_for(self.size))
        return resized(drawn.float().clamp(-1, 1), self.size)

    @torch.no_grad()
    def follow(self) -> None:
        if self.offset.grad is not None:
            self.offset.add_(0.25 * self.limit * F.normalize(self.offset.grad, dim=2))
            self.offset.grad = None
            length = self.offset.norm(dim=2, keepdim=True)
            self.offset.mul_((self.limit / length.clamp(min=1e-8)).clamp(max=1))
        self.age += 1

    def _begin(self, number: int, pictures: Pictures) -> None:
        start, end, self.targets[number] = self.paths.false_start(self.rng)
        self.start[number], self.offset[number] = start, 0
        self.limit[number] = SHARE * (end - start).norm(dim=1).mean()


def joined(pictures: Pictures, captions: Captions, pixels: PixelAdversaries, latent: LatentAdversaries,
           repaint: StyleAdversaries) -> tuple[Tensor, list[Caption], Tensor, Tensor]:
    """Joins a batch and the adversaries.

    Returns the pictures [N, 3, S, S], the C captions, and which of them are true and which are false, [C, N] each. The pictures are
    portraits, pixel adversaries, scenes, patches, latent and style adversaries. A latent adversary is only labelled with its own text, a
    repainted picture only with `TARGET_STYLES`.
    """
    captions = Captions([*captions.of_portraits, *pixels.targets, *latent.targets], captions.of_scenes,
                        [*captions.of_styles, *repaint.targets], captions.of_parts)
    portraits, factors = pictures.portraits, pictures.factors
    if len(pixels):
        portraits = torch.cat([portraits, pixels()])
        factors = type(factors).joined([factors, pixels.factors])
    pictures = replace(pictures, portraits=portraits, factors=factors, styles=[*pictures.styles, *[None] * len(pixels)])
    images = torch.cat([pictures.portraits, pictures.scenes, pictures.patches, latent(), repaint()])
    true, false = (F.pad(part, (0, len(latent) + len(repaint))) for part in truth(captions, pictures))
    texts, columns = captions.all(), false.shape[1] - len(repaint)
    row = len(captions.of_portraits) - len(latent)
    for number in range(len(latent)):
        false[row + number, columns - len(latent) + number] = True
    false[:, columns:] = torch.tensor([text.style in TARGET_STYLES for text in texts])[:, None]
    return images, texts, true, false
