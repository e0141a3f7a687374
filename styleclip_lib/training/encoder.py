"""Trains an encoder: `styleclip train encoder`, on portraits whose w is known, or as e4e (Tov et al. 2021) on any data set."""

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import torch.nn.functional as F
import tyro
from torch import Tensor

from ..errors import StyleclipError
from ..models import load_models
from ..networks.encoder import Encoder
from ..networks.generator import Generator
from ..networks.latent_discriminator import LatentDiscriminator
from ..paths import check_new_folder, data_folder
from ..photos.datasets.manifest import read_facts
from ..processes import this_process
from ..weights.domain import INDEX
from ..weights.new_domain import encoder_config, like_of, new_domain
from .card import About, publish
from .data import to_float
from .e4e import LatentPool, any_layer, discriminator_step, encoder_discriminator_loss, progressive_stage, total_delta_loss
from .encoding import Photographs, Renders, held_out_photographs, held_out_renders
from .loop import Run, learning_rate, set_rate, settings_of
from .pictures import holds_pictures
from .sensitivity import weighted_error
from .table import LossTable

ABOUT = About(
    what="From a picture to W+ in one step, as one w and a small offset for each layer; the start of every inversion.",
    data="Rendered portraits, whose w is known, and their mirror images. The error of w is weighed by half by what it changes in the "
         "picture (`training/sensitivity.py`), which stands for the losses of the picture: nothing has to be drawn.",
    limits="It was not trained on photographs: for one it finds a portrait of similar colours and pose.")

ABOUT_PICTURES = About(
    what="From a picture to W+ in one step, as one w and a small offset for each layer (e4e, Tov et al. 2021).",
    data="The data set of a user's own pictures that `settings` names by the SHA-256 of its manifest.",
    limits="It does best on faces like those it was trained on, with the same crop.")

ON_RENDERS = {"lr": 3e-3, "size": 128, "samples_each": 0, "pictures_each": 32, "lambda_w": 1.0, "lambda_l2": 0.0, "lambda_lpips": 0.0,
              "lambda_id": 0.0, "lambda_delta": 2e-3, "lambda_discriminator": 0.0, "progressive_start": 0}
ON_PICTURES = {"lr": 1e-4, "samples_each": 0, "pictures_each": 8, "lambda_w": 0.3, "lambda_l2": 1.0, "lambda_lpips": 0.8,
               "lambda_id": 0.1, "lambda_delta": 2e-4, "lambda_discriminator": 0.1, "progressive_start": 20_000}
"""Defaults for renders and for a data set; the latter are the authors' values, except that with `--from` all offsets are used from the
beginning."""

LOOKS = ("perceptual", "identity")

WARM_UP = 100
"""Steps in which the learning rate rises when training on pictures: Adam's first steps are as long as its later ones and would damage a
trained network. (Without a warm-up, 24 steps at 1e-3 lowered the identity of held-out pictures from 0.34 to 0.27.)"""

FREE = ("steps", "table_every")
"""Settings that may change when a run on pictures resumes: its learning rate does not depend on them."""


