"""Trains the mobile student of a generator: `styleclip train student` (after Belousov 2021, MobileStyleGAN).

First each layer on its own learns to reproduce the output of the teacher's layer for the same input, all layers in parallel. Then the
whole student learns the teacher's pictures, small ones first.
"""

import copy
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import __version__
from ..editing.face import Face
from ..editing.prompt import Prompt
from ..editing.recipes import AlignmentEdit
from ..editing.students import STUDENT, with_student, write_student
from ..errors import StyleclipError
from ..evaluation.report import in_short, measure_edit
from ..inversion.invert import psnr
from ..models import Models, load_models
from ..networks.discriminator import Discriminator
from ..networks.generator import Generator
from ..networks.mobile import MobileGenerator, haar_split
from ..performance.forward_cost import cost
from ..speed import seconds_of
from ..weights.domain import enter_file
from .adversarial import discriminator_loss, generator_loss, mix_styles, r1_penalty, update_average
from .card import About, making, write_card
from .copying import average_decay, stages, steps_of
from .directions import TEXTS, readable
from .loop import Run, learning_rate, set_rates
from .muon import Muon

ABOUT = About(
    what="A generator for small devices: depthwise-separable modulated convolutions and a Haar wavelet's sub-bands (after Belousov "
         "2021). It shares mapping network and affine layers with the domain's generator, so latents and edits mean the same for both.",
    data="Pictures and features of the domain's generator; nothing else.",
    limits="Its pictures are slightly softer than its teacher's and have no noise. It belongs to one generator and is refused by others.")

HELD_OUT_SEED = 600_000


@dataclass
class Settings:
    """Settings of the mobile student.

    run, domain     folder of the run; the domain whose generator is the teacher, and to which the student is added
    kernels         depthwise kernels of each channel: more approximate the teacher better and cost time
    layer_steps, layer_batch  of the layerwise training
    stages          of the training on pictures: (resolution, steps, batch size), one after the other
    muon_lr, adam_lr  learning rates of the pointwise weights, and of everything else
    mixing          probability of style mixing, so that layers learn to accept any style
    lambda_pixel, lambda_wavelet  weights of L1 plus L2 at each scale, on pixels and on the wavelet's sub-bands
    lambda_perceptual  weight of the perceptual distance
    lambda_gan      weight of the adversarial loss at full size (0.5 in the paper; 0: none)
    r1_gamma, r1_every, d_channels  the discriminator's regularisation and channels
    average         half-life of the student's EMA, in pictures; shorter at first
    faces           number of faces for measuring
    """

    run: Path = Path("runs/student")
    domain: Path = Path("data/models/portraits")
    kernels: int = 1
    layer_steps: int = 2000
    layer_batch: int = 8
    stages: tuple[tuple[int, int, int], ...] = ((32, 2000, 16), (64, 4000, 16), (128, 5000, 12), (256, 6000, 8))
    muon_lr: float = 0.01
    adam_lr: float = 5e-3
    mixing: float = 0.3
    lambda_pixel: float = 1.0
    lambda_wavelet: float = 1.0
    lambda_perceptual: float = 0.5
    lambda_gan: float = 0.0
    r1_gamma: float = 10.0
    r1_every: int = 16
    d_channels: dict[int, int] = field(
        default_factory=lambda: {4: 128, 8: 128, 16: 128, 32: 128, 64: 64, 128: 32, 256: 16, 512: 16, 1024: 16})
    average: float = 6_000
    faces: int = 100
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains the layers, then the whole student, measures it, adds it to the domain. Returns the metrics. An interrupted run resumes."""
    s = settings
    models = load_models(s.domain)
    teacher = models.generator
    _check(s, teacher)
    torch.manual_seed(s.seed)
    student = MobileGenerator(teacher, s.kernels)
    start_silent(student)
    seconds = learn_layers(student, teacher, s)
    student, more = learn_pictures(student, models, s)
    path = s.domain / f"{STUDENT}.safetensors"
    shown = making(s, seconds + more, {}, STUDENT)
    write_student(path, STUDENT, student.learnt(), teacher, {"kernels": s.kernels}, {"version": __version__, **shown["settings"]})
    metrics = measure(models, with_student(models, path), s.faces)
    training = {**shown, "metrics": metrics}
    enter_file(s.domain, STUDENT, path, {}, training)
    write_card(s.domain, STUDENT, training, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's student."""
    models = load_models(settings.domain)
    return measure(models, with_student(models), settings.faces)


def _check(s: Settings, teacher: Generator) -> None:
    """Raises StyleclipError for settings that do not suit the teacher."""
    if s.kernels < 1 or s.layer_steps < 0:
        raise StyleclipError("--kernels must be at least 1 and --layer-steps at least 0.")
    if not stages_of(s, teacher):
        raise StyleclipError("None of the --stages has one of the domain's resolutions, "
                             f"{', '.join(map(str, teacher.synthesis.resolutions))} pixels.")


