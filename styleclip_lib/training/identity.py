"""Trains the identity network: `styleclip train identity`."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from ..networks.attributes import Attributes
from ..networks.identity import Identity
from ..weights.domain import load_network
from .augment import augment
from .card import About, publish
from .contrast import area_under_curve
from .data import DataSettings, Portraits, to_float
from .discriminant import discriminant
from .loop import Run, learning_rate, set_rates, settings_of
from .muon import reader_optimizers
from .worlds import ALIGNED, World, world_of_domain

ABOUT = About(
    what="A face becomes a unit vector; vectors of the same person point the same way. Trained with the ArcFace loss; then its last layer "
         "was replaced by the linear discriminant of other people.",
    data="People of the procedural world, several pictures of each with the same face and with pose, expression, hair, glasses "
         "and light drawn anew.",
    limits="Skin tone and age count as identity here. It says nothing about real people and must not be used to recognise them.")


@dataclass
class Settings:
    """Settings of the identity network.

    run, data, domain   folders of the run, of the renders, and of the domain to which the network is added
    people, pictures_each  number of people, and of pictures of each
    size                side of the pictures in pixels, which becomes the network's input size
    muon_lr, adam_lr    peak learning rates of the trunk's convolutions (Muon), and of everything else (AdamW)
    scale, margin       of the ArcFace loss (margin in radians)
    start_trunk         whether to start from the trunk of the domain's attributes network instead of random weights
    aid                 weight of an auxiliary loss, reading the identity factors from the embedding, which speeds up the beginning
    new_people          number of other people for the linear discriminant after the training
    kept                number of directions that it keeps
    damping             see `discriminant`
    """

    run: Path = Path("runs/identity")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    people: int = 3000
    pictures_each: int = 4
    size: int = 64
    widths: tuple[int, ...] = (16, 32, 64, 128, 192)
    embedding_dim: int = 128
    steps: int = 2500
    batch_size: int = 64
    muon_lr: float = 3e-4
    adam_lr: float = 2e-3
    scale: float = 24.0
    margin: float = 0.25
    start_trunk: bool = True
    aid: float = 8.0
    strength: float = 0.35
    new_people: int = 1500
    kept: int = 48
    damping: float = 0.1
    seed: int = 0


class ArcFace(nn.Module):
    """Additive angular margin loss (Deng et al. 2019, eq. 3).

    -log( exp(s cos(θ_y + m)) / (exp(s cos(θ_y + m)) + Σ_{j≠y} exp(s cos θ_j)) ), θ_j = angle to the centre of person j.
    """

    def __init__(self, people: int, embedding_dim: int, scale: float, margin: float):
        super().__init__()
        self.centers = nn.Parameter(0.05 * torch.randn(people, embedding_dim))  # short vectors change direction quickly
        self.scale, self.margin = scale, margin

    def forward(self, embedding: torch.Tensor, person: torch.Tensor, margin: float | None = None) -> torch.Tensor:
        """embedding: unit vectors [B, D]; person int64 [B] -> the mean loss"""
        margin = self.margin if margin is None else margin
        cosine = embedding @ F.normalize(self.centers, dim=1).T
        own = cosine.gather(1, person[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
        with_margin = own * math.cos(margin) - (1 - own**2).sqrt() * math.sin(margin)  # cos(θ + m)
        return F.cross_entropy(self.scale * cosine.scatter(1, person[:, None], with_margin), person)


def train(settings: Settings) -> dict:
    """Trains, measures on held-out people, adds the network to the domain. Returns the metrics."""
    s = settings
    torch.manual_seed(s.seed)
    network = Identity(s.widths, s.embedding_dim, s.size).to(memory_format=torch.channels_last)
    if s.start_trunk:
        network.trunk.load_state_dict(load_network(s.domain, "attributes", Attributes).trunk.state_dict())
    seconds = _fit(network, s)
    network = with_discriminant(network, s)
    metrics = measure(network, s)
    publish(network, "identity", s, {"widths": s.widths, "embedding_dim": s.kept, "input_size": s.size}, seconds, metrics, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network."""
    return measure(load_network(settings.domain, "identity", Identity), settings, world_of_domain(settings.domain))


