"""Trains the network that reads every attribute back from a picture: `styleclip train attributes`."""

from dataclasses import dataclass
from pathlib import Path

import torch

from ..networks.attributes import Attributes
from ..weights.domain import load_network
from .augment import augment
from .card import About, publish
from .coding import accuracy, attribute_loss
from .data import DataSettings, Portraits, pictures, to_float
from .loop import Run, learn
from .muon import reader_optimizers
from .worlds import ALIGNED, World, world_of_domain

ABOUT = About(
    what="Reads every attribute of the table in `portraits/world/attributes.py` from a picture: a probability for each value of "
         "a category, a number for each scale. Training may use it; edits are measured by another network, the examiner.",
    data="Aligned portraits with small changes of position, size, colour and sharpness. What is not visible (the colour of "
         "closed eyes) does not count.",
    limits="It knows only the procedural portraits. It gives an answer for every picture, even for photographs, for which the answer means "
           "little.",
    trials={
        "AdamW (0.003) / Muon (0.003, 0.001, 0.0005, 0.0003) for convolutions and matrices":
            "mean accuracy on 500 unseen portraits of 64 px after 120 batches of 64 (90 seconds on one core): 0.576 / 0.629, 0.689, 0.692, "
            "0.675; one run each",
        "120 batches of 64 / 240 of 32": "0.692 / 0.727, with Muon (0.0005)",
    })


@dataclass
class Settings:
    """Settings of the attributes network.

    run      folder of checkpoints, logs and sample sheets
    data     folder of the rendered portraits
    domain   the domain to which the network is added at the end
    count    number of portraits to train on, the same as the generator's
    size     side of the portraits in pixels;  input_size: the side to which they are resized for the network
    steps    number of batches
    batch_size  portraits in a batch
    muon_lr, adam_lr  peak learning rates of convolutions and matrices (Muon), and of everything else (AdamW)
    strength of the augmentations
    focus    how strongly to weight the attributes that are not learnt yet (see `coding.attribute_loss`)
    seed     draws weights, batches and augmentations
    """

    run: Path = Path("runs/attributes")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 12_000
    size: int = 256
    input_size: int = 128
    steps: int = 1500
    batch_size: int = 32
    muon_lr: float = 5e-4
    adam_lr: float = 3e-3
    strength: float = 0.5
    focus: float = 1.0
    widths: tuple[int, ...] = (16, 32, 64, 128, 192)
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains, measures on held-out portraits, and adds the network to the domain. Returns the metrics."""
    torch.manual_seed(settings.seed)
    network = Attributes(settings.widths, input_size=settings.input_size).to(memory_format=torch.channels_last)
    seconds = fit(network, settings)
    metrics = measure(network, settings)
    publish(network, "attributes", settings, _config(settings), seconds, metrics, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network."""
    return measure(load_network(settings.domain, "attributes", Attributes), settings, world_of_domain(settings.domain))


def _config(settings: Settings) -> dict:
    return {"widths": settings.widths, "input_size": settings.input_size}


def fit(network: Attributes, settings: Settings) -> float:
    """Trains the network to read the factors. Returns the seconds that it took."""
    portraits = Portraits(DataSettings(settings.data, settings.count, settings.size), world=ALIGNED)

    def loss(run: Run, rng: torch.Generator) -> torch.Tensor:
        index = torch.randint(len(portraits), (settings.batch_size,), generator=rng)
        images = augment(pictures(portraits, index, network.input_size), rng, settings.strength).to(run.device)
        with run.autocast():
            code = network.code(images).cpu()
        return attribute_loss(code, portraits.factors[index], settings.focus, ALIGNED.attributes)

    return learn(network, reader_optimizers(network, network.head[-1], settings), settings, loss)


@torch.no_grad()
def measure(network: Attributes, settings: Settings, world: World = ALIGNED) -> dict:
    """Accuracy of every attribute on 1000 held-out portraits."""
    portraits = Portraits(DataSettings(settings.data, 1000, settings.size if world is ALIGNED else 128, seed=1), world=world)
    codes = torch.cat([network.code(to_float(portraits.images(index))).float() for index in torch.arange(1000).split(100)])
    result = accuracy(codes, portraits.factors, world.attributes)
    return {"accuracy": {k: round(v, 4) for k, v in result.items()}, "mean accuracy": round(sum(result.values()) / len(result), 4)}
