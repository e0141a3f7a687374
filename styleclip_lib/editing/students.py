"""The students of a domain, small networks for small devices: a mobile generator and an image encoder of CLIP."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from ..errors import StyleclipError
from ..models import Models
from ..networks.clip_student import ClipStudent
from ..networks.mobile import MobileGenerator
from ..paths import user_path
from ..weights.domain import file_path, load_tensors, own_files
from ..weights.downloads.fingerprint import fingerprint
from ..weights.learnt import Learnt, halved
from ..weights.readers.filled import unfilled
from ..weights.schema import StudentFacts
from ..weights.tensor_file import Shapes

Student = TypeVar("Student", bound=nn.Module)

STUDENT, CLIP_STUDENT = "student", "clip_student"


def _files(name: str) -> Learnt[StudentFacts]:
    return Learnt(name, f"a {name}", f"styleclip train {name}", StudentFacts)


def has(models: Models, name: str) -> bool:
    """Whether a domain brings a student of this name."""
    return name in own_files(models.folder)


def with_student(models: Models, path: str | Path | None = None) -> Models:
    """The models with the mobile student in place of their generator. Latents, directions and mappers of the teacher fit it.

    path  a student's file; None: the domain's
    Raises StyleclipError if there is none, or if it learnt from another generator.
    """
    teacher = models.tuned_from or models.generator
    path, facts = _facts(models, STUDENT, path, teacher, "generator")
    student = _filled(lambda: MobileGenerator(teacher, **facts.config), lambda network: network.learnt(), path, STUDENT)
    student = student.to(memory_format=torch.channels_last).to(models.device).eval().requires_grad_(False)
    return replace(models, generator=student, tuned_from=teacher)


def clip_student_of(models: Models, path: str | Path | None = None) -> ClipStudent:
    """The small image encoder of the domain's CLIP. Raises StyleclipError if there is none, or if it learnt from another CLIP."""
    path, facts = _facts(models, CLIP_STUDENT, path, models.clip, "clip")
    student = _filled(lambda: ClipStudent(**facts.config), lambda network: network.state_dict(), path, CLIP_STUDENT)
    return student.to(models.device).eval().requires_grad_(False)


def write_student(path: str | Path, name: str, tensors: dict[str, Tensor], teacher: nn.Module, config: dict, recipe: dict) -> None:
    """Writes what a student has learnt, the fingerprint of its teacher, what it is built with and how it was made; whole or not at all.

    Raises StyleclipError if the place cannot be written.
    """
    facts = {"teacher": fingerprint(teacher), "config": config, "recipe": recipe}
    _files(name).write(user_path(path), halved(tensors), facts)


def _facts(models: Models, name: str, path: str | Path | None, teacher: nn.Module, kind: str) -> tuple[Path, StudentFacts]:
    """The file of a student, and what it says of itself."""
    if path is None and not has(models, name):
        raise StyleclipError(f"The domain '{models.domain}' comes without a {name}; train one: styleclip train {name}.")
    path = file_path(models.folder, name) if path is None else user_path(path)
    if not os.path.isfile(path):
        raise StyleclipError(f"There is no {name} at {path}; styleclip train {name} makes one.")
    facts = _files(name).read_facts(path)
    if facts.teacher != fingerprint(teacher):
        raise StyleclipError(f"{path} learnt from another {kind} than that of the domain '{models.domain}', where it would mean something "
                             f"else; train one for this domain: styleclip train {name}.")
    return path, facts


def _filled(build: Callable[[], Student], own: Callable[[Student], Mapping[str, Tensor]], path: Path, name: str) -> Student:
    """A student with its weights. Raises StyleclipError if they do not fit what the file says, before either takes any memory."""
    what = f"the {name} that the file speaks of"

    def accept(shapes: Shapes) -> None:
        if dict(shapes) != {key: tuple(value.shape) for key, value in own(unfilled(build, what)).items()}:
            raise StyleclipError(f"The tensors in {path} do not fit {what}; make it again: styleclip train {name}.")

    tensors = load_tensors(path, accept=accept)
    network = build()
    network.load_state_dict(tensors, strict=False)
    return network
