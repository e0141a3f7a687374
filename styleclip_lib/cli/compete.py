"""``styleclip compete``: a leaderboard of methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from .. import __version__
from ..errors import StyleclipError
from ..paths import check_results_folder, write_json, written_whole
from .parsing import DomainName, parse

Anchor = Literal["optimisation", "mapper", "directions", "oracle"]
FULL_NAMES = {"optimisation": "paper: optimisation", "mapper": "paper: mapper", "directions": "paper: global directions"}


@dataclass
class Settings:
    """Rank editing methods on held-out portraits. A method is a file that defines edit(models, face, prompt) -> Edit.

    Each runs in its own process without network access. Writes leaderboard.html, with pictures, and leaderboard.json. A starter and a
    better sketch are in notebooks/assignments/leaderboard.
    """

    folder: Annotated[Path, tyro.conf.Positional]
    """the entries: .py files or notebooks"""
    out: Path = Path("leaderboard")
    """the folder for the results; files in it are overwritten"""
    texts: int = 14
    """number of texts"""
    each: int = 2
    """number of portraits that each text is tried on"""
    portraits: int = 20
    """number of held-out portraits to invert, from which those are chosen"""
    anchors: tuple[Anchor, ...] = ("optimisation", "directions", "oracle")
    """baselines: the papers' methods (a mapper is trained for each text that the domain has none for, which takes minutes), and the
    score of a perfect edit"""
    seconds: float = 120.0
    """CPU time allowed for an edit; one that takes longer counts as failed"""
    domain: DomainName = "portraits"
    """the name of a domain of portraits, or a folder with one"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "compete", arguments)
    if min(settings.texts, settings.each, settings.portraits) < 1 or settings.seconds <= 0:
        raise StyleclipError("--texts, --each and --portraits must be 1 or more, and --seconds above 0.")
    if settings.texts * settings.each < 2:
        raise StyleclipError("One edit proves nothing: ask for at least two, with --texts or --each.")

    from tqdm.auto import tqdm

    from ..evaluation.evaluate import held_out
    from ..evaluation.examiner import examined, examiners_of, measured_by
    from ..grading.contest import ANCHORS, Entry, compete, oracle, read_entries, tasks_for
    from ..grading.contest_page import contest_page, ranked
    from ..grading.sandbox import Limits
    from ..models import load_models

    entries, out = read_entries(settings.folder), check_results_folder(settings.out)
    models = load_models(settings.domain, device="cpu")
    judges = examined(models)
    people = held_out(models, settings.portraits)
    tasks = tasks_for(judges, people, settings.texts, settings.each)
    limits = Limits(settings.seconds, settings.seconds * (len(tasks) + 2), 4000)
    entries += [Entry(FULL_NAMES[name], ANCHORS[FULL_NAMES[name]]) for name in settings.anchors if name in FULL_NAMES]
    with tqdm(total=len(entries) * len(tasks), desc="edits", leave=False) as bar:
        for entry in entries:
            compete(entry, judges, people, tasks, limits, bar.update)
    if "oracle" in settings.anchors:
        entries.append(oracle(judges, people, tasks))
    out.mkdir(parents=True, exist_ok=True)
    before = [models.generator.synthesis(people.inversions[task.portrait].w_plus).clamp(-1, 1) for task in tasks]
    with written_whole(out / "leaderboard.html") as path:
        path.write_text(contest_page(entries, tasks, before, measured_by(models)), encoding="utf-8")
    content = {"version": __version__, "independent": examiners_of(models) is not None,
               "entries": [entry.summary() for entry in ranked(entries)]}
    write_json(out / "leaderboard.json", content)
    for place, entry in enumerate(ranked(entries), start=1):
        print(f"{place:3}  {entry.name:30}  success {entry.success.share:4.0%}  {entry.failures[0] if entry.failures else ''}")
    print(f"Open {settings.out / 'leaderboard.html'}.")
    return 0
