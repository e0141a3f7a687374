"""A contest of methods: everybody's ``edit(models, face, prompt) -> Edit`` on the same held-out portraits and texts, measured alike.

An entry runs in the sandbox. Only a latent code or styles come back; the picture is drawn here, by the domain's generator, so nobody
can hand in a picture that the generator cannot draw. The methods of the papers take part as entries of their own.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from ..editing.face import Face
from ..errors import StyleclipError, plain
from ..evaluation.agreement import Agreement
from ..evaluation.answers import Answer
from ..evaluation.evaluate import HeldOut, portraits_for
from ..evaluation.intervals import confidence_interval
from ..evaluation.oracle import oracle_edits
from ..evaluation.outside import distance_outside, region
from ..evaluation.questions import Question, questions_for_tuning
from ..evaluation.recipes import ORACLE
from ..evaluation.report import measure_edit
from ..models import Models
from ..paths import open_regular
from ..weights.domain import lasting_name, sources
from .notebooks import read_notebook
from .sandbox import Gone, Limits, Sandbox
from .wire import WireError

RECIPE = "from styleclip_lib.editing.recipes import {kind}\n\n\ndef edit(models, face, prompt):\n" \
         "    return {recipe}.apply(models, face, prompt, progress=False)\n"
ANCHORS = {
    "paper: optimisation": RECIPE.format(kind="Optimization", recipe="Optimization.PAPER"),
    "paper: mapper": RECIPE.format(kind="MapperEdit", recipe="MapperEdit()"),
    "paper: global directions": RECIPE.format(kind="Directions", recipe="Directions.PAPER"),
}
ENTRANCE = """
from styleclip_lib import Face as _Face, Prompt as _Prompt, load_models as _load_models
_models = _load_models({domain!r}, device="cpu")

def _entrance(w_plus, text):
    face = edit(_models, _Face(w_plus, _models.generator), _Prompt.of(_models, text)).face
    return face.w_plus, face.changed_styles
"""
MOST_SOURCE = 2**20


@dataclass
class Entry:
    """One method and what came of it.

    answers   one for each portrait and text;  images: the edited faces [1, 3, R, R], in the same order
    failures  why an edit was not made, one sentence each; such an edit counts as a face that did not change
    """

    name: str
    source: str
    answers: list[Answer] = field(default_factory=list)
    images: list[Tensor] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def success(self) -> Agreement:
        return Agreement(sum(bool(answer.report.success) for answer in self.answers), len(self.answers))

    def mean(self, of: Callable[[Answer], float]) -> tuple[float, float]:
        """A mean over all edits, and half the width of its 95 % interval."""
        return confidence_interval(torch.tensor([float(of(answer)) for answer in self.answers]))

    def summary(self) -> dict:
        low, high = self.success.interval()
        return {"name": self.name, "edits": len(self.answers), "success": self.success.share, "success_interval": [low, high],
                "side_effects": self.mean(lambda a: len(a.report.side_effects)), "identity": self.mean(lambda a: a.report.identity),
                "seconds": None if any(a.report.seconds is None for a in self.answers) else self.mean(lambda a: a.report.seconds),
                "failures": self.failures}


@dataclass(frozen=True)
class Task:
    """An edit that everybody is asked for: a portrait's number, and a text."""

    portrait: int
    question: Question


def read_entries(folder: Path) -> list[Entry]:
    """The .py files and notebooks in a folder, or one for each folder in it. Raises StyleclipError when there is none."""
    if not os.path.isdir(folder):
        raise StyleclipError(f"There is no folder '{folder}': give the one that holds the entries.")
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".ipynb") and path.is_file() and not path.is_symlink()
             and not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    entries = [Entry("/".join(path.relative_to(folder).with_suffix("").parts), _source(path)) for path in paths]
    if not entries:
        raise StyleclipError(f"There is no entry in '{folder}': put files there that define edit(models, face, prompt).")
    return entries