def stages_of(s: Settings, teacher: Generator) -> list[tuple[int, int, int]]:
    """The stages whose resolution the teacher has."""
    return [stage for stage in s.stages if stage[0] in teacher.synthesis.resolutions]


@torch.no_grad()
def start_silent(student: MobileGenerator) -> None:
    """Sets the toRGB weights to zero, so that a resolution that joins later does not disturb the picture."""
    for _, layer in student.synthesis.rgb_layers():
        layer.weight.zero_()


def optimizers_of(student: MobileGenerator, s: Settings) -> dict[str, torch.optim.Optimizer]:
    """Muon for the pointwise weights of the convolutions, Adam for all other trained parameters."""
    weights = [layer.weight for _, layer in student.synthesis.conv_layers()]
    chosen = {id(weight) for weight in weights}
    others = [parameter for parameter in student.learnt().values() if id(parameter) not in chosen]
    return {"muon": Muon([{"params": weights}], lr=s.muon_lr),
            "adam": torch.optim.Adam([{"params": others}], lr=s.adam_lr, betas=(0.9, 0.99))}


def _latents(teacher: Generator, count: int, mixing: float, rng: torch.Generator) -> Tensor:
    """w_plus [count, num_ws, w_dim] of invented faces, without truncation, some with style mixing."""
    z = torch.randn(count, teacher.z_dim, generator=rng).to(teacher.mapping.w_avg.device)
    return mix_styles(teacher.mapping, z, mixing, rng)


# --- layer by layer ------------------------------------------------------------------------------------------------------


def learn_layers(student: MobileGenerator, teacher: Generator, s: Settings) -> float:
    """Trains every layer of the student to reproduce the teacher's, from the teacher's inputs. Returns the seconds it took."""
    optimizers = optimizers_of(student, s)
    with Run(s.run / "layers", student=student, **optimizers) as run:
        teacher.to(run.device)
        for step in run.steps(s.layer_steps):
            with torch.no_grad():
                w_plus = _latents(teacher, s.layer_batch, s.mixing, run.generator(s.seed))
            set_rates(optimizers, s, learning_rate(step, s.layer_steps))
            loss = layer_loss(student, teacher, w_plus)
            run.update(loss, *optimizers.values())
            run.log(loss=loss)
    return run.seconds


def layer_loss(student: MobileGenerator, teacher: Generator, w_plus: Tensor) -> Tensor:
    """The mean, over the layers, of the squared error of a layer's output as a share of the teacher's mean square.

    In the last block, where the student works at half the size, the teacher's features are averaged over 2x2 pixels, and its toRGB output
    is split into sub-bands.
    """
    errors = [student.synthesis.b4.const.sub(teacher.synthesis.b4.const).square().mean() / teacher.synthesis.b4.const.square().mean()]
    for ours, style, given, wanted in layer_targets(student, teacher, w_plus):
        errors.append(F.mse_loss(ours(given, style), wanted) / wanted.square().mean().clamp(min=1e-8))
    return torch.stack(errors).mean()


@torch.no_grad()
def layer_targets(student: MobileGenerator, teacher: Generator, w_plus: Tensor) -> list[tuple[nn.Module, Tensor, Tensor, Tensor]]:
    """(the student's layer, its style, its input, its target), for every convolution and toRGB layer."""
    synthesis, theirs, targets = student.synthesis, teacher.synthesis, []
    styles, rgb_styles = (iter(some) for some in theirs.styles(w_plus))
    x = theirs.start(len(w_plus))
    for r in theirs.resolutions:
        block, own, last = getattr(theirs, f"b{r}"), getattr(synthesis, f"b{r}"), r == theirs.img_resolution
        for name, layer in block.layers():
            given = F.avg_pool2d(x, 2) if last and layer.up == 1 else x
            style = next(styles)
            x = layer(x, style, None)
            targets.append((getattr(own, name), style, given, F.avg_pool2d(x, 2) if last else x))
        style = next(rgb_styles)
        rgb = block.torgb(x, style)
        targets.append((own.torgb, style, F.avg_pool2d(x, 2) if last else x, haar_split(rgb) if last else rgb))
    return targets


# --- pictures ------------------------------------------------------------------------------------------------------------