@dataclass
class Settings:
    """Settings of the encoder.

    If --data is the folder of a data set (styleclip dataset), the encoder is trained as e4e, otherwise on renders that are kept in that
    folder. The values in brackets are the defaults for renders and for a data set.

    run, data, domain    folders of the run, of the pictures, and of the domain with the generator; a new domain gets the generator of
                         --from
    start                --from: the domain whose encoder is trained further, such as portraits or ffhq; by default a new one is trained
    count, widths        number of renders; channels of a new encoder
    size                 pixels of what a new encoder sees (128; the pictures as they are)
    samples_each, pictures_each  pictures in a batch: drawn by the generator, with known w (0, 0); from the folder (32, 8)
    lr                   learning rate of AdamW (3e-3, decaying; 1e-4, after a warm-up)
    lambda_w             weight of the error of w, where it is known (1, 0.3; `sensitivity.weighted_error`)
    lambda_l2, lambda_lpips, lambda_id  weights of the picture's losses: pixels (0, 1), perceptual distance (0, 0.8), identity (0, 0.1);
                         if all are 0, no picture is drawn
    lambda_delta         weight of the norms of the offsets from the first w (2e-3, 2e-4)
    lambda_discriminator  weight of the latent discriminator's loss (0, 0.1)
    discriminator_lr, r1_gamma, r1_every, pool  the discriminator's learning rate, R1 regularisation, and the size of its latent pools
    progressive_start, progressive_every  the step at which the first offset is added (0: all from the beginning; 20000, with --from 0),
                         and the steps between one offset and the next
    table_every          steps between two tables of losses
    """

    run: Path = Path("runs/encoder")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    start: Annotated[str | None, tyro.conf.arg(name="from", metavar="DOMAIN")] = None
    count: int = 12_000
    widths: tuple[int, ...] = (32, 64, 128, 192, 256)
    size: int | None = None
    steps: int = 2000
    samples_each: int | None = None
    pictures_each: int | None = None
    lr: float | None = None
    lambda_w: float | None = None
    lambda_l2: float | None = None
    lambda_lpips: float | None = None
    lambda_id: float | None = None
    lambda_delta: float | None = None
    lambda_discriminator: float | None = None
    discriminator_lr: float = 2e-5
    r1_gamma: float = 10.0
    r1_every: int = 16
    pool: int = 50
    progressive_start: int | None = None
    progressive_every: int = 2000
    table_every: int = 50
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains, measures on held-out pictures, adds the network to the domain. Returns the metrics.

    Raises StyleclipError if the domain, the encoder to start from and the pictures do not fit together.
    """
    on_pictures = holds_pictures(settings.data)
    s = _completed(settings, on_pictures)
    _check_domain(s, on_pictures)
    is_new = s.start is not None and not (s.domain / INDEX).exists()
    home = s.start if is_new else s.domain
    generator, looks = _loaded(home)
    s = replace(s, size=s.size and min(s.size, generator.img_resolution))
    network = _network(s, generator)
    source = (Photographs if on_pictures else Renders)(s, generator)
    held_out = (held_out_photographs if on_pictures else held_out_renders)(s, generator)
    before = measured(network, generator, looks, held_out) if s.start else {}
    seconds = _fit(network, generator, looks, source, s, on_pictures)
    after = measured(network, generator, looks, held_out)
    metrics = {name: f"{value} (before: {before[name]})" if before else value for name, value in after.items()}
    if is_new and this_process().is_main_process:
        new_domain(s.domain, like_of(s.start), generator, {"command": f"The generator of '{s.start}', unchanged."}, half=True)
    publish(network, "encoder", s, encoder_config(network), seconds, metrics, ABOUT_PICTURES if on_pictures else ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network, on renders."""
    generator, looks = _loaded(settings.domain)
    return measured(_encoder(settings.domain), generator, looks, held_out_renders(settings, generator))


def _loaded(domain: str | Path) -> tuple[Generator, dict]:
    """The generator of a domain, and its perceptual and identity networks."""
    models = load_models(domain, "cpu", only=("generator", *LOOKS))
    return models.generator, {name: getattr(models, name) for name in LOOKS}


def _encoder(domain: str | Path) -> torch.nn.Module:
    """The encoder of a domain. Raises StyleclipError if it has none."""
    encoder = load_models(domain, "cpu", only=("encoder",)).encoder
    if encoder is None:
        raise StyleclipError(f"The domain {domain} has no encoder: choose another one with --from, or train a new one without --from.")
    return encoder


def _completed(settings: Settings, on_pictures: bool) -> Settings:
    """The settings with defaults filled in."""
    usual = dict(ON_PICTURES if on_pictures else ON_RENDERS)
    if settings.start is not None:
        usual["progressive_start"] = 0
    return replace(settings, **{name: value for name, value in usual.items() if getattr(settings, name) is None})


