"""Trains the perceptual network: `styleclip train perceptual`.

VGG16's features are useful because it was trained to tell things apart. Here the trunk is trained to read the
attributes of portraits; what it needs for that (edges, lids, strands, outlines) is what the eye compares too.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from ..networks.attributes import Attributes
from ..networks.perceptual import Perceptual
from .attributes import Settings as AttributesSettings
from .attributes import fit, measure
from .card import About, publish

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
