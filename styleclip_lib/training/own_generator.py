"""Trains a StyleGAN2 on a user's own pictures: `styleclip train generator --data FOLDER`.

From scratch, or by transfer from a domain's generator (Wang et al. 2018), with adaptive augmentation (`ada`) and, if the domain has a
discriminator, optionally with its finest layers frozen (Mo et al. 2020, "Freeze the discriminator").
"""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import tyro

from ..errors import StyleclipError
from ..models import load_models
from ..networks.discriminator import Discriminator
from ..networks.generator import Generator
from ..paths import check_new_folder
from ..photos.datasets.manifest import read_facts
from ..processes import this_process
from ..weights.domain import INDEX, find_domain, load_network, read_index, save_network
from ..weights.new_domain import generator_config, like_of, new_domain, usual_like
from .ada import AdaptiveP, augmented
from .adversarial import PathLength, discriminator_loss, generator_loss, mix_styles, r1_penalty, update_average
from .card import About, making, write_card
from .copying import average_decay
from .data import to_float
from .loop import Run, settings_of
from .pictures import LEARNT, Pictures
from .playing import samples
from .quality import frechet_distance, pictures_of
from .table import LossTable
from .unfolding import set_mean_w

ABOUT = About(
    what="StyleGAN2: mapping network, modulated convolutions, skip connections, noise.",
    data="The data set of a user's own pictures whose manifest has the SHA-256 given in `domain.json`. A discriminator learnt to tell them "
         "from generated pictures, both with adaptive augmentation (`training/ada.py`).",
    limits="It reproduces what is in the pictures, as often as it is in them. Everybody in them must agree to that, and to its purpose.")

FREE = ("steps", "snapshot_every", "table_every")
"""Settings that may change when a run resumes."""


@dataclass
class Settings:
    """Settings of a generator that is trained on a data set (styleclip dataset). An interrupted run resumes.

    run, data, domain   folders of the run, of the data set, and of the domain to make
    start               --from: the domain whose generator is trained further (transfer learning), such as portraits; by default a new one
    like                the domain whose other networks (CLIP, identity, ...) the new one uses; by default those that --from uses, or those
                        that suit the resolution
    channel_base, channel_max  of a new generator: base / resolution channels at each resolution, and the maximum
    z_dim, w_dim, num_mapping_layers  of a new generator
    steps, batch_size, lr  Adam with betas 0 and 0.99
    r1_gamma, r1_every  R1 regularisation;  path_weight, path_every: path length regularisation;  mixing: probability of style mixing
    ada, ada_target, ada_speed  whether to augment; the target for the mean of sign(D) on real pictures; pictures in which p rises from 0
                        to 1
    mirror              whether to use every picture mirrored, too
    freeze_d            number of the discriminator's finest resolutions that are not trained, if --from has a discriminator
    d_first             steps in which only the discriminator is trained, so that a new one does not spoil a trained generator; by default
                        100 if --from has no discriminator
    average             half-life of the generator's EMA, in pictures; shorter at first
    snapshot_every      steps between two snapshots, each a domain of its own in RUN/snapshots, with its Fréchet distance
    frechet_pictures    number of generated and of real pictures that are compared
    table_every         steps between two tables of losses
    """

    run: Path = Path("runs/own_generator")
    data: Path = Path("runs/set")
    domain: Path = Path("runs/own_domain")
    start: Annotated[str | None, tyro.conf.arg(name="from", metavar="DOMAIN")] = None
    like: str | None = None
    channel_base: int = 8192
    channel_max: int = 256
    z_dim: int = 256
    w_dim: int = 256
    num_mapping_layers: int = 2
    steps: int = 25_000
    batch_size: int = 8
    lr: float = 2e-3
    r1_gamma: float = 1.0
    r1_every: int = 16
    path_weight: float = 2.0
    path_every: int = 8
    mixing: float = 0.9
    ada: bool = True
    ada_target: float = 0.6
    ada_speed: float = 500_000
    mirror: bool = False
    freeze_d: int = 0
    d_first: int | None = None
    average: float = 2_500
    snapshot_every: int = 500
    frechet_pictures: int = 500
    table_every: int = 50
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains, measures, and makes a domain with the EMA generator and the discriminator. Returns the metrics.

    Raises StyleclipError if the domain's folder is in use, or if start, pictures and settings do not fit together.
    """
    s = settings
    _check_domain(s)
    torch.manual_seed(s.seed)
    generator, discriminator, is_new = _networks(s)
    pictures = Pictures(s.data, generator.img_resolution, LEARNT, least=max(s.batch_size, 4))
    like = s.like or (like_of(s.start) if s.start else usual_like(generator.img_resolution))
    if s.like:
        find_domain(s.like)
    judge = _Frechet(like, pictures, s.frechet_pictures)
    average, seconds = _fit(generator, discriminator, is_new, pictures, judge, like, s)
    set_mean_w(average.mapping)
    metrics = {"pictures": len(pictures), **judge.measured(average)}
    if this_process().is_main_process:
        _publish(average, discriminator, like, s, seconds, metrics)
    return metrics


def _check_domain(s: Settings) -> None:
    """Raises StyleclipError if the domain's folder is in use by anything but a domain made earlier from the same data set."""
    if not _made_before(s):
        check_new_folder(s.domain)


