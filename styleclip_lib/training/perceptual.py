"""Makes the perceptual network: `styleclip train perceptual`.

VGG16's features are useful because it was trained to classify. Here they come from the network that reads the attributes of portraits;
what it needs for that (edges, eyelids, strands of hair, outlines) is also what the human eye compares.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.attributes import Attributes
from ..networks.perceptual import Perceptual
from ..weights.domain import load_network
from .card import About, publish
from .coding import accuracy
from .data import DataSettings, Portraits, pictures
from .worlds import ALIGNED, World, world_of_domain

ABOUT = About(
    what="A small VGG-like trunk; `Perceptual.distance` compares pictures by its features as LPIPS does, with equal weights "
         "for all channels.",
    data="None of its own: it is the trunk of the domain's attributes network, without its head.",
    limits="It was not calibrated on human judgements. It resizes pictures to the size it was trained with; finer details are left to the "
           "pixel loss.")


@dataclass
class Settings:
    """Settings of the perceptual network.

    run, data, domain   folders of the run (unused), of the renders, and of the domain with the attributes network
    size                side in pixels of the portraits for measuring
    learnt, unseen      portraits on which a linear probe is fitted, and those on which it is measured
    """

    run: Path = Path("runs/perceptual")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    size: int = 256
    learnt: int = 3000
    unseen: int = 1000


def train(settings: Settings) -> dict:
    """Takes the trunk of the domain's attributes network, measures it, adds it to the domain. Returns the metrics."""
    reader = load_network(settings.domain, "attributes", Attributes)
    config = {"widths": reader.trunk.widths, "input_size": reader.input_size}
    network = Perceptual(**config)
    network.trunk.load_state_dict(reader.trunk.state_dict())
    metrics = measure(network.eval(), settings, ALIGNED)
    publish(network, "perceptual", settings, config, 0.0, metrics, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network."""
    return measure(load_network(settings.domain, "perceptual", Perceptual), settings, world_of_domain(settings.domain))


def measure(network: Perceptual, s: Settings, world: World) -> dict:
    """The accuracy of attributes read from the features by a linear probe, which is solved in closed form."""
    network, size = network.to(memory_format=torch.channels_last), s.size if world is ALIGNED else 128
    learnt, unseen = (Portraits(DataSettings(s.data, count, size, seed), world=world) for seed, count in ((0, s.learnt), (1, s.unseen)))
    linear = ridge(_features(network, learnt), targets(learnt.factors, world))
    result = accuracy(_features(network, unseen) @ linear, unseen.factors, world.attributes)
    return {"accuracy of a linear reading": {name: round(value, 4) for name, value in result.items()},
            "mean accuracy of a linear reading": round(sum(result.values()) / len(result), 4)}


@torch.no_grad()
def _features(network: Perceptual, portraits: Portraits) -> Tensor:
    """The last features averaged over a 4x4 grid, and a one: [N, F]."""
    fields = [F.adaptive_avg_pool2d(network.trunk(pictures(portraits, some, network.input_size))[-1], 4).flatten(1)
              for some in torch.arange(len(portraits)).split(100)]
    features = torch.cat(fields)
    return torch.cat([features, torch.ones(len(features), 1)], 1)


def targets(factors, world: World) -> Tensor:
    """The ideal output of an attributes network, [N, C]: one-hot for categories, the value for scales."""
    columns = []
    for attribute in world.attributes:
        value = getattr(factors, attribute.name)
        columns.append(value[:, None] if attribute.is_scale else F.one_hot(value, len(attribute.values)).float())
    return torch.cat(columns, 1)


def ridge(features: Tensor, wanted: Tensor, damping: float = 0.01) -> Tensor:
    """The linear map W that minimises |features W - wanted|² + λ |W|²; λ = damping times the mean of the diagonal of featuresᵀ features.

    features [N, F], wanted [N, C] -> W [F, C]
    """
    features, wanted = features.double(), wanted.double()
    gram = features.T @ features
    gram.diagonal().add_(damping * gram.diagonal().mean())
    return torch.linalg.solve(gram, features.T @ wanted).float()
