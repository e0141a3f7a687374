"""Trains the identity network for measuring only: `styleclip train examiner_identity`."""

from dataclasses import dataclass
from pathlib import Path

import torch

from ..networks.examiner import ExaminerIdentity
from ..weights.domain import load_network
from .card import About, publish
from .data import pictures
from .degrade import degrade
from .examiner import LEARNT, PICTURES_EACH, TESTED, portraits_of
from .identity import verification
from .loop import Run, learn
from .muon import reader_optimizers

ABOUT = About(
    what="A face becomes a unit vector; vectors of the same person point the same way. It only measures: no network is trained with it, "
         "and no search uses it. It is a ConvNeXt with the supervised contrastive loss, while the network that searches may use "
         "(`identity`) is VGG-like and has the ArcFace loss.",
    data="The examiner's portraits: several of each person, with the same face and with pose, expression, hair, glasses and light drawn "
         "anew, and degraded (`training/degrade.py`).",
    limits="Skin tone and age count as identity here. It says nothing about real people and must not be used to recognise them.")


@dataclass
class Settings:
    """Settings of the examiner's identity network.

    run, data, domain   folders of the run, of the renders (the examiner's), and of the domain to which the network is added
    people              number of people to train on, four pictures of each
    people_at_once, pictures_at_once  number of people in a batch, and of pictures of each
    muon_lr, adam_lr    peak learning rates of convolutions and matrices (Muon), and of everything else (AdamW)
    temperature         of the loss (τ)
    strength            of the degradations
    size, input_size    side of the portraits in pixels, and the side to which they are resized for the network
    tested              number of held-out people for measuring
    seed                draws weights, batches and degradations; portraits have seeds of their own, from 5101 on
    """

    run: Path = Path("runs/examiner-identity")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    people: int = 2000
    people_at_once: int = 20
    pictures_at_once: int = 3
    steps: int = 1200
    muon_lr: float = 5e-4
    adam_lr: float = 1.5e-3
    temperature: float = 0.1
    strength: float = 1.0
    widths: tuple[int, ...] = (40, 80, 160, 224)
    depths: tuple[int, ...] = (1, 2, 3, 1)
    embedding_dim: int = 64
    size: int = 256
    input_size: int = 128
    tested: int = 250
    seed: int = 0


def supervised_contrastive(embedding: torch.Tensor, person: torch.Tensor, temperature: float) -> torch.Tensor:
    """The supervised contrastive loss (Khosla et al. 2020, equation 2): every picture should be closest to the others of its person.

    Σ_i -1/|P(i)| Σ_{p∈P(i)} log( exp(e_i·e_p/τ) / Σ_{a≠i} exp(e_i·e_a/τ) ) / B,   P(i) = other pictures of the person of i

    embedding: unit vectors [B, D]; person int64 [B], each in at least two pictures  ->  a number
    """
    itself = torch.eye(len(person), dtype=torch.bool, device=person.device)
    likeness = (embedding @ embedding.T / temperature).masked_fill(itself, -torch.inf)
    log_share = likeness.log_softmax(1).masked_fill(itself, 0)
    same = (person[:, None] == person[None, :]) & ~itself
    return -((log_share * same).sum(1) / same.sum(1)).mean()


def train(settings: Settings) -> dict:
    """Trains, measures on held-out people, adds the network to the domain. Returns the metrics."""
    s = settings
    torch.manual_seed(s.seed)
    network = ExaminerIdentity(s.widths, s.depths, s.embedding_dim, s.input_size).to(memory_format=torch.channels_last)
    seconds = fit(network, s)
    metrics = measure(network, s)
    config = {"widths": s.widths, "depths": s.depths, "embedding_dim": s.embedding_dim, "input_size": s.input_size}
    publish(network, "examiner_identity", s, config, seconds, metrics, ABOUT)
    return metrics


def fit(network: ExaminerIdentity, s: Settings) -> float:
    """Trains the network on degraded pictures. Returns the seconds that it took."""
    portraits = portraits_of(s.data, s.people * PICTURES_EACH, s.size, LEARNT)

    def loss(run: Run, rng: torch.Generator) -> torch.Tensor:
        index = batch(s, rng)
        images = degrade(pictures(portraits, index, network.input_size), rng, s.strength).to(run.device)
        with run.autocast():
            embedding = network(images)
        return supervised_contrastive(embedding, portraits.person[index].to(run.device), s.temperature)

    return learn(network, reader_optimizers(network, network.head[-1], s), s, loss)


def batch(s: Settings, rng: torch.Generator) -> torch.Tensor:
    """The numbers of the pictures in a batch: random people, and different pictures of each. Returns int64 [B]."""
    people = torch.randperm(s.people, generator=rng)[: s.people_at_once]
    chosen = torch.rand(len(people), PICTURES_EACH, generator=rng).argsort(1)[:, : s.pictures_at_once]
    return (people[:, None] * PICTURES_EACH + chosen).flatten()


@torch.no_grad()
def measure(network: ExaminerIdentity, s: Settings) -> dict:
    """Verification of held-out people, on renders and on degraded renders."""
    portraits = portraits_of(s.data, s.tested * PICTURES_EACH, s.size, TESTED)
    result = {}
    for name, strength in (("renders", 0.0), ("degraded renders", s.strength)):
        rng = torch.Generator().manual_seed(s.seed)
        embedding = torch.cat([network(degrade(pictures(portraits, index, network.input_size), rng, strength))
                               for index in torch.arange(len(portraits)).split(100)])
        result[name] = verification(embedding, portraits.person)
    return result


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network."""
    return measure(load_network(settings.domain, "examiner_identity", ExaminerIdentity), settings)