def tasks_for(models: Models, people: HeldOut, texts: int, each: int) -> list[Task]:
    """Texts evenly out of those of `evaluate`, each asked of so many portraits, of which it is not true yet if there are such."""
    tasks = []
    known = questions_for_tuning()
    for question in [known[i * len(known) // texts] for i in range(min(texts, len(known)))]:
        suited = portraits_for(people, question, None, start=7 * len(tasks))
        images = {number: people.inversions[number].image for number in suited}
        new = [number for number in suited if not measure_edit(models, images[number], images[number], question.text).true_before]
        tasks += [Task(number, question) for number in (new or suited)[:each]]
    return tasks


def compete(entry: Entry, models: Models, people: HeldOut, tasks: Sequence[Task], limits: Limits,
            on_each: Callable[[], None] = lambda: None) -> Entry:
    """Fills an entry with its answers to all tasks. models measure and draw; the entry has its own, of the same domain.

    Raises StyleclipError when no process can be started for it.
    """
    folders = [folder.resolve() for folder in {models.folder, *sources(models.folder).values()}]
    with (tempfile.TemporaryDirectory(prefix="compete-", ignore_cleanup_errors=True) as scratch,
          _started(entry, Path(scratch).resolve(), limits, folders) as sandbox):
        _enter(entry, models, sandbox)
        for task in tasks:
            _answer(entry, models, people, task, sandbox)
            on_each()
    return entry


def oracle(models: Models, people: HeldOut, tasks: Sequence[Task]) -> Entry:
    """What a perfect edit would be told: the portraits drawn again with what the text says."""
    entry = Entry(ORACLE, "")
    for task in tasks:
        row, = oracle_edits(models, HeldOut(people.factors[task.portrait], [people.inversions[task.portrait]]), [task.question], 1)
        report = replace(row.answers[0].report, seconds=None)
        entry.answers.append(replace(row.answers[0], report=report))
    return entry


def _source(path: Path) -> str:
    if path.suffix == ".ipynb":
        notebook, why = read_notebook(path)
        if notebook is None:
            return f"raise SystemExit({why!r})"
        return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    with open_regular(path) as file:
        return file.read(MOST_SOURCE).decode("utf-8", errors="replace")


def _started(entry: Entry, scratch: Path, limits: Limits, readable: Sequence[Path]) -> Sandbox:
    try:
        return Sandbox(scratch, limits, readable)
    except Gone as gone:
        raise StyleclipError(f"The process for {entry.name} did not start: {gone}. Try again.") from None


def _enter(entry: Entry, models: Models, sandbox: Sandbox) -> None:
    """Runs the entry's source and then, where it has defined edit, what calls that."""
    try:
        _run(entry, sandbox, entry.source)
        answer, _ = sandbox.ask({"look_up": "edit"})
        if "value" in answer:
            _run(entry, sandbox, ENTRANCE.format(domain=lasting_name(models.folder)))
    except (Gone, WireError) as gone:
        entry.failures.append(f"It did not start: {gone}.")


def _run(entry: Entry, sandbox: Sandbox, source: str) -> None:
    """Runs lines in the sandbox, and notes what went wrong. Raises Gone and WireError."""
    answer, late = sandbox.ask({"run": source})
    error = {"ename": "Stopped", "evalue": late} if late else answer.get("error")
    if isinstance(error, dict):
        entry.failures.append(plain(f"It did not start: {error.get('ename')}: {error.get('evalue')}"))


def _answer(entry: Entry, models: Models, people: HeldOut, task: Task, sandbox: Sandbox) -> None:
    w_plus = people.inversions[task.portrait].w_plus.cpu()
    before, spent = Face(w_plus.to(models.device), models.generator), sandbox.spent
    after = before
    try:
        reply, late = sandbox.ask({"call": "_entrance", "arguments": [w_plus, task.question.text]})
        if late:
            raise StyleclipError(f"it was stopped: {late}")
        if "value" not in reply:
            raise StyleclipError("nothing was written" if reply.get("not_written") else reply.get("failed", "there is no function edit"))
        after = _face(reply["value"], before, models)
    except (StyleclipError, WireError) as error:
        entry.failures.append(plain(f"'{task.question.text}': {error}".replace("_entrance", "edit")))
    except Gone as gone:
        entry.failures.append(plain(f"'{task.question.text}': it was stopped: {gone}."))
        with contextlib.suppress(Gone):
            sandbox.restart()
            _enter(entry, models, sandbox)
    image = after.image.clamp(-1, 1)
    may_change = region(people.factors[task.portrait], task.question.text, models.generator.img_resolution).to(models.device)
    outside = distance_outside(models.perceptual, before.image.clamp(-1, 1), image, may_change)
    report = measure_edit(models, before.image, image, task.question.text, sandbox.spent - spent)
    entry.answers.append(Answer(task.portrait, report, outside))
    entry.images.append(image)


def _face(value: object, before: Face, models: Models) -> Face:
    """The face of what came back. Raises StyleclipError for anything that the generator cannot draw."""
    try:
        w_plus, changed = value  # type: ignore[misc]
        parts = [(w_plus, before.w_plus), *(zip(changed, before.styles) if changed is not None else ())]
        fits = all(isinstance(new, Tensor) and new.shape == old.shape and bool(new.isfinite().all()) for new, old in parts)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise StyleclipError("what came back is no edit of this face: a w_plus, or styles, of the generator's shapes is needed")
    moved = [new.to(models.device, torch.float32) for new, _ in parts]
    return Face(moved[0], models.generator, changed_styles=tuple(moved[1:]) if changed is not None else None)  # type: ignore[arg-type]