def _check_domain(s: Settings, on_pictures: bool) -> None:
    """Checks the domain before anything slow begins. Raises StyleclipError."""
    if on_pictures and data_folder() / "models" in s.domain.resolve().parents:
        raise StyleclipError("An encoder for your own pictures belongs in a domain of your own: name its folder with --domain FOLDER.")
    if not (s.domain / INDEX).exists():
        if s.start is None:
            raise StyleclipError(f"There is no domain '{s.domain}': give one with a generator, or --from DOMAIN to use that domain's.")
        check_new_folder(s.domain)


def _network(s: Settings, generator: Generator) -> torch.nn.Module:
    """The encoder to train, on the CPU."""
    torch.manual_seed(s.seed)
    if s.start is None:
        network = Encoder(generator.num_ws, generator.w_dim, s.widths, s.size)
        network.w_avg.copy_(generator.mapping.w_avg)
        return network.to(memory_format=torch.channels_last)
    network = _encoder(s.start).requires_grad_(True)
    if (network.num_ws, network.w_dim) != (generator.num_ws, generator.w_dim):
        raise StyleclipError(f"The encoder of '{s.start}' makes {network.num_ws} w's of {network.w_dim} dimensions, but the generator of "
                             f"'{s.domain}' needs {generator.num_ws} of {generator.w_dim}: choose an encoder that fits.")
    return network


def _fit(network, generator: Generator, looks: dict, source, s: Settings, on_pictures: bool) -> float:
    optimizer = torch.optim.AdamW(network.parameters(), lr=s.lr, weight_decay=0.01)
    judge = _Judge(generator.w_dim, s)
    kept = {**settings_of(s, but=FREE if on_pictures else ()), "start": s.start and Path(s.start).name}
    if on_pictures:
        kept["data set"] = read_facts(s.data).manifest[:12]
    with Run(s.run, settings=kept, network=network, optimizer=optimizer, **judge.parts) as run:
        table = LossTable(s.run, s.table_every, run.step)
        for part in (generator, *looks.values()):
            part.to(run.device)
        network.train()
        for step in run.steps(s.steps):
            rng = run.generator(s.seed)
            batch, stage = source.batch(run, rng), progressive_stage(step, s.progressive_start, s.progressive_every, generator.num_ws)
            set_rate(optimizer, s.lr * (min(1.0, (step + 1) / WARM_UP) if on_pictures else learning_rate(step, s.steps)))
            losses = judge.learn(network, generator, batch.images, stage, run, rng) if s.lambda_discriminator else {}
            more = _encoder_losses(network, generator, looks, judge, batch, stage, run, s)
            run.update(more["loss"], optimizer)
            losses |= {name: value.detach() for name, value in more.items()}
            run.log(**losses)
            table.add(step, losses)
            if step % 500 == 0:
                run.sheet("encoder", _compared(network, generator, batch.images[-16:], run).cpu())
        table.plot()
    network.eval()
    for part in (generator, *looks.values()):
        part.cpu()
    return run.seconds


class _Judge:
    """The latent discriminator with its optimiser and latent pools."""

    def __init__(self, w_dim: int, s: Settings):
        self.s, self.network = s, LatentDiscriminator(w_dim)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=s.discriminator_lr)
        self.real, self.fake = LatentPool(s.pool, w_dim), LatentPool(s.pool, w_dim)
        self.parts = {"discriminator": self.network, "d_optimizer": self.optimizer, "real_pool": self.real, "fake_pool": self.fake}
        if not s.lambda_discriminator:
            self.parts = {}

    def learn(self, encoder, generator: Generator, images, stage: int, run: Run, rng: torch.Generator) -> dict:
        z = torch.randn(len(images), generator.z_dim, generator=rng).to(run.device)
        with torch.no_grad(), run.autocast():
            real, fake = generator.mapping.w(z).float(), encoder(images, stage).float()
        real, fake = self.real.exchange(real, rng), self.fake.exchange(any_layer(fake, stage, rng), rng)
        return discriminator_step(self.network, self.optimizer, run, real, fake, self.s.r1_gamma, self.s.r1_every)