def learn_pictures(student: MobileGenerator, models: Models, s: Settings) -> tuple[MobileGenerator, float]:
    """Trains the student on the teacher's pictures, small ones first. Returns the EMA student and the seconds it took."""
    teacher, planned = models.generator, stages_of(s, models.generator)
    average, optimizers = copy.deepcopy(student).requires_grad_(False), optimizers_of(student, s)
    rival = Rival(teacher.img_resolution, s) if s.lambda_gan else None
    with Run(s.run / "pictures", student=student, average=average, **optimizers, **(rival.parts if rival else {})) as run:
        teacher.to(run.device)
        models.perceptual.to(run.device)
        for step, (resolution, batch_size) in stages(run, planned):
            with torch.no_grad(), run.autocast():
                w_plus = _latents(teacher, batch_size, s.mixing, run.generator(s.seed + 1))
                wanted = [picture.float() for picture in teacher.synthesis.pyramid(w_plus, "none", resolution)]
            with run.autocast():
                pictures = student.synthesis.pyramid(w_plus, stop_at=resolution)
            terms = picture_losses(pictures, wanted, models, s)
            loss = sum(terms.values())
            if rival and resolution == teacher.img_resolution:
                loss = loss + s.lambda_gan * rival.loss(run, step, pictures[-1].float(), wanted[-1])
            set_rates(optimizers, s, learning_rate(step, steps_of(planned)))
            run.update(loss, *optimizers.values())
            update_average(average, student, average_decay(batch_size, step * batch_size, s.average))
            run.log(loss=loss, **terms)
            if step % 500 == 0:
                run.sheet("student", torch.cat([wanted[-1][:8], pictures[-1].detach().float()[:8]]).cpu())
    return average.eval(), run.seconds


def picture_losses(pictures: list[Tensor], wanted: list[Tensor], models: Models, s: Settings) -> dict[str, Tensor]:
    """The paper's losses, with their weights: L1 plus L2 at each scale, on pixels and on a wavelet's sub-bands, and, from 32 pixels up, the
    perceptual distance of the largest. pictures, wanted: [B, 3, r, r] for each r from 4 pixels up"""
    def apart(a: Tensor, b: Tensor) -> Tensor:
        return F.l1_loss(a, b) + F.mse_loss(a, b)

    pairs = [(picture.float(), target) for picture, target in zip(pictures, wanted)]
    terms = {"pixel": s.lambda_pixel * sum(apart(*pair) for pair in pairs),
             "wavelet": s.lambda_wavelet * sum(apart(haar_split(a), haar_split(b)) for a, b in pairs)}
    if s.lambda_perceptual and pairs[-1][0].shape[-1] >= 32:
        terms["perceptual"] = s.lambda_perceptual * models.perceptual(*pairs[-1]).mean()
    return terms


class Rival:
    """A discriminator that is trained to tell the student's pictures from the teacher's."""

    def __init__(self, img_resolution: int, s: Settings):
        self.settings, self.network = s, Discriminator(img_resolution, s.d_channels)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=5e-4, betas=(0.0, 0.99))
        self.parts = {"discriminator": self.network, "d_adam": self.optimizer}

    def loss(self, run: Run, step: int, fake: Tensor, real: Tensor) -> Tensor:
        """Takes one step of the discriminator, then returns its adversarial loss for the student's pictures."""
        self.network.requires_grad_(True)
        loss = discriminator_loss(self.network(real), self.network(fake.detach()))
        if step % self.settings.r1_every == 0:
            loss = loss + self.settings.r1_gamma / 2 * self.settings.r1_every * r1_penalty(self.network, real)
        run.update(loss, self.optimizer)
        return generator_loss(self.network.requires_grad_(False)(fake))


# --- measuring -----------------------------------------------------------------------------------------------------------


@torch.no_grad()
def measure(models: Models, mobile: Models, faces: int) -> dict:
    """How close the student is to its teacher, what it costs, and whether edits have the same effect on its faces as on the teacher's."""
    teacher, student = models.generator.synthesis, mobile.generator.synthesis
    codes = [models.sample(HELD_OUT_SEED + i, 1.0) for i in range(faces)]
    near = torch.tensor([psnr(student(code), teacher(code)) for code in codes])
    costs = [cost(network, lambda network=network: network(codes[0])) for network in (teacher, student)]
    seconds = [seconds_of(lambda network=network: network(codes[0])) for network in (teacher, student)]
    result = {"psnr to the teacher (dB)": round(near.mean().item(), 2), "parameters": costs[1].parameters,
              "share of the teacher's parameters": round(costs[1].parameters / costs[0].parameters, 3), "flops": costs[1].flops,
              "share of the teacher's flops": round(costs[1].flops / costs[0].flops, 3), "times as fast": round(seconds[0] / seconds[1], 2)}
    if models.attributes is None:
        return result
    edited = max(1, faces // 12)
    return {**result, "edits": {"teacher": edits(models, models, edited), "student": edits(mobile, models, edited)}}


@torch.no_grad()
def edits(drawing: Models, models: Models, faces: int) -> dict:
    """The results of the teacher's latent alignment on faces drawn by `drawing`, the teacher or the student."""
    reports = []
    for text in filter(lambda one: readable(models, one), TEXTS):
        prompt = Prompt.of(models, text)
        for seed in range(HELD_OUT_SEED, HELD_OUT_SEED + faces):
            edit = AlignmentEdit().apply(models, Face.of_seed(models, seed), prompt)  # of the teacher's face: the same offset for both
            before, after = (drawing.generator.synthesis(face.w_plus) for face in (edit.start, edit.face))
            reports.append(measure_edit(models, before, after, prompt))
    return in_short(reports)
