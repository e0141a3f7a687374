"""Trains the StyleGAN2 generator of the portraits domain: `styleclip train generator`."""

import copy
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F

from ..networks.attributes import Attributes
from ..networks.discriminator import Discriminator
from ..networks.generator import Generator
from ..networks.perceptual import Perceptual
from ..portraits.world.factors import Factors
from ..portraits.world.latents import Z_DIM
from ..weights.domain import load_network
from .adversarial import PathLength, discriminator_loss, generator_loss, mix_styles, r1_penalty, update_average
from .card import About, publish
from .coding import attribute_loss
from .data import DataSettings, Portraits, to_float
from .loop import Run
from .quality import measure_generator
from .warm_start import center_styles, copy_loss, teach_mapping

ABOUT = About(
    what="StyleGAN2: mapping network, modulated convolutions, skip connections, noise.",
    data="Rendered portraits. It first copies the render that belongs to each latent (`training/warm_start.py`), in pixels, "
         "in perceptual features and in what the attributes network reads, and then plays against a discriminator; half of "
         "every batch keeps a render to resemble.",
    limits="It draws the world it has seen: heads up to 32 degrees to either side, one person, plain backgrounds. Small "
           "things (freckles, wrinkles, single strands) are its weakest. The shares above are read by the attributes network "
           "that it learnt from.")


@dataclass
class Settings:
    """Settings of the generator.

    run, data, domain   folders of the run, of the renders, and of the domain to add the network to
    count               how many renders
    copy_stages         copying renders: (resolution, steps, learning rate) one after the other, the last at full size
    steps               playing against the discriminator
    batch_size          pictures in a batch
    lr                  Adam's learning rate in the adversarial part (betas 0 and 0.99)
    r1_gamma, r1_every  R1 regularisation
    path_weight, path_every  path length regularisation
    mixing              probability of mixing two latents
    perceptual          weight of the perceptual distance beside the mean absolute difference, at full size
    reading             weight of reading the attributes from copies (the domain's attributes network), at full size
    anchor              weight of the copying loss while playing; half of a batch has a render to compare with
    average             half-life of the averaged generator, in pictures
    """

    run: Path = Path("runs/generator")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 30_000
    img_resolution: int = 128
    w_dim: int = 192
    num_mapping_layers: int = 5
    channels: dict[int, int] = field(default_factory=lambda: {4: 128, 8: 128, 16: 128, 32: 96, 64: 64, 128: 32})
    d_channels: dict[int, int] = field(default_factory=lambda: {4: 128, 8: 128, 16: 128, 32: 64, 64: 32, 128: 16})
    mapping_steps: int = 5000
    copy_stages: tuple[tuple[int, int, float], ...] = ((32, 6000, 1e-2), (64, 3000, 6e-3), (128, 9600, 4e-3))
    steps: int = 600
    batch_size: int = 16
    lr: float = 1e-3
    r1_gamma: float = 3.0
    r1_every: int = 16
    path_weight: float = 2.0
    path_every: int = 8
    mixing: float = 0.9
    perceptual: float = 0.1
    reading: float = 0.1
    anchor: float = 5.0
    average: float = 6_000
    seed: int = 0


def train(settings: Settings) -> dict:
    """Runs the three parts one after the other and adds the averaged generator to the domain. Returns the metrics."""
    torch.manual_seed(settings.seed)
    portraits = Portraits(DataSettings(settings.data, settings.count, settings.img_resolution))
    config = {"img_resolution": settings.img_resolution, "z_dim": Z_DIM, "w_dim": settings.w_dim,
              "num_mapping_layers": settings.num_mapping_layers, "channels": settings.channels}
    generator = Generator(**config).to(memory_format=torch.channels_last)
    likeness = Likeness(settings)
    average, seconds = _copy_renders(generator, likeness, portraits, settings)
    seconds += _play(generator, average, likeness, portraits, settings)
    _set_mean_w(average)
    held_out = Portraits(DataSettings(settings.data, 1000, settings.img_resolution, seed=1))
    metrics = measure_generator(average, settings.domain, portraits, held_out)
    publish(average, "generator", settings, config, seconds, metrics, ABOUT)
    return metrics


