"""Pictures on the way from one portrait to another that differs from it in one attribute, drawn by the generator.

An image optimiser meets faces half-way: a hat that is still a shadow. Renders know no such thing, and a network that never saw
it gives no gradient there.
"""

import torch
from tqdm.auto import tqdm

from ..networks.generator import Generator
from ..portraits.world.attributes import ATTRIBUTES
from ..portraits.world.factors import NAMES, Factors, from_uniform
from ..portraits.world.latents import latents_of_uniform
from ..speed import fast
from .data import to_float, uniform


class LatentPaths:
    """Triples of pictures: a start, an end with another value of one attribute, and one between them, straight on in w."""

    def __init__(self, generator: Generator, count: int, seed: int, progress: bool = True):
        rng = torch.Generator().manual_seed(seed)
        start, other = uniform(count, seed), uniform(count, seed + 1)
        columns = torch.tensor([NAMES.index(a.name) for a in ATTRIBUTES])[torch.randint(len(ATTRIBUTES), (count,), generator=rng)]
        end = start.scatter(1, columns[:, None], other.gather(1, columns[:, None]))
        self.starts, self.ends = from_uniform(start), from_uniform(end)
        self.share = 0.1 + 0.8 * torch.rand(count, generator=rng)
        self.pictures = _drawn(generator, latents_of_uniform(start, seed), latents_of_uniform(end, seed), self.share, progress)

    def batch(self, rng: torch.Generator, count: int) -> tuple[torch.Tensor, Factors, torch.Tensor, torch.Tensor]:
        """Draws some triples.

        Returns the starts and the ends [2 count, 3, R, R] in [-1, 1], their factors, what lies between them
        [count, 3, R, R], and how far along it lies, share [count] in (0, 1).
        """
        index = torch.randint(len(self.share), (count,), generator=rng)
        starts, ends, between = (to_float(part) for part in self.pictures[index].unbind(1))
        return torch.cat([starts, ends]), Factors.joined([self.starts[index], self.ends[index]]), between, self.share[index]


@torch.no_grad()
def _drawn(generator, z_start, z_end, share, progress):
    """uint8 [count, 3 pictures, 3, R, R]"""
    drawn = []
    parts = list(zip(z_start.split(25), z_end.split(25), share.split(25)))
    for a, b, s in tqdm(parts, desc="drawing latent paths", disable=not progress):
        start, end = generator.mapping(a), generator.mapping(b)
        w_plus = torch.cat([start, end, torch.lerp(start, end, s[:, None, None])])
        with fast(torch.device("cpu")):
            images = generator.synthesis(w_plus).float().clamp(-1, 1)
        drawn.append(((images + 1) * 127.5).round().byte().view(3, len(a), *images.shape[1:]).transpose(0, 1))
    return torch.cat(drawn)
