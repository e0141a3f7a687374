"""How good is a generator? Shares of attributes, faces that a detector finds, Fréchet distance, inversion."""

from dataclasses import dataclass

import dlib
import torch
import torch.nn.functional as F
from torchmetrics.image.fid import FrechetInceptionDistance

from ..networks.attributes import Attributes
from ..networks.generator import Generator
from ..networks.perceptual import Perceptual
from ..portraits.world.attributes import ATTRIBUTES
from ..weights.domain import load_network
from .data import Portraits, to_float


@dataclass
class Counts:
    """How many pictures each measurement takes."""

    shares: int = 10_000
    faces: int = 300
    distance: int = 3000
    inversions: int = 12


def measure_generator(generator: Generator, domain, portraits: Portraits, held_out: Portraits, counts: Counts | None = None) -> dict:
    """All measurements of a generator against the renders of its world.

    domain holds the attributes and perceptual networks; portraits are renders it learnt from, held_out ones it did not.
    """
    counts = counts or Counts()
    attributes = load_network(domain, "attributes", Attributes).to(memory_format=torch.channels_last)
    perceptual = load_network(domain, "perceptual", Perceptual).to(memory_format=torch.channels_last)
    samples = sample_pictures(generator, counts.shares, seed=21)
    renders = portraits.images(torch.arange(min(len(portraits), counts.shares)))
    gaps = share_gaps(read_shares(attributes, samples), read_shares(attributes, renders))
    found = {name: faces_found(images[: counts.faces]) for name, images in (("samples", samples), ("renders", renders))}
    half = min(counts.distance, len(renders) // 2, len(samples))
    return {"largest gap of a share": round(max(gaps.values()), 3), "where": max(gaps, key=gaps.get),
            "gaps over 0.05": sum(gap > 0.05 for gap in gaps.values()),
            "faces dlib finds in samples": round(found["samples"], 3), "faces dlib finds in renders": round(found["renders"], 3),
            "frechet distance": round(frechet_distance(perceptual, samples[:half], renders[:half]), 3),
            "frechet distance of renders": round(frechet_distance(perceptual, renders[half:2 * half], renders[:half]), 3),
            "median psnr of inverted held-out renders (dB)": round(inversion_psnr(generator, held_out, counts.inversions), 2)}


@torch.no_grad()
def sample_pictures(generator: Generator, count: int, seed: int) -> torch.Tensor:
    """Pictures without truncation, uint8 [count, 3, R, R]."""
    z = torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(seed))
    pictures = []
    for part in z.split(50):
        with torch.autocast("cpu", torch.bfloat16):
            pictures.append(((generator(part).float().clamp(-1, 1) + 1) * 127.5).round().byte())
    return torch.cat(pictures)


@torch.no_grad()
def read_shares(attributes: Attributes, images: torch.Tensor) -> dict[tuple[str, str], float]:
    """How often each value of each attribute is read from the pictures, uint8 [N, 3, H, W]."""
    counted: dict[tuple[str, str], float] = {}
    for part in images.split(100):
        with torch.autocast("cpu", torch.bfloat16):
            reading = attributes(to_float(part))
        for attribute in ATTRIBUTES:
            values = reading[attribute.name]
            true = attribute.is_true(values if attribute.is_scale else values.argmax(1)).float().sum(0)
            for value, number in zip(attribute.values, true.tolist()):
                counted[attribute.name, value] = counted.get((attribute.name, value), 0.0) + number / len(images)
    return counted


def share_gaps(of_samples: dict, of_renders: dict) -> dict[str, float]:
    """The difference of the shares, for every value that a portrait can have."""
    return {f"{name}={value}": abs(share - of_renders[name, value]) for (name, value), share in of_samples.items()}


def faces_found(images: torch.Tensor) -> float:
    """The share of pictures, uint8 [N, 3, H, W], in which dlib's frontal detector finds a face, at twice their size."""
    detector = dlib.get_frontal_face_detector()
    return sum(len(detector(image.permute(1, 2, 0).contiguous().numpy(), 1)) > 0 for image in images) / len(images)


class _Pooled(torch.nn.Module):
    """The last features of the perceptual network, averaged over the picture: what the Fréchet distance compares."""

    def __init__(self, perceptual: Perceptual):
        super().__init__()
        self.trunk, self.num_features = perceptual.trunk, perceptual.trunk.widths[-1]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.trunk(to_float(image))[-1].mean((2, 3))


@torch.no_grad()
def frechet_distance(perceptual: Perceptual, a: torch.Tensor, b: torch.Tensor) -> float:
    """|m_a - m_b|² + tr(C_a + C_b - 2 (C_a C_b)^½) of the features' Gaussians (Heusel et al. 2017, eq. 6). uint8 [N, 3, H, W] each"""
    metric = FrechetInceptionDistance(feature=_Pooled(perceptual), normalize=False)
    for images, real in ((a, False), (b, True)):
        for part in images.split(100):
            metric.update(part, real=real)
    return float(metric.compute())


def inversion_psnr(generator: Generator, held_out: Portraits, count: int, steps: int = 300, lr: float = 0.05) -> float:
    """Median PSNR of held-out renders after optimising w_plus from the mean w, noise maps fixed, with pixels alone."""
    images = to_float(held_out.images(torch.arange(count)))
    w = generator.mapping.w_avg.expand(count, generator.num_ws, -1).clone().requires_grad_()
    optimizer = torch.optim.Adam([w], lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps, pct_start=0.1)
    for _ in range(steps):
        loss = F.mse_loss(generator.synthesis(w), images) * count
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        error = ((generator.synthesis(w).clamp(-1, 1) - images) / 2).square().mean((1, 2, 3))
    return float((-10 * torch.log10(error)).median())