class Likeness(torch.nn.Module):
    """How far a copy is from its render: pixels, perceptual features, and what can be read from it."""

    def __init__(self, s: Settings):
        super().__init__()
        self.perceptual = load_network(s.domain, "perceptual", Perceptual).to(memory_format=torch.channels_last)
        self.attributes = load_network(s.domain, "attributes", Attributes).to(memory_format=torch.channels_last)
        self.weights = {"perceptual": s.perceptual, "reading": s.reading}

    def forward(self, images: torch.Tensor, renders: torch.Tensor, factors: Factors) -> torch.Tensor:
        """images, renders [B, 3, R, R] at full size, factors of the renders -> a number"""
        loss = copy_loss(self.perceptual, images, renders, self.weights["perceptual"])
        with torch.autocast(images.device.type, torch.bfloat16):
            code = self.attributes.code(images).cpu()
        return loss + self.weights["reading"] * attribute_loss(code, factors, focus=1.0).to(loss.device)


def _copy_renders(generator, likeness, portraits, s: Settings):
    """The running start, from small pictures to full size. Returns the averaged generator and the seconds it took."""
    average = copy.deepcopy(generator).requires_grad_(False)
    optimizer = torch.optim.Adam(generator.parameters(), lr=1e-2, betas=(0.9, 0.99))
    with Run(s.run / "copy", generator=generator, average=average, optimizer=optimizer) as run:
        if run.step == 0:
            missing = teach_mapping(generator.mapping.cpu(), s.mapping_steps, seed=s.seed)
            generator.to(run.device)
            print(f"mapping network: {missing:.3f} of the factors' variance is not linear in w")
            center_styles(generator)
            average.load_state_dict(generator.state_dict())
        likeness.to(run.device)
        for step in run.steps(sum(steps for _, steps, _ in s.copy_stages)):
            z, renders, factors = _batch(portraits, s.batch_size, run.generator(s.seed), run.device)
            resolution, rate = _stage(step, s.copy_stages)
            stop_at = resolution if resolution < s.img_resolution else None
            if stop_at:
                renders = F.interpolate(renders, size=(stop_at, stop_at), mode="area")
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, (step + 1) / 100)
            with run.autocast():
                images = generator(z, noise_mode="random", stop_at=stop_at)
            loss = F.l1_loss(images.float(), renders) if stop_at else likeness(images, renders, factors)
            run.update(loss, optimizer)
            update_average(average, generator, 0.5 ** (s.batch_size / s.average))
            run.log(loss=loss)
            if step % 500 == 0:
                run.sheet("copy", _samples(average, stop_at))
    return average, run.seconds


def _stage(step: int, stages) -> tuple[int, float]:
    """The resolution and the learning rate of a step; within a stage the rate falls to a third."""
    for resolution, steps, rate in stages:
        if step < steps:
            return resolution, rate * (1 - 0.67 * step / steps)
        step -= steps
    return stages[-1][0], stages[-1][2] / 3


