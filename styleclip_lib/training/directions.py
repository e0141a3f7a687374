"""Computes the global directions that come with a domain: `styleclip train directions`.

Nothing is trained here. A scan varies every style channel of the domain's generator and measures the effect in CLIP's space; a regression
finds the channels that go with what CLIP sees of many faces (`editing/directions/global_directions.py`). This has to be repeated whenever
the generator or CLIP is trained again.
"""

import dataclasses
import time
from pathlib import Path
from typing import Literal

import torch

from ..editing.directions.auto import auto_edit
from ..editing.directions.file import NAME
from ..editing.directions.global_directions import GlobalDirections
from ..editing.face import Face
from ..editing.prompt import Prompt
from ..editing.recipe import NEUTRAL
from ..errors import StyleclipError
from ..evaluation.report import in_short, measure_edit
from ..models import Models, load_models
from ..processes import this_process
from ..weights.domain import enter_file
from .card import About, making, write_card

ABOUT = About(
    what="For every style channel of the generator: its effect, a vector in CLIP's space, and its mean and standard deviation; for the "
         "toRGB layers, which texts about colours use, the effect and the standard deviation. With them the channels for a text are found "
         "at once (Patashnik et al. 2021, section 6). Of a scan (`kind`), the effect is the direction in which a face moves when the "
         "channel rises; of a regression, its product with the direction of a text is how far the channel differs from its mean in faces "
         "of which the text is true.",
    data="Faces that the generator invents. For a scan, each is drawn twice for every channel, with a low and a high value and the others "
         "unchanged; for a regression, each is drawn once.",
    limits="It belongs to this generator and this CLIP and is refused by any other. One direction has to suit every face: where an "
           "attribute can come about in several ways, it is their mean. A regression does not tell apart what goes together in the "
           "generator's faces.")

USUAL: dict[str, dict] = {"scan": {"images": 24, "truncation_psi": 0.7}, "regression": {"images": 2000, "truncation_psi": 1.0}}
"""The default settings of each kind."""

MOST_FIRST_ORDER = 64
"""The number of faces, at most, of the first-order directions with which others are compared."""

TEXTS = ("a smiling face", "an angry face", "a sad face", "a face with glasses", "a face with sunglasses", "a face with a hat",
         "a face with a beard", "a face with blue hair", "a bald face", "a face with a mohawk", "an old face", "a face with makeup")


@dataclasses.dataclass
class Settings:
    """Settings of the global directions.

    run      folder of a scan's completed parts
    domain   the domain to whose generator and CLIP the directions belong, and to which they are added
    kind     a scan, which varies each channel in some faces, or a regression on many faces, which is much faster
    images   number of faces; by default 24 for a scan, 2000 for a regression
    samples  number of faces for each channel's mean and standard deviation σ
    truncation_psi  of all these faces; by default 0.7 for a scan, 1.0 for a regression
    sigmas   of a scan: how far a channel is moved from its mean, in σ
    ridge    of a regression: its λ, in units of the mean eigenvalue of the embeddings' covariance
    faces    number of other faces that are edited to measure the result
    seed     draws the faces
    """

    run: Path = Path("runs/directions")
    domain: Path = Path("data/models/portraits")
    kind: Literal["scan", "regression"] = "scan"
    images: int | None = None
    samples: int = 20_000
    truncation_psi: float | None = None
    sigmas: float = 5.0
    ridge: float = 0.1
    faces: int = 8
    seed: int = 0


def train(settings: Settings) -> dict:
    """Computes the directions, measures them, adds them to the domain. Returns the metrics. An interrupted scan resumes."""
    settings = _completed(settings)
    torch.set_flush_denormal(True)
    models = load_models(settings.domain)
    settings.run.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    elsewhere = dataclasses.replace(models, folder=settings.run)  # so that the domain's present directions are not found
    directions = _computed(elsewhere, settings)
    seconds = time.perf_counter() - start
    metrics = measure(directions, settings)
    if this_process().is_main_process:
        path = settings.domain / f"{NAME}.safetensors"
        directions.save(path)
        training = making(settings, seconds, metrics, NAME)
        enter_file(settings.domain, NAME, path, {}, training)
        write_card(settings.domain, NAME, training, ABOUT)
    return metrics


def _completed(settings: Settings) -> Settings:
    """The settings with the defaults of their kind filled in. Raises StyleclipError for another kind."""
    if settings.kind not in USUAL:
        raise StyleclipError(f"kind is '{settings.kind}'; it must be one of {', '.join(USUAL)}.")
    missing = {name: value for name, value in USUAL[settings.kind].items() if getattr(settings, name) is None}
    return dataclasses.replace(settings, **missing)


def _computed(models: Models, s: Settings) -> GlobalDirections:
    shared = {"samples": s.samples, "truncation_psi": s.truncation_psi, "seed": s.seed}
    if s.kind == "regression":
        return GlobalDirections.regressed(models, faces=s.images, ridge=s.ridge, **shared)
    return GlobalDirections.compute(models, images=s.images, sigmas=s.sigmas, folder=s.run, **shared)


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's directions."""
    return measure(GlobalDirections.load(load_models(settings.domain)), settings)


def measure(directions: GlobalDirections, settings: Settings) -> dict:
    """How well the directions agree with the first-order ones and, if attributes can be read, what edits with them achieve."""
    models = directions.models
    images = min(directions.settings["images"], MOST_FIRST_ORDER)
    first = GlobalDirections.first_order(models, images=images, samples=settings.samples, seed=settings.seed)
    texts = [text for text in TEXTS if readable(models, text)]
    each_alone = [dataclasses.replace(directions_alone, ridge=0.0) for directions_alone in (directions, first)]
    pairs = [tuple(directions_alone.relevance(text) for directions_alone in each_alone) for text in texts]
    metrics = {"channels": int(directions.effects.any(1).sum()), "channels of the toRGB layers": int(directions.rgb_effects.any(1).sum()),
               "rank correlation with first order": round(sum(rank_correlation(*pair) for pair in pairs) / max(len(pairs), 1), 3)}
    if models.attributes is None or not texts:
        return metrics
    return {**metrics, f"edits of {settings.faces} invented faces, with the automatic strength": edits(directions, texts, settings.faces)}


def edits(directions: GlobalDirections, texts: list[str], faces: int, first_seed: int = 1000) -> dict:
    """The results of edits with the automatic strength, averaged over texts and faces."""
    models, prompts, reports = directions.models, [Prompt.of(directions.models, text) for text in texts], []
    for face in (Face.of_seed(models, first_seed + i) for i in range(faces)):
        reports += [measure_edit(models, face.image, auto_edit(directions, face, prompt).image, prompt.text) for prompt in prompts]
    return in_short(reports)


def rank_correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    """Spearman's rank correlation of two vectors, in [-1, 1]."""
    ranks = [values.argsort().argsort().double() for values in (a, b)]
    return float(torch.corrcoef(torch.stack(ranks))[0, 1])


def readable(models: Models, text: str) -> bool:
    """Whether the domain's CLIP knows all words of a text."""
    try:
        models.clip.encode_text([text, NEUTRAL])
    except StyleclipError:
        return False
    return True
