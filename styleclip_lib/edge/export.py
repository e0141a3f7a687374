"""Writes the networks of latent alignment as ONNX files, with all else that editing a face takes, and a page for browsers."""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import __version__
from ..editing.alignment import LatentAlignment, centred
from ..editing.prompt import Prompt
from ..editing.students import CLIP_STUDENT, STUDENT, clip_student_of, has, with_student
from ..errors import StyleclipError
from ..models import Models
from ..networks.alignment import Alignment
from ..paths import check_new_folder, folder_written_whole, user_path
from .web_runtime import copy_web_runtime, find_web_runtime

FORMAT = 1
"""Of the exported folder; `runtime.FORMAT` reads it."""

TEXTS = ("a smiling face", "an angry face", "a sad face", "a surprised face", "a face with glasses", "a face with sunglasses",
         "a face with a hat", "a bald face", "a face with blond hair", "a face with blue hair", "an old face", "a young face",
         "a face with closed eyes", "a face looking left", "a face looking up")
"""What is exported unless other texts are given, as far as the domain's CLIP can read it."""

PAGE = Path(__file__).parent / "page"


class Encoder(nn.Module):
    """picture [1, 3, R, R] in [-1, 1] -> CLIP's vector [1, D]. The resizing, which is linear, is two matrices."""

    shares: Tensor

    def __init__(self, models: Models):
        super().__init__()
        self.small = has(models, CLIP_STUDENT)
        self.network = clip_student_of(models) if self.small else models.clip
        size, side = self.network.image_size, models.generator.img_resolution
        mode = "bilinear" if self.small else "bicubic"
        one = torch.eye(side, device=models.device)[None, None]
        shares = one if size == side else F.interpolate(one, size=(size, side), mode=mode, antialias=True, align_corners=False)
        self.register_buffer("shares", shares[0, 0])

    def forward(self, x: Tensor) -> Tensor:
        return self.network.encode_image(self.shares @ x @ self.shares.T)


class Codes(nn.Module):
    """CLIP's vector of a picture [1, D] -> w_plus [1, num_ws, w_dim]"""

    def __init__(self, alignment: Alignment):
        super().__init__()
        self.alignment = alignment

    def forward(self, x: Tensor) -> Tensor:
        return self.alignment.codes(x)


class Steps(Codes):
    """What leads from the neutral text to a text, times C [1, D] -> offset [1, num_ws, w_dim]"""

    def forward(self, x: Tensor) -> Tensor:
        return self.alignment(x, of_text=True)


class Draw(nn.Module):
    """w_plus [1, num_ws, w_dim] -> picture [1, 3, R, R] in [-1, 1]"""

    def __init__(self, models: Models):
        super().__init__()
        self.synthesis = models.generator.synthesis

    def forward(self, x: Tensor) -> Tensor:
        return self.synthesis(x).clamp(-1, 1)


def export_onnx(models: Models, folder: str | Path, texts: Sequence[str] = (), faces: int = 6, web: str | Path | None = None,
                page: bool = True) -> Path:
    """Makes a folder with which faces are edited without PyTorch: by `run.py` in it, or by the page in it, in a browser.

    The mobile generator and the small encoder are taken where the domain brings them, else its own networks.

    texts  what faces can become; by default `TEXTS`, as far as CLIP can read them
    faces  how many invented faces to put in
    web    the folder `dist` of the npm package onnxruntime-web; None: see `web_runtime.find_web_runtime`
    page   whether to put the page in

    Returns the folder. Raises StyleclipError for a folder that is there, a text that cannot be read, and a package that is missing.
    """
    folder = user_path(folder)
    check_new_folder(folder)
    _check_packages()
    runtime = find_web_runtime(web) if page else None  # what cannot be had is better said before the work
    prompts = _prompts(models, texts)
    alignment = LatentAlignment.available(models)
    drawing = with_student(models) if has(models, STUDENT) else models
    codes = torch.cat([models.sample(seed) for seed in range(faces)])
    with torch.no_grad(), folder_written_whole(folder) as partial:
        examples = {"encoder": (Encoder(models), drawing.generator.synthesis(codes[:1]).clamp(-1, 1)),
                    "codes": (Codes(alignment.network), alignment.network.v_avg[None]),
                    "steps": (Steps(alignment.network), centred(prompts[:1])), "generator": (Draw(drawing), codes[:1])}
        for name, (network, example) in examples.items():
            write_onnx(network, example, partial / f"{name}.onnx")
        _write_numbers(alignment, prompts, codes, partial)
        shutil.copy(Path(__file__).with_name("runtime.py"), partial / "run.py")
        if runtime is not None:
            shutil.copytree(PAGE, partial, dirs_exist_ok=True)
            copy_web_runtime(runtime, partial / "ort")
    return folder


def _check_packages() -> None:
    for name in ("onnx", "onnxscript"):
        try:
            __import__(name)
        except ModuleNotFoundError:
            raise StyleclipError(f"Exporting needs the package '{name}': pip install --editable \".[export]\"") from None


def _prompts(models: Models, texts: Sequence[str]) -> tuple[Prompt, ...]:
    """The texts, understood. Of the usual ones those that CLIP cannot read are left out. Raises StyleclipError for such a one that was
    asked for, and where none is left."""
    prompts = []
    for text in texts or TEXTS:
        try:
            prompts.append(Prompt.of(models, text))
        except StyleclipError:
            if texts:
                raise
    if not prompts:
        raise StyleclipError(f"The CLIP of the domain '{models.domain}' reads none of the usual texts: give some with --texts.")
    return tuple(prompts)


def write_onnx(network: nn.Module, example: Tensor, path: Path) -> None:
    """Writes a network of one input, x, and one output, y. example: an input, whose shape is that of all inputs.

    Raises StyleclipError where PyTorch is too old.
    """
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(network.eval(), (example.contiguous(),), str(path), input_names=["x"], output_names=["y"], dynamo=True,
                              external_data=False, verbose=False)
    except TypeError as error:
        raise StyleclipError("This PyTorch cannot export: version 2.6 or newer is needed (pip install --upgrade torch).") from error
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


def _write_numbers(alignment: LatentAlignment, prompts: tuple[Prompt, ...], codes: Tensor, folder: Path) -> None:
    """What the editor computes itself, as numbers.bin, and what it is, as edge.json.

    deltas [T, D]   from the neutral text to each text
    vectors [T, D], means [T]   z-score of a face for each text: vector · v - mean
    gains [T]       what a step of C = 1 is predicted to add to it
    faces [F, num_ws, w_dim]
    """
    models, network = alignment.models, alignment.network
    texts, deltas = torch.cat([prompt.vector for prompt in prompts]), centred(prompts)
    reference = models.reference_faces().embedding @ texts.T
    effects = network(deltas, of_text=True).mean(1) @ network.effect
    arrays = {"deltas": deltas, "vectors": texts / reference.std(0)[:, None], "means": reference.mean(0) / reference.std(0),
              "gains": (effects * texts).sum(1) / reference.std(0), "faces": codes}
    facts = {"format": FORMAT, "domain": models.domain, "version": __version__, "size": models.generator.img_resolution,
             "cap_z": models.calibration.cap_z, "longest": alignment.longest, "texts": [prompt.text for prompt in prompts],
             "arrays": {name: list(value.shape) for name, value in arrays.items()}}
    np.concatenate([value.cpu().numpy().astype("<f4").ravel() for value in arrays.values()]).tofile(folder / "numbers.bin")
    (folder / "edge.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
