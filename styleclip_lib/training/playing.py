"""The generator against a discriminator (Goodfellow et al. 2014), after it has learnt to copy renders.

Copying in pixels leaves fine texture open: where a stitch or a strand lies cannot be told from w to the pixel, and the mean of all places
is a blur. So what is coarse is still copied, of what is fine only the texture is asked for (`texture`), and a discriminator of small
patches judges whether it looks real. Mixed latents, of which there is no render, are judged by it alone. Mixing and the averaged
generator are StyleGAN2's; its path length regularisation is left out, and the mapping network stays as it is: W was taught to be straight.
"""

import copy

import torch
from torch import Tensor

from ..networks.generator import Generator
from ..networks.patch_discriminator import PatchDiscriminator
from .adversarial import discriminator_loss, generator_loss, mix_styles, update_average
from .copying import average_decay, batch, copy_loss, optimizers_of, repeated, shrunk
from .data import Portraits
from .loop import Run, learning_rate, set_rates, settings_of
from .texture import texture_loss

KEPT = ("img_resolution", "w_dim", "num_mapping_layers", "channels", "affine", "d_channels", "count", "steps", "batch_size", "play_rate",
        "d_lr", "mixing", "adversarial", "anchor", "texture", "detail", "average", "seed")
"""The settings that a run keeps when it goes on."""

COARSE = 4
"""How many times smaller pictures are when they are copied."""


def play(generator: Generator, portraits: Portraits, s) -> tuple[Generator, float]:
    """Adversarial training. s = `generator.Settings`. Returns the averaged generator and the seconds it took."""
    average = copy.deepcopy(generator).requires_grad_(False)
    discriminator = PatchDiscriminator(s.d_channels).to(memory_format=torch.channels_last)
    generator.mapping.requires_grad_(False)
    optimizers = optimizers_of(generator, s)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), s.d_lr, betas=(0.5, 0.99))
    with Run(s.run / "play", settings=settings_of(s, *KEPT), generator=generator, average=average, discriminator=discriminator,
             d_optimizer=d_optimizer, **optimizers) as run:
        for step in run.steps(s.steps):
            rng = run.generator(s.seed + 1)
            set_rates(optimizers, s, s.play_rate * learning_rate(step, s.steps))
            index, renders = batch(portraits, s.batch_size - s.batch_size // 4, s.img_resolution, rng)
            renders = renders.to(run.device)
            images = _drawn(generator, portraits.latents[index], run, rng, s)
            losses = _generator_step(images, renders, discriminator, optimizers, run, s)
            losses["d_loss"] = _discriminator_step(images.detach(), renders, discriminator, d_optimizer, run)
            update_average(average, generator, average_decay(s.batch_size, step * s.batch_size, s.average))
            run.log(**losses)
            if step % s.sheet_every == 0:
                run.sheet("play", samples(average))
    return average, run.seconds


def _drawn(generator: Generator, latents: Tensor, run: Run, rng: torch.Generator, s) -> Tensor:
    """The pictures of latents that have a render, and a quarter of the batch of fresh, mixed ones."""
    fresh = torch.randn(s.batch_size // 4, generator.z_dim, generator=rng).to(run.device)
    known = repeated(generator, generator.mapping.w(latents.to(run.device)))
    with run.autocast():
        return generator.synthesis(torch.cat([known, mix_styles(generator.mapping, fresh, s.mixing, rng)]), noise_mode="random").float()


def _generator_step(images: Tensor, renders: Tensor, discriminator, optimizers, run: Run, s) -> dict[str, float]:
    discriminator.requires_grad_(False)
    with run.autocast():
        logits = discriminator(images)
    like, size = images[:len(renders)], images.shape[-1] // COARSE
    parts = {"g_loss": generator_loss(logits), "copied": copy_loss(shrunk(like, size), shrunk(renders, size), s.detail),
             "texture": texture_loss(like, renders)}
    run.update(s.adversarial * parts["g_loss"] + s.anchor * parts["copied"] + s.texture * parts["texture"], *optimizers.values())
    discriminator.requires_grad_(True)
    return {name: loss.item() for name, loss in parts.items()}


def _discriminator_step(images: Tensor, renders: Tensor, discriminator, optimizer, run: Run) -> float:
    """The drawn pictures are those of the generator's step: its own change since then is small."""
    with run.autocast():
        loss = discriminator_loss(discriminator(renders), discriminator(images))
    run.update(loss, optimizer)
    return loss.item()


@torch.no_grad()
def samples(generator: Generator) -> Tensor:
    """The upper half as they come, the lower half truncated."""
    z = torch.randn(24, generator.z_dim, generator=torch.Generator().manual_seed(7)).to(generator.mapping.w_avg.device)
    return torch.cat([generator(z), generator(z, truncation_psi=0.7)]).float().cpu()