def _made_before(s: Settings) -> bool:
    """Whether the domain exists and was made from the same data set, so that it may be made again."""
    there = (s.domain / INDEX).exists() and read_index(s.domain)
    return bool(there) and there.get("data_set", {}).get("manifest") == read_facts(s.data).manifest


def _networks(s: Settings) -> tuple[Generator, Discriminator, bool]:
    """The initial generator and discriminator, and whether the discriminator is new."""
    if s.start is None:
        if s.freeze_d:
            raise StyleclipError("--freeze-d needs a trained discriminator: give --from a domain that has one, or leave it out.")
        size = read_facts(s.data).size
        channels = {2**k: max(1, min(s.channel_base // 2**k, s.channel_max)) for k in range(2, size.bit_length())}
        if size & (size - 1):
            raise StyleclipError(f"The pictures have {size} pixels a side, but a new generator needs a power of two: "
                                 f"make the data set again with --size {2 ** (size.bit_length() - 1)}.")
        generator = Generator(size, s.z_dim, s.w_dim, s.num_mapping_layers, channels)
    else:
        generator = load_models(s.start, "cpu", only=("generator",)).generator.requires_grad_(True)
    generator = generator.to(memory_format=torch.channels_last)
    home = None if s.start is None else find_domain(s.start)
    if home is not None and "discriminator" in read_index(home)["files"]:
        discriminator = load_network(home, "discriminator", Discriminator).requires_grad_(True)
        if discriminator.img_resolution != generator.img_resolution or s.freeze_d >= len(discriminator.resolutions):
            raise StyleclipError(f"The discriminator of '{s.start}' has {len(discriminator.resolutions)} resolutions: "
                                 f"--freeze-d must be less, not {s.freeze_d}.")
        return generator, discriminator.to(memory_format=torch.channels_last), False
    if s.freeze_d:
        raise StyleclipError(f"The domain '{s.start}' has no discriminator whose layers could be frozen: leave --freeze-d out.")
    return generator, Discriminator(generator.img_resolution, generator.channels).to(memory_format=torch.channels_last), True


def _fit(generator: Generator, discriminator: Discriminator, is_new: bool, pictures: Pictures, judge, like: str,
         s: Settings) -> tuple[Generator, float]:
    average = copy.deepcopy(generator).requires_grad_(False)
    d_first = s.d_first if s.d_first is not None else 100 if s.start and is_new else 0
    frozen = [f"b{r}." for r in discriminator.resolutions[: s.freeze_d]]
    learning = torch.nn.ParameterList(p for name, p in discriminator.named_parameters() if not name.startswith(tuple(frozen) or ("-",)))
    for parameter in set(discriminator.parameters()) - set(learning):
        parameter.requires_grad_(False)
    path_length, ada = PathLength(from_first=s.start is not None), AdaptiveP(s.ada_target, s.ada_speed)
    g_optimizer, d_optimizer = _lazy_adam(generator, s.lr, s.path_every), _lazy_adam(learning, s.lr, s.r1_every)
    kept = {**settings_of(s, but=FREE), "start": s.start and Path(s.start).name, "data set": read_facts(s.data).manifest[:12]}
    with Run(s.run, settings=kept, generator=generator, average=average, discriminator=discriminator, g_optimizer=g_optimizer,
             d_optimizer=d_optimizer, path_length=path_length, ada=ada) as run:
        table = LossTable(s.run, s.table_every, run.step)
        for step in run.steps(s.steps):
            rng = run.generator(s.seed)
            real = _real(pictures, s, rng).to(run.device)
            losses = _discriminator_step(generator, discriminator, d_optimizer, run, real, ada, rng, s)
            if step >= d_first:
                losses |= _generator_step(generator, discriminator, learning, g_optimizer, run, ada.p, rng, s)
                if step % s.path_every == 0:
                    _path_step(generator, g_optimizer, run, path_length, rng, s)
                update_average(average, generator, average_decay(s.batch_size, (step - d_first) * s.batch_size, s.average))
            losses |= {"path": path_length.mean, "p": ada.p, "r_t": ada.r_t}
            if step % s.snapshot_every == 0:
                losses |= _snapshot(average, judge, like, run, s)
            run.log(**losses)
            table.add(step, losses)
        table.plot()
    return average, run.seconds


def _lazy_adam(network, lr: float, every: int) -> torch.optim.Adam:
    """Lazy regularisation: fewer steps with a penalty, so a little less momentum (Karras et al. 2020, appendix B)."""
    ratio = every / (every + 1)
    return torch.optim.Adam(network.parameters(), lr=lr * ratio, betas=(0.0, 0.99**ratio))


def _real(pictures: Pictures, s: Settings, rng: torch.Generator) -> torch.Tensor:
    """Random pictures of the data set, [batch_size, 3, R, R] in [-1, 1]."""
    images = to_float(pictures.images(torch.randint(len(pictures), (s.batch_size,), generator=rng)))
    if s.mirror:
        images = torch.where((torch.rand(len(images), generator=rng) < 0.5)[:, None, None, None], images.flip(3), images)
    return images


def _drawn(generator: Generator, run: Run, rng: torch.Generator, s: Settings) -> torch.Tensor:
    z = torch.randn(s.batch_size, generator.z_dim, generator=rng).to(run.device)
    return generator.synthesis(mix_styles(generator.mapping, z, s.mixing, rng), noise_mode="random")


def _discriminator_step(generator, discriminator, optimizer, run, real, ada: AdaptiveP, rng, s: Settings) -> dict[str, float]:
    with torch.no_grad(), run.autocast():
        fake = _drawn(generator, run, rng, s).float()
    p = ada.p
    with run.autocast():
        logits = discriminator(augmented(real, p, rng)).float(), discriminator(augmented(fake, p, rng)).float()
    loss = discriminator_loss(*logits)
    run.update(loss, optimizer)
    if run.step % s.r1_every == 0:
        run.update(s.r1_gamma / 2 * s.r1_every * r1_penalty(lambda images: discriminator(augmented(images, p, rng)), real), optimizer)
    if s.ada:
        signs = run.accelerator.reduce(logits[0].detach().sign().mean(), "mean").item()
        ada.follow(signs, s.batch_size * run.accelerator.num_processes)
    return {"d_loss": loss.item()}


def _generator_step(generator, discriminator, learning, optimizer, run, p: float, rng, s: Settings) -> dict[str, float]:
    learning.requires_grad_(False)
    with run.autocast():
        logits = discriminator(augmented(_drawn(generator, run, rng, s).float(), p, rng))
    loss = generator_loss(logits)
    run.update(loss, optimizer)
    learning.requires_grad_(True)
    return {"g_loss": loss.item()}


def _path_step(generator, optimizer, run, path_length, rng, s) -> None:
    z = torch.randn(max(2, s.batch_size // 2), generator.z_dim, generator=rng).to(run.device)
    w_plus = mix_styles(generator.mapping, z, s.mixing, rng)
    with run.autocast():
        images = generator.synthesis(w_plus, noise_mode="random")
    run.update(s.path_weight * s.path_every * path_length(images, w_plus, rng), optimizer)


def _snapshot(average: Generator, judge, like: str, run: Run, s: Settings) -> dict[str, float]:
    """Saves a sample sheet and the generator as a domain in RUN/snapshots. Returns its Fréchet distance."""
    set_mean_w(average.mapping, 2000)
    run.sheet("samples", samples(average))
    folder = s.run / "snapshots" / f"{run.step:06d}"
    if run.accelerator.is_main_process and run.step and not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        new_domain(folder, like, average, {"command": "styleclip train generator", "steps": run.step}, half=True, learnt_from="pictures")
    return judge.measured(average)


class _Frechet:
    """The Fréchet distance from generated pictures to one half of the data set, and from the other half to it, which is the floor.

    The features are those of the perceptual network of the domain that the new one is like.
    """

    def __init__(self, like: str, pictures: Pictures, most: int):
        self.perceptual = load_models(like, "cpu", only=("perceptual",)).perceptual
        order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(0))
        half = min(most, len(pictures) // 2)
        self.others, self.real = pictures.images(order[:half]), pictures.images(order[half:2 * half])
        self.floor = round(frechet_distance(self.perceptual, self.others, self.real), 4)

    def measured(self, generator: Generator) -> dict[str, float]:
        """The distance of a generator on any device, always for the same latents, and the floor."""
        device = generator.mapping.w_avg.device
        z = torch.randn(len(self.real), generator.z_dim, generator=torch.Generator().manual_seed(1)).to(device)
        distance = frechet_distance(self.perceptual, pictures_of(generator, z).cpu(), self.real)
        return {"frechet": round(distance, 4), "frechet_floor": self.floor}


def _publish(generator: Generator, discriminator: Discriminator, like: str, s: Settings, seconds: float, metrics: dict) -> None:
    """Makes the domain with generator, discriminator and model card, or replaces its networks."""
    command = f"styleclip train generator --data {s.data.resolve().name}" + (f" --from {Path(s.start).name}" if s.start else "")
    folder, how = s.domain, {**making(s, seconds, metrics, "generator"), "command": command}
    if _made_before(s):
        save_network(folder, "generator", generator, generator_config(generator), how)
    else:
        data_set = {"name": s.data.resolve().name, "manifest": read_facts(s.data).manifest}
        new_domain(folder, like, generator, how, half=True, learnt_from="pictures", data_set=data_set)
    config = {"img_resolution": discriminator.img_resolution, "channels": discriminator.channels}
    save_network(folder, "discriminator", discriminator, config, {"command": how["command"]})
    write_card(folder, "generator", {**how, "settings": {**how["settings"], **generator_config(generator)}}, ABOUT)
