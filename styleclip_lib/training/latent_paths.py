"""Pictures on the path from one portrait to another that differs in one attribute, drawn by the generator.

Latent optimisation passes through intermediate faces, such as one whose hat is still a shadow. No render looks like that, and a network
that was not trained on such pictures gives no useful gradient there.
"""

import random

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..networks.generator import Generator
from ..portraits.language.attribute_values import ATTRIBUTE_VALUES, Caption, values_false, values_true
from ..portraits.language.captions import write
from ..speed import fast
from .data import to_float, uniform
from .worlds import World


class LatentPaths:
    """Triples of pictures: a start, an end with another value of one attribute, and one between them on the straight line in W.

    size  pixels that a network sees of them: nothing is drawn above the generator's resolution for it
    """

    def __init__(self, generator: Generator, world: World, count: int, size: int, seed: int, progress: bool = True):
        rng = torch.Generator().manual_seed(seed)
        start, other = uniform(count, seed, world), uniform(count, seed + 1, world)
        places = torch.tensor([world.factor_names.index(a.name) for a in world.attributes])
        columns = places[torch.randint(len(places), (count,), generator=rng)]
        end = start.scatter(1, columns[:, None], other.gather(1, columns[:, None]))
        self.starts, self.ends = world.from_uniform(start), world.from_uniform(end)
        self._differences = (values_true(self.ends) & values_false(self.starts)).nonzero().tolist()
        self.share = 0.1 + 0.8 * torch.rand(count, generator=rng)
        latents = (world.latents_of_uniform(numbers, seed) for numbers in (start, end))
        with torch.no_grad():
            self.w_start, self.w_end = (torch.cat([generator.mapping(some) for some in z.split(500)]) for z in latents)
        self.pictures = _drawn(generator, self.w_start, self.w_end, self.share, size, progress)

    def batch(self, rng: torch.Generator, count: int) -> tuple[Tensor, object, Tensor, Tensor]:
        """Draws `count` random triples.

        Returns the starts and the ends [2 count, 3, R, R] in [-1, 1], their factors, the pictures between them [count, 3, R, R], and how
        far along the path these are, share [count] in (0, 1).
        """
        index = torch.randint(len(self.share), (count,), generator=rng)
        starts, ends, between = (to_float(part) for part in self.pictures[index].unbind(1))
        factors = type(self.starts).joined([self.starts[index], self.ends[index]])
        return torch.cat([starts, ends]), factors, between, self.share[index]

    def false_start(self, rng: torch.Generator) -> tuple[Tensor, Tensor, Caption]:
        """A start and an end, w_plus [num_ws, w_dim] each, and a caption that is true of the end and false of the start."""
        number, attribute_value = self._differences[int(torch.randint(len(self._differences), (1,), generator=rng))]
        caption = write([ATTRIBUTE_VALUES[attribute_value]], random.Random(int(torch.randint(2**31, (1,), generator=rng))))
        return self.w_start[number], self.w_end[number], caption


@torch.no_grad()
def _drawn(generator: Generator, starts: Tensor, ends: Tensor, shares: Tensor, size: int, progress: bool) -> Tensor:
    """The pictures at the start, at the end and between them, uint8 [count, 3, 3, R, R]."""
    drawn, stop_at = [], generator.synthesis.resolution_for(size)
    parts = list(zip(starts.split(25), ends.split(25), shares.split(25)))
    for start, end, share in tqdm(parts, desc="drawing latent paths", disable=not progress):
        w_plus = torch.cat([start, end, torch.lerp(start, end, share[:, None, None])])
        with fast(torch.device("cpu")):
            images = generator.synthesis(w_plus, stop_at=stop_at).float().clamp(-1, 1)
        drawn.append(((images + 1) * 127.5).round().byte().view(3, len(start), *images.shape[1:]).transpose(0, 1))
    return torch.cat(drawn)
