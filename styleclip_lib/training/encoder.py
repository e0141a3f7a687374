"""Trains the encoder: `styleclip train encoder`."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from ..networks.encoder import Encoder
from ..networks.generator import Generator
from ..networks.identity import Identity
from ..networks.perceptual import Perceptual
from ..weights.domain import load_network
from .card import About, publish
from .data import DataSettings, Portraits, to_float
from .loop import Run, learning_rate, settings_of

ABOUT = About(
    what="From a picture to W+ in one step, as one w and a small offset for each layer; the start of every inversion.",
    data="Pictures drawn by the generator and rendered portraits; the w of both is known.",
    limits="Photographs lie outside of what it has seen: it finds a portrait of similar colours and pose.")


@dataclass
class Settings:
    """Settings of the encoder.

    run, data, domain    folders of the run, of the renders, and of the domain that holds the generator
    samples_each, renders_each  pictures in a batch: drawn by the generator, and rendered; the w of both is known
    lambda_w, lambda_l2, lambda_perceptual, lambda_id, lambda_delta  weights of the losses
    """

    run: Path = Path("runs/encoder")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 30_000
    widths: tuple[int, ...] = (16, 32, 64, 128, 192)
    steps: int = 2000
    samples_each: int = 12
    renders_each: int = 12
    lr: float = 1.5e-3
    lambda_w: float = 0.3
    lambda_l2: float = 1.0
    lambda_perceptual: float = 0.3
    lambda_id: float = 0.1
    lambda_delta: float = 0.02
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains, measures on held-out renders, adds the network to the domain. Returns the metrics."""
    s = settings
    torch.manual_seed(s.seed)
    generator = load_network(s.domain, "generator", Generator).to(memory_format=torch.channels_last)
    network = Encoder(generator.num_ws, generator.w_dim, s.widths).to(memory_format=torch.channels_last)
    network.w_avg.copy_(generator.mapping.w_avg)
    seconds = _fit(network, generator, s)
    metrics = measure(network, generator, s)
    config = {"num_ws": generator.num_ws, "w_dim": generator.w_dim, "widths": s.widths}
    publish(network, "encoder", s, config, seconds, metrics, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network."""
    encoder, generator = load_network(settings.domain, "encoder", Encoder), load_network(settings.domain, "generator", Generator)
    return measure(encoder, generator, settings)


def _fit(network: Encoder, generator: Generator, s: Settings) -> float:
    portraits = Portraits(DataSettings(s.data, s.count, generator.img_resolution))
    perceptual = load_network(s.domain, "perceptual", Perceptual).to(memory_format=torch.channels_last)
    identity = load_network(s.domain, "identity", Identity).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=s.lr, weight_decay=0.01)
    with Run(s.run, settings=settings_of(s), network=network, optimizer=optimizer) as run:
        for part in (generator, perceptual, identity):
            part.to(run.device)
        for step in run.steps(s.steps):
            rng = run.generator(s.seed)
            index = torch.randint(len(portraits), (s.renders_each,), generator=rng)
            z = torch.cat([torch.randn(s.samples_each, generator.z_dim, generator=rng), portraits.latents[index]]).to(run.device)
            with torch.no_grad(), run.autocast():
                w = generator.mapping.w(z)
                samples = generator.synthesis(w[: s.samples_each, None].expand(-1, generator.num_ws, -1)).float()
            images = torch.cat([samples, to_float(portraits.images(index)).to(run.device)])
            for group in optimizer.param_groups:
                group["lr"] = s.lr * learning_rate(step, s.steps)
            network.train()
            with run.autocast():
                base, offsets = (part.float() for part in network.parts(images))
                drawn = generator.synthesis(base[:, None] + offsets).float()
                likeness = perceptual(drawn, images).mean()
                same_person = 1 - (identity(drawn) * identity(images)).sum(1).mean()
            known = F.mse_loss(base, w)
            delta = offsets.norm(dim=2).mean()
            loss = (s.lambda_w * known + s.lambda_l2 * F.mse_loss(drawn, images) + s.lambda_perceptual * likeness
                    + s.lambda_id * same_person + s.lambda_delta * delta)
            run.update(loss, optimizer)
            run.log(loss=loss, w=known, perceptual=likeness, delta=delta)
            if step % 500 == 0:
                run.sheet("encoder", torch.cat([images[-16:], drawn.detach()[-16:]]).cpu())
    network.eval()
    generator.cpu()
    return run.seconds


@torch.no_grad()
def measure(network: Encoder, generator: Generator, s: Settings) -> dict:
    """PSNR of 200 held-out renders after encoding and drawing again, in dB (pixels in [0, 1])."""
    portraits = Portraits(DataSettings(s.data, 1000, generator.img_resolution, seed=1))
    images = to_float(portraits.images(torch.arange(200)))
    drawn = torch.cat([generator.synthesis(network(part)) for part in images.split(50)])
    psnr = -10 * torch.log10(((drawn.clamp(-1, 1) - images) / 2).square().mean((1, 2, 3)))
    return {"median psnr of renders (dB)": round(psnr.median().item(), 2)}
