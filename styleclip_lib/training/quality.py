"""The quality of a generator: its pictures compared with the renders of the same latents, and as a distribution with other renders."""

from dataclasses import dataclass
from pathlib import Path

import dlib
import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio
from torchmetrics.image.fid import FrechetInceptionDistance

from ..networks.attributes import Attributes
from ..networks.discriminator import Discriminator
from ..networks.generator import Generator
from ..networks.identity import Identity
from ..networks.perceptual import Perceptual
from ..speed import fast
from ..weights.domain import INDEX, load_network, sources
from .adversarial import discriminator_loss
from .coding import accuracy
from .data import DataSettings, Portraits, to_float
from .worlds import World

BATCH = 20


@dataclass(frozen=True)
class Counts:
    """The size of each measurement.

    latents     held-out latents, drawn by the generator and by the renderer
    faces       pictures of each in which dlib's detector looks for a face
    inversions  renders that are inverted
    steps       of the training of a new discriminator that is to tell the two apart
    """

    latents: int = 2000
    faces: int = 300
    inversions: int = 24
    steps: int = 600


def measure_generator(generator: Generator, domain: Path, data: Path, world: World, counts: Counts = Counts()) -> dict:
    """All measurements of a generator against the renders of its world.

    domain  holds the networks that take pictures; a measurement whose network is missing is left out
    data    folder of renders; their latents are held out from training

    laplacian      amplitude of the Laplacian of the pictures, as a share of the renders'
    direct_psnr    mean PSNR of a latent's picture against its render, in dB
    inverted_psnr  median PSNR of renders after optimising their w_plus, in dB
    identity       mean cosine between a latent's picture and its render
    attributes     accuracy of the attributes read from renders and from pictures, and where the difference is largest
    shares         the largest difference between a value's share in pictures and in renders, and where
    frechet, frechet_floor  Fréchet distance from pictures to other renders, and from renders to other renders
    faces, faces_in_renders  share of the pictures and of the renders in which dlib finds a face
    discriminator  accuracy of a new discriminator on held-out pictures and renders
    """
    known = sources(domain) if (Path(domain) / INDEX).exists() else {}
    portraits = Portraits(DataSettings(data, counts.latents, generator.img_resolution, seed=1), world=world)
    renders, samples = portraits.images(torch.arange(len(portraits))), pictures_of(generator, portraits.latents)
    result = {"laplacian": laplacian_amplitude(samples) / laplacian_amplitude(renders), "direct_psnr": psnr(samples, renders).mean().item(),
              "inverted_psnr": inversion_psnr(generator, renders[: counts.inversions]).median().item()}
    if "identity" in known:
        result["identity"] = likeness_of_people(load_network(known["identity"], "identity", Identity), samples, renders)
    if "attributes" in known:
        attributes = load_network(known["attributes"], "attributes", Attributes).to(memory_format=torch.channels_last)
        result["attributes"] = reading_compared(attributes, samples, renders, portraits.factors, world.attributes)
        gaps = share_gaps(*(read_shares(attributes, images, world.attributes) for images in (samples, renders)))
        result["shares"] = {"largest gap": max(gaps.values()), "where": max(gaps, key=gaps.get)}
    if "perceptual" in known:
        perceptual = load_network(known["perceptual"], "perceptual", Perceptual).to(memory_format=torch.channels_last)
        half = len(renders) // 2
        result["frechet"] = frechet_distance(perceptual, samples[:half], renders[half:])
        result["frechet_floor"] = frechet_distance(perceptual, renders[:half], renders[half:])
    result["faces"], result["faces_in_renders"] = faces_found(samples[: counts.faces]), faces_found(renders[: counts.faces])
    result["discriminator"] = discriminator_accuracy(samples, renders, counts.steps)
    return rounded(result)


def rounded(result: dict) -> dict:
    """Numbers rounded to four decimal places, also in nested dictionaries."""
    return {key: rounded(value) if isinstance(value, dict) else round(value, 4) if isinstance(value, float) else value
            for key, value in result.items()}


@torch.no_grad()
def pictures_of(generator: Generator, z: Tensor) -> Tensor:
    """Pictures without truncation, uint8 [N, 3, R, R], rounded as in files. z [N, z_dim]"""
    return torch.cat([to_bytes(generator(part)) for part in z.split(BATCH)])


def to_bytes(images: Tensor) -> Tensor:
    """float [N, 3, H, W] in [-1, 1] -> uint8"""
    return ((images.float().clamp(-1, 1) + 1) * 127.5).round().byte()


def laplacian_amplitude(images: Tensor) -> float:
    """Root mean square of the Laplacian, the sum of a pixel's four neighbours minus four times the pixel. uint8 [N, 3, H, W]"""
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]).expand(3, 1, 3, 3)
    squares = [F.conv2d(part.float(), kernel, groups=3).square().mean((1, 2, 3)) for part in images.split(BATCH)]
    return torch.cat(squares).mean().sqrt().item()


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """PSNR of each picture, in dB. uint8 [N, 3, H, W] each -> [N]"""
    parts = zip(a.split(BATCH), b.split(BATCH))
    return torch.cat([peak_signal_noise_ratio(x.float(), y.float(), data_range=255.0, reduction="none", dim=(1, 2, 3)) for x, y in parts])


@torch.no_grad()
def likeness_of_people(identity: Identity, a: Tensor, b: Tensor) -> float:
    """Mean cosine between the identity network's vectors of a's pictures and of b's. uint8 [N, 3, H, W] each"""
    parts = zip(a.split(BATCH), b.split(BATCH))
    return torch.cat([(identity(to_float(x)) * identity(to_float(y))).sum(1) for x, y in parts]).mean().item()


