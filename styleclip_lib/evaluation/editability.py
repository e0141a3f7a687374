"""Whether an inverted face is still editable: simple edits along mean directions in w, and their effects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import StyleclipError
from ..inversion.invert import Inversion
from ..models import Models
from ..portraits.world.attributes import index_of
from ..portraits.world.latents import factors_of_latents
from .report import hidden_attributes

Wanted = tuple[str, str]
"""An attribute and the value it should get, such as ("glasses", "sunglasses")."""


@dataclass
class Editability:
    """The results of several edits of one face.

    success_rate  share of the edits after which the attribute has the wanted value
    side_effects  how many other attributes changed, on average
    images        [1 + N, 3, R, R] in [-1, 1]: the face itself and every edit
    """

    success_rate: float
    side_effects: float
    images: Tensor


@torch.no_grad()
def mean_directions(models: Models, wanted: Iterable[Wanted], count: int = 4000, seed: int = 0) -> dict[Wanted, Tensor]:
    """Mean w of the faces with a value minus mean w of the faces without it: {(attribute, value): [w_dim]}.

    The generator's z must be those of `portraits.world.latents`, so that the attributes of a face are known without drawing it.
    """
    z = torch.randn(count, models.generator.z_dim, generator=torch.Generator().manual_seed(seed))
    factors, w = factors_of_latents(z), models.generator.mapping.w(z.to(models.device))
    directions = {}
    for name, value in wanted:
        has = (getattr(factors, name) == index_of(name, value)).to(w.device)
        directions[name, value] = w[has].mean(0) - w[~has].mean(0)
    return directions


@torch.no_grad()
def editability(models: Models, inversion: Inversion, directions: Mapping[Wanted, Tensor], strength: float = 1.0) -> Editability:
    """Moves an inverted face along each direction, w_plus + strength · direction in every layer, and reads the attributes of the result.

    Raises StyleclipError if the domain cannot read attributes.
    """
    if models.attributes is None:
        raise StyleclipError(f"The domain '{models.domain}' has no network that reads attributes, so its edits cannot be judged.")
    moves = torch.stack([torch.zeros_like(next(iter(directions.values()))), *directions.values()])
    codes = inversion.w_plus + strength * moves[:, None]
    images = torch.cat([models.generator.synthesis(code[None], noises=inversion.noises) for code in codes]).clamp(-1, 1)
    readings = models.attributes.read(images)
    values, hidden = [reading.values() for reading in readings], [hidden_attributes(reading) for reading in readings]
    success_rate = sum(reading.has(name, value) for (name, value), reading in zip(directions, readings[1:]))
    side_effects = 0
    for (name, _), row, unseen in zip(directions, values[1:], hidden[1:]):
        side_effects += sum(values[0][other] != row[other] for other in row if other != name and other not in unseen | hidden[0])
    return Editability(success_rate / len(directions), side_effects / len(directions), images)