def _encoder_losses(network, generator: Generator, looks: dict, judge: _Judge, batch, stage: int, run: Run, s: Settings):
    """All losses of the encoder under e4e's names, with "loss" as their weighted sum, and the pictures drawn from its codes."""
    images, w, weights_of_w = batch
    with run.autocast():
        base, offsets = (part.float() for part in network.parts(images, stage))
    losses, weights = {"total_delta_loss": total_delta_loss(offsets, stage)}, {"total_delta_loss": s.lambda_delta}
    if s.lambda_l2 or s.lambda_lpips or s.lambda_id:
        losses |= _picture_losses(generator, looks, images, base[:, None] + offsets, run)
        weights |= {"loss_id": s.lambda_id, "loss_l2": s.lambda_l2, "loss_lpips": s.lambda_lpips}
    if s.lambda_discriminator:
        losses = {"encoder_discriminator_loss": encoder_discriminator_loss(judge.network, base[:, None] + offsets, stage), **losses}
        weights["encoder_discriminator_loss"] = s.lambda_discriminator
    if len(w):
        losses["loss_w"], weights["loss_w"] = weighted_error(base[: len(w)] - w, weights_of_w), s.lambda_w
    return {**losses, "loss": sum(weight * losses[name] for name, weight in weights.items())}


def _picture_losses(generator: Generator, looks: dict, images: Tensor, w_plus: Tensor, run: Run) -> dict:
    """The losses of the pictures drawn from codes: identity, pixels, perceptual distance."""
    with run.autocast():
        drawn = generator.synthesis(w_plus).float()
        perceptual, person = looks["perceptual"](drawn, images).mean(), looks["identity"](drawn)
        with torch.no_grad():
            asked = looks["identity"](images)
    same = (person * asked).sum(1).mean()
    return {"loss_id": 1 - same, "id_improve": same - (asked * asked).sum(1).mean(), "loss_l2": F.mse_loss(drawn, images),
            "loss_lpips": perceptual}


@torch.no_grad()
def _compared(network, generator: Generator, images: Tensor, run: Run) -> Tensor:
    """Pictures [N, 3, R, R], and below them what the generator draws from their codes."""
    network.eval()  # looking changes no statistics of the batch normalisation
    with run.autocast():
        drawn = generator.synthesis(network(images)).float()
    network.train()
    return torch.cat([images, drawn])


@torch.no_grad()
def measured(network, generator: Generator, looks: dict, pictures: torch.Tensor) -> dict:
    """Metrics of held-out pictures, uint8 [N, 3, R, R], after encoding and drawing them again.

    Their number; the median of PSNR (pixels in [0, 1]); means of the perceptual distance, of the identity network's cosine, and of the
    norms ‖Δ_i‖₂ of the layers' offsets from the first w.
    """
    psnr, apart, same, far = [], [], [], []
    network = copy.deepcopy(network).eval()
    for part in pictures.split(20):
        images = to_float(part).to(next(network.parameters(), part).device)
        base, offsets = network.parts(images)
        drawn = generator.synthesis(base[:, None] + offsets).clamp(-1, 1)
        psnr.append(-10 * torch.log10(((drawn - images) / 2).square().mean((1, 2, 3))))
        apart.append(looks["perceptual"](drawn, images))
        same.append((looks["identity"](drawn) * looks["identity"](images)).sum(1))
        far.append(offsets[:, 1:].norm(dim=2).mean(1))
    return {"pictures": len(pictures), "median psnr (dB)": round(torch.cat(psnr).median().item(), 2),
            "perceptual distance": round(torch.cat(apart).mean().item(), 3), "identity": round(torch.cat(same).mean().item(), 3),
            "distance to W": round(torch.cat(far).mean().item(), 3)}