@torch.no_grad()
def reading_compared(attributes: Attributes, samples: Tensor, renders: Tensor, factors, table) -> dict:
    """The accuracy of each attribute read from renders, uint8 [N, 3, H, W], and from the generator's pictures of the same latents."""
    of_renders, of_samples = (accuracy(torch.cat([attributes.code(to_float(part)).float() for part in images.split(BATCH)]), factors, table)
                              for images in (renders, samples))
    lost = {name: of_renders[name] - of_samples[name] for name in of_renders}
    worst = max(lost, key=lost.get)
    return {"renders": sum(of_renders.values()) / len(lost), "samples": sum(of_samples.values()) / len(lost),
            "worst": f"{worst} {100 * lost[worst]:+.1f} points", "each": of_samples}


@torch.no_grad()
def read_shares(attributes: Attributes, images: torch.Tensor, table) -> dict[tuple[str, str], float]:
    """The share of pictures, uint8 [N, 3, H, W], in which each value of each attribute of a table is read."""
    counted: dict[tuple[str, str], float] = {}
    for part in images.split(100):
        reading = attributes(to_float(part))
        for attribute in table:
            values = reading[attribute.name]
            true = attribute.is_true(values if attribute.is_scale else values.argmax(1)).float().sum(0)
            for value, number in zip(attribute.values, true.tolist()):
                counted[attribute.name, value] = counted.get((attribute.name, value), 0.0) + number / len(images)
    return counted


def share_gaps(of_samples: dict, of_renders: dict) -> dict[str, float]:
    """The absolute difference of the shares, for every value of every attribute."""
    return {f"{name}={value}": abs(share - of_renders[name, value]) for (name, value), share in of_samples.items()}


def faces_found(images: torch.Tensor) -> float:
    """The share of pictures, uint8 [N, 3, H, W], in which dlib's frontal detector finds a face. Small pictures are doubled in size."""
    detector, doublings = dlib.get_frontal_face_detector(), int(images.shape[-1] < 256)
    return sum(len(detector(image.permute(1, 2, 0).contiguous().numpy(), doublings)) > 0 for image in images) / len(images)


class _Pooled(torch.nn.Module):
    """The last features of the perceptual network, averaged over the picture, for the Fréchet distance."""

    def __init__(self, perceptual: Perceptual):
        super().__init__()
        self.perceptual = perceptual
        self.num_features = perceptual.pooled(torch.zeros(1, 3, 64, 64)).shape[1]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.perceptual.pooled(to_float(image))


@torch.no_grad()
def frechet_distance(perceptual: Perceptual, a: torch.Tensor, b: torch.Tensor) -> float:
    """|m_a - m_b|² + tr(C_a + C_b - 2 (C_a C_b)^½) of the features' Gaussians (Heusel et al. 2017, eq. 6). uint8 [N, 3, H, W] each"""
    metric = FrechetInceptionDistance(feature=_Pooled(perceptual), normalize=False)
    for images, real in ((a, False), (b, True)):
        for part in images.split(100):
            metric.update(part, real=real)
    return float(metric.compute())


def inversion_psnr(generator: Generator, renders: Tensor, steps: int = 300, lr: float = 0.05) -> Tensor:
    """PSNR [N] in dB of renders, uint8 [N, 3, R, R], after optimising w_plus from the mean w by the pixel loss alone, with fixed noise."""
    return torch.cat([_inverted_psnr(generator, part, steps, lr) for part in renders.split(4)])


def _inverted_psnr(generator: Generator, renders: Tensor, steps: int, lr: float) -> Tensor:
    images = to_float(renders)
    w = generator.mapping.w_avg.expand(len(images), generator.num_ws, -1).clone().requires_grad_()
    optimizer = torch.optim.Adam([w], lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps, pct_start=0.1)
    for _ in range(steps):
        with fast(w.device):
            drawn = generator.synthesis(w)
        loss = F.mse_loss(drawn.float(), images) * len(images)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return psnr(to_bytes(generator.synthesis(w)), renders)


def discriminator_accuracy(samples: Tensor, renders: Tensor, steps: int, batch_size: int = 8) -> float:
    """The accuracy of a new discriminator on held-out pictures; one half means that it cannot tell them apart. uint8 [N, 3, R, R] each

    A fifth of both kinds is held out for the test.
    """
    rng, resolution, kept = torch.Generator().manual_seed(0), samples.shape[-1], len(samples) // 5
    torch.manual_seed(0)
    channels = {2**k: min(128, 4096 // 2**k) for k in range(2, resolution.bit_length())}
    discriminator = Discriminator(resolution, channels).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(discriminator.parameters(), 2e-3, betas=(0.0, 0.99))
    for _ in range(steps):
        index = torch.randint(kept, len(samples), (2, batch_size), generator=rng)
        with fast(torch.device("cpu")):
            logits = discriminator(to_float(renders[index[0]])), discriminator(to_float(samples[index[1]]))
        optimizer.zero_grad(set_to_none=True)
        discriminator_loss(*logits).backward()
        optimizer.step()
    with torch.no_grad():
        logits = [torch.cat([discriminator(to_float(part)) for part in images[:kept].split(BATCH)]) for images in (renders, samples)]
    return ((logits[0] > 0).float().mean().item() + (logits[1] < 0).float().mean().item()) / 2
