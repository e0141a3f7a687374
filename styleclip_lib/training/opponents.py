"""Latent optimisers that play against the CLIP that is being trained.

CLIP alone is easily fooled: a smile counts as anger once some pixels are right, since no render ever looked like that (adversarial
examples: Goodfellow et al. 2015; training on them: Madry et al. 2018). Here the pictures to learn from are those that an optimiser
finds on its way, so that in the end the way to please CLIP is to do what the text says.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.attributes import Attributes
from ..networks.clip import Clip
from ..networks.generator import Generator
from ..portraits.language.captions import caption
from ..portraits.language.statements import Caption, false_of, true_of
from ..portraits.world.attributes import ATTRIBUTES
from ..portraits.world.factors import Factors, from_uniform, sample
from ..portraits.world.latents import latents_of_uniform
from ..speed import fast
from .data import uniform

PATIENCE = 30  # steps of an optimiser, after which it begins again with another face and another text
STEP, BETAS = 0.2, (0.9, 0.999)  # of Adam in the styles, as `optimize_latent` has it
_CANDIDATES = 40  # texts among which one is looked for that is false of the face


def results(clip: Clip, generator: Generator, attributes: Attributes, convinced: float, count: int = 48, seed: int = 1) -> dict[str, float]:
    """What optimisers come to that follow a CLIP as it is, for `PATIENCE` steps.

    convinced  the cosine of picture and text from which on CLIP takes the text for true

    Returns which share of them pleases CLIP with a picture that shows what the text says ("served"), and which share without
    ("fooled").
    """
    opponents = Opponents(generator, attributes, count, seed)
    opponents.age[:] = 0
    for _ in range(PATIENCE):
        images, seen = opponents.step(clip)
    with torch.no_grad():
        nearness = (clip.encode_image(images) * clip.encode_text([target.text for target in opponents.targets])).sum(1)
    true, false = (of(opponents.targets, seen).diagonal() & (nearness >= convinced) for of in (true_of, false_of))
    return {"served": round(true.float().mean().item(), 3), "fooled": round(false.float().mean().item(), 3)}


class Opponents:
    """Some optimisers at work, each with a face, a text that is false of it, and an offset of its styles; all go a step at a time."""

    def __init__(self, generator: Generator, attributes: Attributes, count: int, seed: int, device: torch.device | str = "cpu"):
        self.generator, self.attributes, self.device = generator.to(device), attributes.to(device), torch.device(device)
        self.rng = torch.Generator().manual_seed(seed)
        self.factors, self.targets = sample(count, seed), [Caption("a face")] * count
        self.start = [torch.zeros(count, width, device=device) for width in (generator.num_channels, generator.num_rgb_channels)]
        self.offset = [torch.zeros_like(part).requires_grad_() for part in self.start]
        self.moments = [(torch.zeros_like(part), torch.zeros_like(part)) for part in self.start]
        for number in range(count):
            self._begin(number)
        self.age = torch.randint(PATIENCE, (count,), generator=self.rng)

    def step(self, clip: Clip) -> tuple[Tensor, Factors]:
        """Draws where the optimisers stand, and lets each go on by one step against CLIP as it is now.

        Returns the pictures [n, 3, R, R] and the factors as the attributes network sees them now.
        """
        for number in (self.age >= PATIENCE).nonzero()[:, 0].tolist():
            self._begin(number)
            self.age[number] = 0
        with fast(self.device):
            images = self.generator.from_styles(*(a + b for a, b in zip(self.start, self.offset))).float().clamp(-1, 1)
            seen, texts = clip.encode_image(images), clip.encode_text([target.text for target in self.targets])
        gradients = torch.autograd.grad(-(seen * texts.detach()).sum(), self.offset)
        self.age += 1
        for part, gradient, moments in zip(self.offset, gradients, self.moments):
            self._follow(part, gradient, *moments)
        images = images.detach()
        return images, self._as_seen(images)

    def joined(self, captions: list[Caption], scenes: int, true: Tensor, false: Tensor, factors: Factors,
               seen: Factors) -> tuple[Tensor, Tensor]:
        """Enlarges what `CaptionedPictures.batch` says of captions and pictures by the optimisers' texts and pictures.

        captions, true, false  of the batch: C captions, [C, N]; the last `scenes` of captions and of pictures are scenes
        factors                of the first pictures
        seen                   what `step` returned

        Returns true and false [C + n, N + n].
        """
        (rows, columns), said = true.shape, captions[: len(captions) - scenes]
        true, false = (F.pad(part, (0, len(self.targets), 0, len(self.targets))) for part in (true, false))
        true[rows:, : len(factors)], false[rows:, : len(factors)] = true_of(self.targets, factors), false_of(self.targets, factors)
        true[: len(said), columns:], false[: len(said), columns:] = self._truth(said, seen)
        true[rows:, columns:], false[rows:, columns:] = self._truth(self.targets, seen)
        false[rows:, columns - scenes: columns] = True
        false[len(said): rows, columns:] = True
        return true, false

    def fooled(self, images: Tensor, texts: Tensor, false: Tensor) -> Tensor:
        """How near CLIP sees the optimisers' pictures to their texts where these are false, a cosine on average.

        images [N + n, D] and texts [C + n, D], CLIP's unit vectors of all that `joined` speaks of, and its `false` -> a number
        """
        rows, columns = (size - len(self.targets) for size in false.shape)
        still = false[rows:, columns:].diagonal().to(images)
        return ((images[columns:] * texts[rows:]).sum(1) * still).sum() / still.sum().clamp(min=1)

    def _truth(self, captions: list[Caption], seen: Factors) -> tuple[Tensor, Tensor]:
        """Which captions are true and which false of the pictures: of the faces as they began, and as they are seen now. Where both
        disagree, the optimiser may have succeeded, and the caption is neither. -> bool [C, n] each"""
        return (true_of(captions, self.factors) & true_of(captions, seen), false_of(captions, self.factors) & false_of(captions, seen))

    @torch.no_grad()
    def _follow(self, offset: Tensor, gradient: Tensor, mean: Tensor, square: Tensor) -> None:
        """A step of Adam (Kingma & Ba 2015, algorithm 1), in which each row is as old as its optimiser."""
        mean.lerp_(gradient, 1 - BETAS[0])
        square.lerp_(gradient.square(), 1 - BETAS[1])
        mean_share, square_share = (1 - beta ** self.age[:, None].to(self.device) for beta in BETAS)
        offset -= STEP * (mean / mean_share) / ((square / square_share).sqrt() + 1e-8)

    @torch.no_grad()
    def _as_seen(self, images: Tensor) -> Factors:
        reading = {name: part.cpu() for name, part in self.attributes(images).items()}
        return self.factors.replace(**{a.name: reading[a.name] if a.is_scale else reading[a.name].argmax(1) for a in ATTRIBUTES})

    @torch.no_grad()
    def _begin(self, number: int) -> None:
        """Another face, another text."""
        seed = int(torch.randint(2**31, (1,), generator=self.rng))
        numbers = uniform(1, seed)
        face = from_uniform(numbers)
        said = caption(sample(_CANDIDATES, seed + 1), seed, max_statements=2)
        self.targets[number] = said[int(false_of(said, face)[:, 0].float().argmax())]
        for name, values in self.factors.items():
            values[number] = getattr(face, name)[0]
        latent = latents_of_uniform(numbers, seed).to(self.device)
        new = self.generator.styles(self.generator.mapping(latent))
        for start, offset, moments, styles in zip(self.start, self.offset, self.moments, new):
            start[number] = styles[0]
            for part in (offset, *moments):
                part[number] = 0