def _play(generator, average, likeness, portraits, s: Settings):
    """Adversarial training; moves `average` along. Returns the seconds it took."""
    discriminator = Discriminator(s.img_resolution, s.d_channels).to(memory_format=torch.channels_last)
    path_length = PathLength()
    # Lazy regularisation: fewer steps with a penalty, so a little less momentum (Karras et al. 2020, appendix B).
    g_ratio, d_ratio = s.path_every / (s.path_every + 1), s.r1_every / (s.r1_every + 1)
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=s.lr * g_ratio, betas=(0.0, 0.99**g_ratio))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=s.lr * d_ratio, betas=(0.0, 0.99**d_ratio))
    with Run(s.run / "play", generator=generator, average=average, discriminator=discriminator, g_optimizer=g_optimizer,
             d_optimizer=d_optimizer, path_length=path_length) as run:
        likeness.to(run.device)
        for step in run.steps(s.steps):
            rng = run.generator(s.seed + 1)
            _, real, _ = _batch(portraits, s.batch_size, rng, run.device)
            d_loss = _discriminator_step(generator, discriminator, d_optimizer, run, real, rng, s)
            if step % s.r1_every == 0:
                _r1_step(discriminator, d_optimizer, run, real, s)
            g_loss, copied = _generator_step(generator, discriminator, g_optimizer, run, likeness, portraits, rng, s)
            if step % s.path_every == 0:
                _path_step(generator, g_optimizer, run, path_length, rng, s)
            update_average(average, generator, 0.5 ** (s.batch_size / s.average))
            run.log(d_loss=d_loss, g_loss=g_loss, copied=copied, path=path_length.mean)
            if step % 500 == 0:
                run.sheet("play", _samples(average))
    return run.seconds


def _batch(portraits: Portraits, size: int, rng, device):
    index = torch.randint(len(portraits), (size,), generator=rng)
    return portraits.latents[index].to(device), to_float(portraits.images(index)).to(device), portraits.factors[index]


def _discriminator_step(generator, discriminator, optimizer, run, real, rng, s):
    z = torch.randn(s.batch_size, Z_DIM, generator=rng).to(run.device)
    with torch.no_grad(), run.autocast():
        fake = generator.synthesis(mix_styles(generator.mapping, z, s.mixing, rng), noise_mode="random")
    with run.autocast():
        loss = discriminator_loss(discriminator(real), discriminator(fake))
    run.update(loss, optimizer)
    return loss.item()


def _r1_step(discriminator, optimizer, run, real, s):
    run.update(s.r1_gamma / 2 * s.r1_every * r1_penalty(discriminator, real), optimizer)


def _generator_step(generator, discriminator, optimizer, run, likeness, portraits, rng, s):
    """Half of the pictures are mixed from fresh latents, the other half also have a render to resemble."""
    half = s.batch_size // 2
    z, renders, factors = _batch(portraits, half, rng, run.device)
    fresh = torch.randn(s.batch_size - half, Z_DIM, generator=rng).to(run.device)
    w_plus = torch.cat([generator.mapping(z), mix_styles(generator.mapping, fresh, s.mixing, rng)])
    discriminator.requires_grad_(False)
    with run.autocast():
        images = generator.synthesis(w_plus, noise_mode="random")
        logits = discriminator(images)
    copied = likeness(images[:half], renders, factors)
    loss = generator_loss(logits)
    run.update(loss + s.anchor * copied, optimizer)
    discriminator.requires_grad_(True)
    return loss.item(), copied.item()


def _path_step(generator, optimizer, run, path_length, rng, s):
    z = torch.randn(max(2, s.batch_size // 2), Z_DIM, generator=rng).to(run.device)
    w_plus = mix_styles(generator.mapping, z, s.mixing, rng)
    with run.autocast():
        images = generator.synthesis(w_plus, noise_mode="random")
    run.update(s.path_weight * s.path_every * path_length(images, w_plus), optimizer)


@torch.no_grad()
def _samples(generator, stop_at=None):
    z = torch.randn(48, Z_DIM, generator=torch.Generator().manual_seed(7)).to(generator.mapping.w_avg.device)
    with torch.autocast(z.device.type, torch.bfloat16):
        return generator(z, stop_at=stop_at).float().cpu()


@torch.no_grad()
def _set_mean_w(generator, count: int = 20_000):
    """The mean w towards which truncation moves, exactly instead of as a running mean."""
    z = torch.randn(count, Z_DIM, generator=torch.Generator().manual_seed(11))
    generator.mapping.w_avg.copy_(generator.mapping.w(z).mean(0))
