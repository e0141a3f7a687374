"""Trains the small image encoder of a domain's CLIP: `styleclip train clip_student`."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from .. import __version__
from ..editing.students import CLIP_STUDENT, clip_student_of, write_student
from ..models import Models, load_models
from ..networks.clip_student import ClipStudent
from ..performance.forward_cost import cost
from ..speed import seconds_of
from ..weights.domain import enter_file
from .adversarial import mix_styles
from .augment import augment
from .card import About, making, write_card
from .data import DataSettings, Portraits, to_float
from .loop import Run, learning_rate, set_rate
from .worlds import world_of_domain

ABOUT = About(
    what="A small image encoder whose vectors approximate those of the domain's CLIP, for small devices.",
    data="Faces that the domain's generator invents, and renders if the domain is one of portraits.",
    limits="It knows the faces of this domain and little else, and belongs to one CLIP: its file is refused with any other.")

HELD_OUT_SEED = 700_000


@dataclass
class Settings:
    """Settings of the image encoder.

    run, data, domain  folders of the run and of the renders; the domain whose CLIP is the teacher, and to which the encoder is added
    count           renders to train on, in a domain of portraits; 0: invented faces only
    image_size, widths, depths  of the encoder; see `ClipStudent`
    mixing          probability of style mixing
    augmented       share of the pictures that are augmented
    faces           number of faces, and of renders, that are measured
    """

    run: Path = Path("runs/clip_student")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 8000
    image_size: int = 64
    widths: tuple[int, ...] = (24, 48, 96, 128)
    depths: tuple[int, ...] = (1, 1, 2, 1)
    steps: int = 8000
    batch_size: int = 32
    lr: float = 2e-3
    mixing: float = 0.5
    augmented: float = 0.5
    faces: int = 200
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains, measures, adds the encoder to the domain. Returns the metrics. An interrupted run resumes."""
    s = settings
    models = load_models(s.domain)
    torch.manual_seed(s.seed)
    clip_dim = models.clip.encode_text(["a face"]).shape[1]
    config = {"clip_dim": clip_dim, "image_size": s.image_size, "widths": list(s.widths), "depths": list(s.depths)}
    network = ClipStudent(**config).to(memory_format=torch.channels_last)
    seconds = _fit(network, models, s)
    path = s.domain / f"{CLIP_STUDENT}.safetensors"
    shown = making(s, seconds, {}, CLIP_STUDENT)
    write_student(path, CLIP_STUDENT, network.state_dict(), models.clip, config, {"version": __version__, **shown["settings"]})
    metrics = measure(models, clip_student_of(models, path), s)
    training = {**shown, "metrics": metrics}
    enter_file(s.domain, CLIP_STUDENT, path, {}, training)
    write_card(s.domain, CLIP_STUDENT, training, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's encoder."""
    models = load_models(settings.domain)
    return measure(models, clip_student_of(models), settings)


def _fit(network: ClipStudent, models: Models, s: Settings) -> float:
    renders = _renders(models, s, s.count, s.seed) if models.attributes is not None and s.count else None
    mean, scale = _usual(models)
    optimizer = torch.optim.AdamW(network.parameters(), lr=s.lr, weight_decay=0.01)
    with Run(s.run, network=network, optimizer=optimizer) as run:
        for step in run.steps(s.steps):
            rng = run.generator(s.seed + 1)
            images = _pictures(models, renders, s, rng)
            with torch.no_grad(), run.autocast():
                target = models.clip.encode_image(images).float()
            set_rate(optimizer, s.lr * learning_rate(step, s.steps))
            with run.autocast():
                embedding = network.encode_image(images).float()
            loss = ((embedding - target) / scale).square().mean()
            run.update(loss, optimizer)
            run.log(loss=loss, cosine=(embedding * target).sum(1).mean(), centred=_centred(embedding, target, mean))
    network.eval()
    return run.seconds


def _renders(models: Models, s: Settings, count: int, seed: int) -> Portraits:
    return Portraits(DataSettings(s.data, count, models.generator.img_resolution, seed=seed), world=world_of_domain(models.folder))


@torch.no_grad()
def _pictures(models: Models, renders: Portraits | None, s: Settings, rng: torch.Generator) -> Tensor:
    """A batch [B, 3, R, R]: invented faces, half of them replaced by renders if there are any, some of them augmented."""
    count = s.batch_size if renders is None else s.batch_size // 2
    z = torch.randn(count, models.generator.z_dim, generator=rng).to(models.device)
    images = models.generator.synthesis(mix_styles(models.generator.mapping, z, s.mixing, rng)).float().clamp(-1, 1)
    if renders is not None:
        index = torch.randint(len(renders), (s.batch_size - count,), generator=rng)
        images = torch.cat([images, to_float(renders.images(index)).to(models.device)])
    changed = (torch.rand(len(images), generator=rng) < s.augmented).to(models.device)
    return torch.where(changed[:, None, None, None], augment(images, rng).clamp(-1, 1), images)


def _usual(models: Models) -> tuple[Tensor, Tensor]:
    """The mean of CLIP's vectors of invented faces [D], and the root mean square of the deviations from it."""
    vectors = models.reference_faces().embedding
    return vectors.mean(0), (vectors - vectors.mean(0)).square().mean().sqrt()


def _centred(embedding: Tensor, target: Tensor, mean: Tensor) -> Tensor:
    """Mean cosine after subtracting the mean vector: all faces are similar in CLIP's space, so only the differences matter."""
    return torch.cosine_similarity(embedding - mean, target - mean, dim=1).mean()


@torch.no_grad()
def measure(models: Models, student: ClipStudent, s: Settings) -> dict:
    """How close the vectors are to CLIP's, on held-out faces and renders, and what they cost to compute."""
    mean, _ = _usual(models)
    invented = [models.generator.synthesis(models.sample(HELD_OUT_SEED + i, 1.0)).clamp(-1, 1) for i in range(s.faces)]
    sets = {"invented faces": torch.cat(invented)}
    if models.attributes is not None and s.count:
        sets["renders"] = to_float(_renders(models, s, s.faces, 1).images(torch.arange(s.faces))).to(models.device)
    result = {}
    for name, images in sets.items():
        embedding, target = (torch.cat([one.encode_image(part) for part in images.split(16)]) for one in (student, models.clip))
        result[name] = {"cosine": round((embedding * target).sum(1).mean().item(), 4),
                        "cosine from the mean": round(_centred(embedding, target, mean).item(), 4)}
    one = sets["invented faces"][:1]
    spent = cost(student, lambda: student.encode_image(one))
    times = [seconds_of(lambda network=network: network.encode_image(one)) for network in (models.clip, student)]
    return {**result, "parameters": spent.parameters, "flops": spent.flops, "share of CLIP's time": round(times[1] / times[0], 3)}
