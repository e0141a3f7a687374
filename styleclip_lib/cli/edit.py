"""``styleclip edit``: changes a face as a sentence says."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from ..errors import StyleclipError
from ..paths import check_destination, written_whole
from .parsing import Align, Device, Domain, Face, parse


@dataclass
class Settings:
    """Change a face as a sentence says: find it, invert it, edit it. Ctrl-C keeps the best so far."""

    input: tyro.conf.Positional[Path]
    """a picture with one face"""
    output: tyro.conf.Positional[Path]
    """where to write the edited face (.png, .jpg, ...)"""
    text: str
    """what the face should become, such as "a smiling face with glasses" """
    method: Literal["optimization"] = "optimization"
    """optimization: follow CLIP's gradient for this one face (Patashnik et al. 2021, section 4)"""
    strength: float = 1.0
    """how far to go: 0 changes nothing, 1 is the method's own result, more exaggerates"""
    steps: int = 50
    """steps of the optimisation"""
    lambda_l2: float = 0.003
    """weight of staying near the inverted face"""
    lambda_id: float = 0.2
    """weight of staying the same person"""
    layers: Literal["auto", "all", "shape"] = "auto"
    """which layers of the generator may change: shape leaves colours alone, auto does so unless the text names one"""
    inversion_steps: int = 100
    """steps of the inversion before"""
    seed: int = 0
    """the same seed gives the same result"""
    align: Align = "auto"
    """auto crops the face out of every picture that has not exactly the generator's size"""
    face: Face = None
    """which face to take when there are several: its number, 0 being the largest, or largest"""
    domain: Domain = "portraits"
    """whose faces: the name of a domain, or a folder with one"""
    device: Device = "auto"
    """what computes"""
    report: Path | None = None
    """where to write, as .json, what was done (the recipe) and what it changed (measured)"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "edit", arguments)
    _check(settings)

    from ..images import check_picture_path, open_picture, save_image

    check_picture_path(settings.output)
    picture = open_picture(settings.input)

    from ..editing.latent_optimization import optimize_latent
    from ..inversion import invert
    from ..metrics import measure_edit
    from ..models import load_models
    from .portrait import aligned_portrait, note_on_photographs

    models = load_models(settings.domain, device=settings.device)
    face, cropped = aligned_portrait(models, picture, settings.align, settings.face)
    note_on_photographs(models, cropped)
    models.clip.encode_text([settings.text])  # a word that CLIP does not know is better said before the inversion
    start = invert(models, face, steps=settings.inversion_steps, seed=settings.seed)
    edit = optimize_latent(
        models,
        start.w_plus,
        settings.text,
        steps=settings.steps,
        lambda_l2=settings.lambda_l2,
        lambda_id=settings.lambda_id,
        layers=settings.layers,
        seed=settings.seed,
    )
    edited = at_strength(models, start.w_plus, edit, settings.strength)
    measured = measure_edit(models, start.image, edited, settings.text)
    save_image(edited, settings.output)
    print(measured)
    print(f"Saved {settings.output}.")
    if settings.report is not None:
        recipe = {**edit.recipe, "strength": settings.strength}
        _write_report(settings.report, {"recipe": recipe, "measured": measured})
        print(f"Saved {settings.report}.")
    return 0


def at_strength(models, w_plus, edit, strength: float):
    """The edit at another strength: the picture of w_s + strength · (w - w_s), [1, 3, R, R] in [-1, 1]."""
    import torch

    if strength == 1:
        return edit.image
    with torch.inference_mode():
        return models.generator.synthesis(w_plus + strength * (edit.w_plus - w_plus), noise_mode="const")


def _check(settings: Settings) -> None:
    """Everything that can be said before a picture is opened or a model loaded."""
    if not settings.text.strip():
        raise StyleclipError('The text is empty: say what the face should become, such as --text "a smiling face".')
    if settings.steps < 1 or settings.inversion_steps < 0:
        raise StyleclipError("--steps must be 1 or more and --inversion-steps 0 or more.")
    if not math.isfinite(settings.strength):
        raise StyleclipError("--strength must be a finite number, such as 1.")
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
