"""Trains the StyleGAN2 generator of the aligned world: `styleclip train generator`.

Three parts, one after the other, each of which can be stopped at any moment and goes on with the same command:

    copy      the synthesis network copies the render of every w (`copying`)
    mapping   the mapping network learns the w of every latent's portrait (`unfolding`)
    play      the synthesis network against a discriminator (`playing`)
"""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from ..networks.generator import Generator
from ..weights.domain import load_network
from .card import About, publish
from .copying import copy_renders
from .data import DataSettings, Portraits
from .embedding import OFFSET, Embedding
from .playing import play
from .quality import measure_generator
from .unfolding import set_mean_w, teach_mapping
from .worlds import ALIGNED, World, world_of

ABOUT = About(
    what="StyleGAN2: mapping network, modulated convolutions, skip connections, noise.",
    data="Renders of the aligned world. It first copies the render that belongs to each latent (`training/copying.py`), in pixels and "
         "in the differences between neighbouring pixels, and then plays against a discriminator of small patches; three quarters of "
         "every batch keep a render to resemble, in what is coarse and in texture. No other network takes part.",
    limits="It draws the world it has seen: heads up to 32 degrees to either side, one person, plain backgrounds.",
    trials={
        "what is compared": "PSNR of unseen portraits at 64 px after one CPU minute of copying (210 steps of 16 pictures, channels 128 to "
                            "64), averaged network",
        "Adam (0.004) / Muon (0.02) for convolutions": "14.5 / 16.3 dB, after 90 seconds, in a world of free framing",
        "Muon for convolutions / for affine layers too": "14.3 / 15.4 dB, 700 portraits",
        "pixels alone / and differences of neighbours": "14.4 / 14.3 dB, 700 portraits",
        "absolute differences / squares": "15.8 / 15.0 dB, 2,900 portraits from here on",
        "Muon's rate 0.01 / 0.02 / 0.04": "15.8 / 15.9 dB, and 15.8 / 14.8 dB with Adam's rate 0.004",
        "Adam's rate for the rest 0.004 / 0.01": "15.8 / 15.9 dB",
        "batches of 8 / 16 / 32": "15.6 / 15.8 / 14.9 dB",
        "affine layers' share 1 / 0.5 / 0.25 / 0.12": "15.9 / 16.5 / 17.3 / 17.4 dB",
        "mapping: 10,000 steps / and 1,000 of both networks copying together / 20,000 steps, two runs":
            "median 26.3 / 26.8 / 27.1 and 26.2 dB at 256 px from latents of 40 unseen portraits, where the w that was taught gives 29.2: "
            "what more steps bring is not settled",
        "texture, here and below with hair in single strands: Adam (0.0002) / Muon (0.002), without a discriminator":
            "amplitude of the Laplacian 0.585 of the renders', after 40 steps of 4 pictures 0.631 / 0.655; 16 unseen portraits from the w "
            "that was taught",
        "texture: noise of the last four layers 0 / 0.1 to begin with": "texture loss after 40 steps 0.054 / 0.064; before, 0.057 / 0.095",
        "texture: 60 steps with a discriminator, its weight 2, Muon (0.004)": "Laplacian 0.86, PSNR 27.2 dB (28.5 before)",
        "texture: Adam (0.002) for synthesis and mapping network": "the copying loss at 64 px rises in 100 steps from 0.07 to 0.2",
        "texture, hair in locks: 260 steps":
            "Laplacian 0.61 -> 0.84, PSNR 29.0 -> 27.8 dB, 24 unseen portraits from the w that was taught; outlines, glasses and wrinkles "
            "are crisp, hair has no locks. Without noise inputs, 12 of them: 0.83 instead of 0.85, and hair is smooth instead of grainy",
        "aligned / free framing (20 degrees, 8 %, sizes of 15 %)": "17.5 / 17.0 dB, 2,150 portraits of the finished world",
    })


