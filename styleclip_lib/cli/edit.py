"""``styleclip edit``: changes a face as a sentence says."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from ..errors import StyleclipError
from ..paths import check_destination, written_whole
from .parsing import Align, Device, Domain, Face, parse

if TYPE_CHECKING:
    import torch

    from ..models import Models

    Draw = Callable[[float], torch.Tensor]
    """strength -> picture [1, 3, R, R] in [-1, 1]"""
    Method = Callable[[Models, torch.Tensor], tuple[torch.Tensor, dict]]
    """models with a generator fitted to the face, and w_plus [1, num_ws, w_dim] -> the edited picture [1, 3, R, R], and the recipe"""


@dataclass
class Settings:
    """Change a face as a sentence says: find it, invert it, edit it. Ctrl-C keeps the best so far."""

    input: tyro.conf.Positional[Path]
    """a picture with one face"""
    output: tyro.conf.Positional[Path]
    """where to write the edited face (.png, .jpg, ...)"""
    text: str
    """what the face should become, such as "a smiling face with glasses" """
    method: Literal["optimization", "mapper", "directions"] = "optimization"
    """optimization: follow CLIP's gradient for this one face (Patashnik et al. 2021, section 4); mapper: a network that has learnt
    this text (section 5), trained now, in a minute or two, unless one is at hand; directions: one step in StyleSpace that suits
    every face (section 6), a matter of milliseconds"""
    strength: float | Literal["auto"] = 1.0
    """how far to go: 0 changes nothing, 1 is the method's own result, more exaggerates; auto: as far as CLIP gains more than the person
    loses; directions then take a text apart that says several things"""
    mapper: str = ""
    """mapper: the name of one that comes with the domain, or a file; by default one that knows the text, else a new one"""
    neutral: str = "a face"
    """directions: what the face is without the text; they go from the neutral text to the other. With --strength auto, "a face"
    may give way to what CLIP sees in place of the text, such as "a face with blue hair" where blond hair is asked for"""
    alpha: float = 2.0
    """directions: how far the most relevant channel moves, in standard deviations; --strength auto finds its own"""
    beta: float | Literal["auto"] = "auto"
    """directions: channels below this relevance stay as they are; the higher, the fewer side effects; auto: a fifth of the largest,
    and 0.6 of it for a text that speaks of a colour, which moves channels of the toRGB layers too"""
    ridge: float = 3.0
    """directions: 0 asks each channel by itself what it has to do with the text, as the paper does; above 0 all are asked together"""
    steps: int = 100
    """optimization: how many steps; none are taken where the text is true from the start"""
    space: Literal["styles", "w+", "w"] = "styles"
    """optimization: what moves: the styles of the channels, a latent for each layer, or one for all layers"""
    lambda_l2: float | None = None
    """optimization: weight of staying near the inverted face; by default what suits the space"""
    lambda_id: float = 0.1
    """optimization: weight of staying the same person"""
    lambda_side: float = 0.15
    """optimization: weight of what changes besides, in CLIP's eyes"""
    layers: Literal["all", "auto", "shape", "color"] = "all"
    """optimization: which layers of the generator may change: shape leaves colours alone, color leaves shapes, auto takes what the
    text speaks of"""
    inversion_steps: int = 100
    """steps of the inversion before"""
    tune: bool = False
    """after the inversion, let a copy of the generator learn to draw exactly this face (pivotal tuning, Roich et al. 2021): for faces that
    come out as somebody else"""
    tune_steps: int = 150
    """steps of it"""
    paste_back: bool = False
    """put the edited face back into the photograph that it was cropped out of, and save all of it"""
    seed: int = 0
    """the same seed gives the same result"""
    align: Align = "auto"
    """auto crops the face out, unless the picture is an aligned face already; always crops in any case; never takes the picture as it is"""
    face: Face = None
    """which face to take when there are several: its number, 0 being the largest, or largest"""
    domain: Domain = "portraits"
    """whose faces: the name of a domain, or a folder with one"""
    device: Device = "auto"
    """what computes"""
    fast: bool = False
    """multiply in bfloat16 where the device does so faster: a large generator takes half the time, with about one percent of difference"""
    report: Path | None = None
    """where to write, as .json, what was done (the recipe) and what it changed (measured)"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "edit", arguments)
    _check(settings)

    from ..images import check_picture_path, open_upright, save_image

    check_picture_path(settings.output)
    picture = open_upright(settings.input)

    from ..evaluation.report import measure_edit
    from ..inversion.invert import invert, preset_for
    from ..inversion.pivotal_tuning import tune_generator, with_noise
    from ..models import load_models
    from ..performance.speed import fast
    from ..photos.loading import load_face

    models = load_models(settings.domain, device=settings.device)
    photo = load_face(models, picture, align=settings.align, face=settings.face)
    if settings.paste_back and photo.quad is None:
        raise StyleclipError("--paste-back has nothing to paste into, because this picture was taken whole: "
                             "leave it away, or have the face cropped with --align always.")
    for note in photo.notes:
        print(note)
    models.clip.encode_text([settings.text, settings.neutral])  # what CLIP cannot read is better said before the inversion
    method = METHODS[settings.method](models, settings)
    start = invert(models, photo.image, preset=preset_for(models), steps=settings.inversion_steps, seed=settings.seed)
    if settings.tune:
        fitted, start = tune_generator(models, start, photo.image, steps=settings.tune_steps, seed=settings.seed)
    else:
        fitted = with_noise(models, start.noises)
    with fast(models.device) if settings.fast else nullcontext():
        edited, recipe = method(fitted, start.w_plus)
    recipe = {**recipe, "fast": True} if settings.fast else recipe
    measured = measure_edit(models, start.image, edited, settings.text)
    save_image(photo.paste_back(edited) if settings.paste_back else edited, settings.output)
    print(measured)
    print(f"Saved {settings.output}.")
    if settings.report is not None:
        if settings.tune:
            recipe = {**recipe, "tuning": {"steps": settings.tune_steps, "seed": settings.seed}}
        _write_report(settings.report, {"recipe": recipe, "measured": measured})
        print(f"Saved {settings.report}.")
    return 0


def _optimization(_: Models, settings: Settings) -> Method:
    from ..editing.optimization import optimize_latent
    from ..editing.style_edit import at_strength

    def method(models: Models, w_plus: torch.Tensor) -> tuple[torch.Tensor, dict]:
        edit = optimize_latent(
            models,
            w_plus,
            settings.text,
            steps=settings.steps,
            space=settings.space,
            lambda_l2=settings.lambda_l2,
            lambda_id=settings.lambda_id,
            lambda_side=settings.lambda_side,
            layers=settings.layers,
            seed=settings.seed,
        )
        return _drawn(models, settings, lambda strength: at_strength(models, w_plus, edit, strength), edit.recipe)

    return method


def _directions(models: Models, settings: Settings) -> Method:
    from ..editing.directions.auto import auto_edit, paints
    from ..editing.directions.global_directions import GlobalDirections

    directions = GlobalDirections.available(models)
    directions.ridge = settings.ridge
    beta = None if settings.beta == "auto" else settings.beta
    rgb = paints(directions, settings.text)
    directions.threshold(settings.text, settings.neutral, beta, rgb)  # says at once if it leaves no channel

    def automatic(fitted: Models, w_plus: torch.Tensor) -> tuple[torch.Tensor, dict]:
        directions.models = fitted
        edit = auto_edit(directions, w_plus, settings.text, None if settings.neutral == "a face" else settings.neutral, beta)
        return edit.image, edit.recipe

    def method(fitted: Models, w_plus: torch.Tensor) -> tuple[torch.Tensor, dict]:
        directions.models = fitted
        edit = directions.edit(w_plus, settings.text, settings.neutral, settings.strength * settings.alpha, beta, rgb)
        return edit.image, edit.recipe

    return automatic if settings.strength == "auto" else method


def _mapper(models: Models, settings: Settings) -> Method:
    from ..editing.mapper import LatentMapper, train_mapper
    from ..editing.mapper_file import mapper_for
    from ..editing.strength import LEARNT

    name = settings.mapper or mapper_for(models, settings.text)
    mapper = LatentMapper.load(models, name) if name else train_mapper(models, settings.text, seed=settings.seed)

    def method(fitted: Models, w_plus: torch.Tensor) -> tuple[torch.Tensor, dict]:
        mapper.models = fitted
        return _drawn(fitted, settings, lambda strength: mapper.edit(w_plus, strength).image, mapper.recipe, strengths=LEARNT)

    return method


def _drawn(models: Models, settings: Settings, draw: Draw, recipe: dict, **strengths) -> tuple[torch.Tensor, dict]:
    """The picture at the strength of the settings, and the recipe with it."""
    from ..editing.strength import best_strength

    strength = best_strength(models, draw, settings.text, **strengths) if settings.strength == "auto" else settings.strength
    return draw(strength), {**recipe, "strength": strength}


METHODS: dict[str, Callable[[Models, Settings], Method]] = {"optimization": _optimization, "mapper": _mapper,
                                                                "directions": _directions}
"""Each gets ready before the inversion, so that what it cannot do is said early; then it gets the generator to draw with and w_plus."""


def _check(settings: Settings) -> None:
    """Everything that can be said before a picture is opened or a model loaded."""
    if not settings.text.strip():
        raise StyleclipError('The text is empty: say what the face should become, such as --text "a smiling face".')
    if min(settings.steps, settings.tune_steps) < 1 or settings.inversion_steps < 0:
        raise StyleclipError("--steps and --tune-steps must be 1 or more and --inversion-steps 0 or more.")
    if settings.paste_back and settings.align == "never":
        raise StyleclipError("--paste-back has nothing to paste into where nothing is cropped: leave it or --align never away.")
    if not settings.neutral.strip():
        raise StyleclipError('The neutral text is empty: say what the face is without the edit, such as --neutral "a face".')
    if settings.strength != "auto" and not math.isfinite(settings.strength):
        raise StyleclipError("--strength must be a finite number, such as 1, or auto.")
    if not settings.ridge >= 0:
        raise StyleclipError("--ridge must be 0 or more, such as 3.")
    if not math.isfinite(settings.alpha):
        raise StyleclipError("--alpha must be a finite number, such as 2.")
    if settings.beta != "auto" and not 0 <= settings.beta < 1:
        raise StyleclipError("--beta must be at least 0 and below 1, such as 0.15, or auto.")
    check_destination(settings.output)
    if settings.report is not None and check_destination(settings.report).suffix != ".json":
        raise StyleclipError(f"Cannot write '{settings.report}': give it the extension .json.")


def _write_report(path: Path, content: dict) -> None:
    """JSON; dataclasses become dictionaries, tensors and arrays become lists."""

    def plain(value: object) -> object:
        for convert in ("tolist", "_asdict"):
            if hasattr(value, convert):
                return getattr(value, convert)()
        return vars(value)

    with written_whole(path) as partial:
        partial.write_text(json.dumps(content, default=plain, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
