"""Trains the perceptual network: `styleclip train perceptual`.

VGG16's features are useful because it was trained to tell things apart. Here the trunk is trained to read the
attributes of portraits; what it needs for that (edges, lids, strands, outlines) is what the eye compares too.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.attributes import CODE_SLICES, Attributes
from ..networks.perceptual import Perceptual
from ..portraits.world.factors import Factors
from ..weights.domain import load_network
from .attributes import Settings as AttributesSettings
from .attributes import fit, measure
from .card import About, publish
from .coding import accuracy
from .data import DataSettings, Portraits, to_float
from .worlds import FREE

ABOUT = About(
    what="A small VGG-like trunk; `Perceptual.distance` compares pictures in its features as LPIPS does, with equal weights "
         "for all channels.",
    data="Rendered portraits; it was trained to read their attributes.",
    limits="It was not calibrated on human judgements.")


@dataclass
class Settings(AttributesSettings):
    """Settings of the perceptual network: those of the attributes network, under another folder."""

    run: Path = Path("runs/perceptual")
    steps: int = 3200
    strength: float = 0.5


def train(settings: Settings) -> dict:
    """Trains the trunk under a head that reads attributes, then keeps the trunk. Returns the metrics of that reading."""
    torch.manual_seed(settings.seed)
    reader = Attributes(settings.widths).to(memory_format=torch.channels_last)
    seconds = fit(reader, reader.code, settings)
    metrics = measure(reader, settings)
    network = Perceptual(settings.widths)
    network.trunk.load_state_dict(reader.trunk.state_dict())
    publish(network, "perceptual", settings, {"widths": settings.widths}, seconds, metrics, ABOUT)
    return metrics


def measure_again(settings: Settings, learnt: int = 3000, unseen: int = 1000) -> dict:
    """How often attributes are read rightly from the features by a linear map, which is solved for.

    The head that read attributes while the trunk was trained is not kept, so that its accuracy cannot be measured again.
    """
    network = load_network(settings.domain, "perceptual", Perceptual).to(memory_format=torch.channels_last)
    features, code = _features_and_code(network, Portraits(DataSettings(settings.data, learnt)))
    others = Portraits(DataSettings(settings.data, unseen, seed=1))
    result = accuracy(_features_and_code(network, others)[0] @ ridge(features, code), others.factors)
    return {"accuracy of a linear reading": {name: round(value, 4) for name, value in result.items()},
            "mean accuracy of a linear reading": round(sum(result.values()) / len(result), 4)}


@torch.no_grad()
def _features_and_code(network: Perceptual, portraits: Portraits) -> tuple[Tensor, Tensor]:
    """The last features over a grid of 4x4 fields and a one, [N, F]; what is to be read, [N, CODE_SIZE]."""
    index = torch.arange(len(portraits)).split(100)
    fields = [F.adaptive_avg_pool2d(network.trunk(to_float(portraits.images(some)))[-1], 4).flatten(1) for some in index]
    features = torch.cat(fields)
    return torch.cat([features, torch.ones(len(features), 1)], 1), targets(portraits.factors)


def targets(factors: Factors) -> Tensor:
    """The code that an attributes network should give: one-hot for categories, the numbers of scales. -> [N, CODE_SIZE]"""
    columns = []
    for name in CODE_SLICES:
        value, values = getattr(factors, name), FREE.values(name)
        columns.append(value[:, None] if values is None else F.one_hot(value, len(values)).float())
    return torch.cat(columns, 1)


def ridge(features: Tensor, wanted: Tensor, damping: float = 0.01) -> Tensor:
    """The linear map W with the least |features W - wanted|² + λ |W|²; λ = damping times the features' mean square, for each sample.

    features [N, F], wanted [N, C] -> W [F, C]
    """
    features, wanted = features.double(), wanted.double()
    gram = features.T @ features
    gram.diagonal().add_(damping * gram.diagonal().mean())
    return torch.linalg.solve(gram, features.T @ wanted).float()