@dataclass
class Settings:
    """Settings of the generator.

    run, data, domain   folders of the run, of the renders, and of the domain to add the network to
    count, first        how many renders in all, and how many before the first step; the others are drawn while it learns
    play_count          how many at least to play with, should copying have been done elsewhere
    copy_stages         copying renders: (resolution, steps, batch size) one after the other, the last at full size
    muon_lr, adam_lr    learning rates of copying: of convolutions and affine layers, and of everything else
    affine              size of the affine layers' first weights and of their learning rate, as a share of the usual
    detail              weight of the differences between neighbouring pixels beside the pixels themselves
    lower               weight of each lower resolution from 32 pixels up beside the full one
    softness            how far categories go towards others at most while copying; below 1/2
    mapping_steps, mapping_batch, mapping_lr  teaching the mapping network
    steps, batch_size   playing against the discriminator; three quarters of a batch have a render to compare with
    play_rate, d_lr     the learning rates while playing: of the generator, as a share of those of copying, and of the discriminator
    d_channels          of the discriminator's layers
    mixing              probability of mixing two latents
    adversarial, anchor, texture  weights while playing: of the discriminator's judgement, of copying what is coarse, of the texture
    average             half-life of the averaged generator, in pictures; shorter at first
    sheet_every         steps between two sheets of samples
    """

    run: Path = Path("runs/generator")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 24_000
    first: int = 2_000
    play_count: int = 4_000
    img_resolution: int = 256
    w_dim: int = 256
    num_mapping_layers: int = 5
    channels: dict[int, int] = field(default_factory=lambda: {4: 320, 8: 320, 16: 320, 32: 224, 64: 112, 128: 48, 256: 24})
    copy_stages: tuple[tuple[int, int, int], ...] = ((32, 2000, 16), (64, 4000, 16), (128, 2000, 16), (256, 3000, 12))
    muon_lr: float = 0.02
    adam_lr: float = 1e-2
    affine: float = 0.125
    detail: float = 1.0
    lower: float = 0.1
    softness: float = 0.35
    mapping_steps: int = 20_000
    mapping_batch: int = 512
    mapping_lr: float = 0.02
    steps: int = 500
    batch_size: int = 4
    play_rate: float = 0.2
    d_lr: float = 1e-3
    d_channels: tuple[int, int, int, int] = (32, 64, 128, 128)
    mixing: float = 0.9
    adversarial: float = 2.0
    anchor: float = 10.0
    texture: float = 10.0
    average: float = 6_000
    sheet_every: int = 100
    seed: int = 0


def train(settings: Settings, world: World = ALIGNED) -> dict:
    """Runs the three parts one after the other and adds the averaged generator to the domain. Returns the metrics."""
    s = settings
    torch.manual_seed(s.seed)
    config = config_of(s, world)
    generator = Generator(**config).to(memory_format=torch.channels_last)
    generator.mapping.w_avg.fill_(OFFSET)
    embedding = Embedding(world, s.w_dim, s.seed)
    portraits = Portraits(DataSettings(s.data, s.count, s.img_resolution, s.seed), world=world, wait=True)
    generator, seconds = copy_renders(generator, embedding, portraits, s)
    seconds += teach_mapping(generator.mapping.requires_grad_(True), embedding, s)
    portraits.render_up_to(s.play_count)
    generator, more = play(generator.requires_grad_(True), portraits, s)
    set_mean_w(generator.mapping)
    metrics = measure_generator(generator, s.domain, s.data, world)
    publish(generator, "generator", s, config, seconds + more, metrics, ABOUT)
    return metrics


def config_of(s: Settings, world: World) -> dict:
    """The sizes of the network, as `Generator` takes them."""
    return {"img_resolution": s.img_resolution, "z_dim": world.z_dim, "w_dim": s.w_dim, "num_mapping_layers": s.num_mapping_layers,
            "channels": s.channels}


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's generator."""
    generator = load_network(settings.domain, "generator", Generator).to(memory_format=torch.channels_last)
    return measure_generator(generator, settings.domain, settings.data, world_of(generator.img_resolution))
