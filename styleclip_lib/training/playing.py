"""The generator against a discriminator (Goodfellow et al. 2014), as StyleGAN2 trains it, after it has learnt to copy renders.

What copying leaves open (single strands, the last sharpness of an edge) and what no render asks for (mixed latents) is taught
here. Half of every batch still has a render to resemble, so that a latent keeps its portrait.
"""

import copy

import torch
from torch import Tensor

from ..networks.discriminator import Discriminator
from ..networks.generator import Generator
from .adversarial import PathLength, discriminator_loss, generator_loss, mix_styles, r1_penalty, update_average
from .copying import batch, copy_loss, repeated
from .data import Portraits
from .loop import Run, settings_of

KEPT = ("img_resolution", "w_dim", "num_mapping_layers", "channels", "d_channels", "count", "steps", "batch_size", "lr", "r1_gamma",
        "r1_every", "path_weight", "path_every", "mixing", "anchor", "detail", "average", "seed")
"""The settings that a run keeps when it goes on."""


def play(generator: Generator, portraits: Portraits, s) -> tuple[Generator, float]:
    """Adversarial training. s = `generator.Settings`. Returns the averaged generator and the seconds it took."""
    average = copy.deepcopy(generator).requires_grad_(False)
    discriminator = Discriminator(s.img_resolution, s.d_channels).to(memory_format=torch.channels_last)
    path_length = PathLength()
    g_optimizer = lazy_adam(generator, s.lr, s.path_every)
    d_optimizer = lazy_adam(discriminator, s.lr, s.r1_every)
    with Run(s.run / "play", settings=settings_of(s, *KEPT), generator=generator, average=average, discriminator=discriminator,
             g_optimizer=g_optimizer, d_optimizer=d_optimizer, path_length=path_length) as run:
        for step in run.steps(s.steps):
            rng = run.generator(s.seed + 1)
            real = batch(portraits, s.batch_size, s.img_resolution, rng)[1].to(run.device)
            d_loss = _discriminator_step(generator, discriminator, d_optimizer, run, real, rng, s)
            if step % s.r1_every == 0:
                run.update(s.r1_gamma / 2 * s.r1_every * r1_penalty(discriminator, real), d_optimizer)
            g_loss, copied = _generator_step(generator, discriminator, g_optimizer, run, portraits, rng, s)
            if step % s.path_every == 0:
                path_step(generator, g_optimizer, run, path_length, rng, s)
            update_average(average, generator, 0.5 ** (s.batch_size / s.average))
            run.log(d_loss=d_loss, g_loss=g_loss, copied=copied, path=path_length.mean)
            if step % s.sheet_every == 0:
                run.sheet("play", samples(average))
    return average, run.seconds


def lazy_adam(network, lr: float, every: int) -> torch.optim.Adam:
    """Lazy regularisation: fewer steps with a penalty, so a little less momentum (Karras et al. 2020, appendix B)."""
    ratio = every / (every + 1)
    return torch.optim.Adam(network.parameters(), lr=lr * ratio, betas=(0.0, 0.99**ratio))


def _discriminator_step(generator, discriminator, optimizer, run, real, rng, s) -> float:
    z = torch.randn(s.batch_size, generator.z_dim, generator=rng).to(run.device)
    with torch.no_grad(), run.autocast():
        fake = generator.synthesis(mix_styles(generator.mapping, z, s.mixing, rng), noise_mode="random")
    with run.autocast():
        loss = discriminator_loss(discriminator(real), discriminator(fake))
    run.update(loss, optimizer)
    return loss.item()


def _generator_step(generator, discriminator, optimizer, run, portraits, rng, s) -> tuple[float, float]:
    """Half of the pictures are drawn from fresh latents, the other half also have a render to resemble."""
    half = s.batch_size // 2
    index, renders = batch(portraits, half, s.img_resolution, rng)
    known = generator.mapping.w(portraits.latents[index].to(run.device))
    fresh = torch.randn(s.batch_size - half, generator.z_dim, generator=rng).to(run.device)
    w_plus = torch.cat([repeated(generator, known), mix_styles(generator.mapping, fresh, s.mixing, rng)])
    discriminator.requires_grad_(False)
    with run.autocast():
        images = generator.synthesis(w_plus, noise_mode="random")
        logits = discriminator(images)
    copied = copy_loss(images[:half], renders.to(run.device), s.detail)
    loss = generator_loss(logits)
    run.update(loss + s.anchor * copied, optimizer)
    discriminator.requires_grad_(True)
    return loss.item(), copied.item()


def path_step(generator, optimizer, run, path_length, rng, s) -> None:
    z = torch.randn(max(2, s.batch_size // 2), generator.z_dim, generator=rng).to(run.device)
    w_plus = mix_styles(generator.mapping, z, s.mixing, rng)
    with run.autocast():
        images = generator.synthesis(w_plus, noise_mode="random")
    run.update(s.path_weight * s.path_every * path_length(images, w_plus), optimizer)


@torch.no_grad()
def samples(generator: Generator) -> Tensor:
    """The upper half as they come, the lower half truncated."""
    z = torch.randn(24, generator.z_dim, generator=torch.Generator().manual_seed(7)).to(generator.mapping.w_avg.device)
    return torch.cat([generator(z), generator(z, truncation_psi=0.7)]).float().cpu()