def _fit(network: Identity, s: Settings) -> float:
    portraits = Portraits(DataSettings(s.data, s.people * s.pictures_each, s.size, s.seed + 2, s.pictures_each), world=ALIGNED)
    head = ArcFace(s.people, s.embedding_dim, s.scale, s.margin)
    truth = identity_numbers(portraits.factors)
    reader = nn.Linear(s.embedding_dim, truth.shape[1])
    optimizers = reader_optimizers(network, network.head, s)
    optimizers["adam"].add_param_group({"params": [*head.parameters(), *reader.parameters()], "weight_decay": 0.0})
    with Run(s.run, settings=settings_of(s), network=network, head=head, reader=reader, **optimizers) as run:
        for step in run.steps(s.steps):
            rng = run.generator(s.seed)
            index = torch.randint(len(portraits), (s.batch_size,), generator=rng)
            images = augment(to_float(portraits.images(index)), rng, s.strength)
            images = images.contiguous(memory_format=torch.channels_last).to(run.device)
            set_rates(optimizers, s, learning_rate(step, s.steps))
            network.train()
            with run.autocast():
                embedding = network(images)
            margin = s.margin * min(1, max(0, 3 * step / s.steps - 1))  # with a margin from the first step, training does not take off
            loss = head(embedding.float(), portraits.person[index].to(run.device), margin)
            aid = F.mse_loss(reader(embedding.float() * s.embedding_dim**0.5), truth[index].to(run.device))
            run.update(loss + s.aid * aid, *optimizers.values())
            run.log(loss=loss, aid=aid)
    network.eval()
    return run.seconds


@torch.no_grad()
def with_discriminant(network: Identity, s: Settings) -> Identity:
    """The network with a new last layer: the directions that best separate people on whom it was not trained.

    ArcFace separates its training people by every detail that helps; for a new person many of these details are noise that changes from
    picture to picture. The discriminant ranks directions by the differences between people relative to that noise.
    """
    portraits = Portraits(DataSettings(s.data, s.new_people * s.pictures_each, s.size, s.seed + 4, s.pictures_each), world=ALIGNED)
    rng = torch.Generator().manual_seed(s.seed)
    features = []
    for index in torch.arange(len(portraits)).split(200):
        features.append(network.features(augment(to_float(portraits.images(index)), rng, s.strength)))
    better = Identity(s.widths, s.kept, s.size)
    better.trunk.load_state_dict(network.trunk.state_dict())
    linear = better.head[1]
    weight, bias = discriminant(torch.cat(features), portraits.person, s.kept, s.damping)
    linear.weight.copy_(weight)
    linear.bias.copy_(bias)
    return better.eval()


def identity_numbers(factors) -> torch.Tensor:
    """The identity factors of each person of the aligned world, as numbers of mean 0 and variance 1: [N, D]."""
    columns = []
    for name in ALIGNED.identity_names:
        value, kinds = getattr(factors, name), ALIGNED.kinds(name)
        columns.append(F.one_hot(value, kinds).float() if kinds else value[:, None])
    numbers = torch.cat(columns, 1)
    return (numbers - numbers.mean(0)) / numbers.std(0).clamp(min=1e-3)


@torch.no_grad()
def measure(network: Identity, s: Settings, world: World = ALIGNED, people: int = 200) -> dict:
    """Verification: how often two pictures of one held-out person are more similar than pictures of two people."""
    portraits = Portraits(DataSettings(s.data, people * s.pictures_each, s.size, s.seed + 3, s.pictures_each), world=world)
    embedding = torch.cat([network(to_float(portraits.images(i))) for i in torch.arange(len(portraits)).split(200)])
    return verification(embedding, portraits.person)


def verification(embedding: torch.Tensor, person: torch.Tensor) -> dict:
    """How well the vectors of pictures separate people. embedding: unit vectors [N, D]; person int64 [N]"""
    cosine, same = embedding @ embedding.T, person[:, None] == person[None, :]
    above = torch.ones_like(same).triu(1)
    same_person, others = cosine[same & above], cosine[~same & above]
    some = torch.randperm(len(others), generator=torch.Generator().manual_seed(0))[:20_000]
    return {"verification auc": round(area_under_curve(same_person, others[some]), 4),
            "cosine of one person": round(same_person.mean().item(), 3), "cosine of two people": round(others.mean().item(), 3)}
