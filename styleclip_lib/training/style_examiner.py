"""Trains the network that judges styles for measuring only: `styleclip train style_examiner`."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from ..networks.resampling import resized
from ..networks.style_examiner import KINDS, PLAIN, StyleExaminer
from ..portraits.language.scene_captions import SCENE_STYLES
from ..portraits.styles.scenes import render_scenes, sample_scenes
from ..portraits.styles.styles import apply_style
from ..weights.domain import load_network
from .card import About, publish
from .data import DataSettings, Portraits, pictures
from .degrade import degrade
from .loop import Run, learn
from .worlds import ALIGNED

ABOUT = About(
    what="Recognises in which of the world's styles a picture is drawn, if any. It only measures: no network is trained with it, and no "
         "search uses it. It is a small ConvNeXt; CLIP, which the searches use, is a ResNet and is not trained on the same pictures.",
    data="Aligned portraits and scenes from seeds of their own, in every style of `portraits/styles` and plain; blurred, downsampled, "
         "recoloured, noisy, compressed. A third of the plain pictures have random colours, so that a palette alone is not a style.",
    limits="It knows only these styles: for any other it gives the most similar one.")


@dataclass
class Settings:
    """Settings of the style examiner.

    run      folder of checkpoints and logs
    data     folder of the rendered portraits
    domain   the domain to which the network is added at the end
    count    number of portraits to train on
    scenes   the share of scenes among the pictures
    steps    number of batches
    batch_size  pictures in a batch, each in a random style
    adam_lr  peak learning rate of AdamW
    strength of the degradations
    size     side in pixels at which styles are drawn;  input_size: the side to which pictures are resized for the network
    tested   number of pictures of every class for measuring
    seed     draws weights, batches, styles; portraits have seeds of their own
    """

    run: Path = Path("runs/style_examiner")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 4000
    scenes: float = 0.4
    steps: int = 1500
    batch_size: int = 32
    adam_lr: float = 2e-3
    strength: float = 0.5
    widths: tuple[int, ...] = (32, 64, 128)
    depths: tuple[int, ...] = (1, 2, 2)
    size: int = 256
    input_size: int = 128
    tested: int = 20
    seed: int = 0


LEARNT, TESTED = 5201, 5202
"""Seeds of portraits and scenes."""


def train(settings: Settings) -> dict:
    """Trains, measures on held-out pictures, and adds the network to the domain. Returns the metrics."""
    torch.manual_seed(settings.seed)
    network = StyleExaminer(settings.widths, settings.depths, settings.input_size).to(memory_format=torch.channels_last)
    seconds = fit(network, settings)
    metrics = measure(network, settings)
    config = {"widths": settings.widths, "depths": settings.depths, "input_size": settings.input_size}
    publish(network, "style_examiner", settings, config, seconds, metrics, ABOUT)
    return metrics


def fit(network: StyleExaminer, s: Settings) -> float:
    """Trains the network on pictures in random styles. Returns the seconds that it took."""
    portraits = Portraits(DataSettings(s.data, s.count, s.size, LEARNT), world=ALIGNED)

    def loss(run: Run, rng: torch.Generator) -> torch.Tensor:
        images, kinds = batch(portraits, s, rng)
        with run.autocast():
            logits = network(images.to(run.device)).cpu()
        return F.cross_entropy(logits, kinds)

    return learn(network, {"adam": torch.optim.AdamW(network.parameters(), lr=s.adam_lr, weight_decay=0.05)}, s, loss)


def batch(portraits: Portraits, s: Settings, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Degraded pictures in random styles, [N, 3, input_size, input_size], and the index of each one's class, [N]."""
    count = round(s.scenes * s.batch_size)
    index = torch.randint(len(portraits), (s.batch_size - count,), generator=rng)
    seed = int(torch.randint(2**31, (1,), generator=rng))
    plain = torch.cat([pictures(portraits, index, s.size), render_scenes(sample_scenes(count, seed), s.size)])
    kinds = torch.randint(len(KINDS), (s.batch_size,), generator=rng)
    of_day = [number for number, kind in enumerate(KINDS) if kind != PLAIN and kind not in SCENE_STYLES]
    times = torch.isin(kinds, torch.tensor(of_day)) & (torch.arange(s.batch_size) >= s.batch_size - count)
    kinds[times] = 0  # for a scene, night is a time of day and not a style
    styled = torch.cat([in_kind(plain[number][None], KINDS[kind], seed + number) for number, kind in enumerate(kinds.tolist())])
    foreign = (kinds == 0) & (torch.rand(s.batch_size, generator=rng) < 1 / 3)
    styled[foreign] = recolored(styled[foreign], rng)
    return degrade(resized(styled, s.input_size), rng, s.strength), kinds


def in_kind(images: torch.Tensor, kind: str, seed: int) -> torch.Tensor:
    """Pictures [N, 3, H, W] in a style, or plain."""
    return images if kind == PLAIN else apply_style(images, kind, seed)


def recolored(images: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Pictures whose colours are mixed at random: a palette without a style. [N, 3, H, W] -> the same shape"""
    mix = torch.eye(3) + 0.6 * torch.randn(len(images), 3, 3, generator=rng)
    return (torch.einsum("nij,njhw->nihw", mix, images) + 0.3 * torch.randn(len(images), 3, 1, 1, generator=rng)).clamp(-1, 1)


@torch.no_grad()
def measure(network: StyleExaminer, s: Settings) -> dict:
    """The accuracy of each class, on held-out portraits and scenes."""
    portraits = Portraits(DataSettings(s.data, s.tested, s.size, TESTED), world=ALIGNED)
    plain = {"portraits": pictures(portraits, torch.arange(s.tested), s.size),
             "scenes": render_scenes(sample_scenes(s.tested, TESTED), s.size)}
    result = {}
    for what, images in plain.items():
        kinds = [kind for kind in KINDS if what == "portraits" or kind in (PLAIN, *SCENE_STYLES)]
        right = {kind: (network(in_kind(images, kind, 1)).argmax(1) == KINDS.index(kind)).float().mean().item() for kind in kinds}
        result[what] = {"mean accuracy": round(sum(right.values()) / len(right), 4), **{kind: round(x, 3) for kind, x in right.items()}}
    return result


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network."""
    return measure(load_network(settings.domain, "style_examiner", StyleExaminer), settings)
