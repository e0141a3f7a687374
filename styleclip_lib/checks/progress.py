"""What a student has solved, kept in a file beside the notebooks. Nothing of it goes anywhere else."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ..errors import StyleclipError
from ..paths import open_regular, write_json

FILE = "progress.json"
EXERCISE = re.compile(r"^check_(\w+)\((\w+)\)|^with checking\(\"(\w+)\"\)", re.MULTILINE)
MOST_BYTES, MOST_IN_A_NOTEBOOK = 2**20, 30 * 2**20


def record(exercise: str) -> None:
    """Enters an exercise as solved, in the folder of the notebook that runs; does nothing elsewhere, or where nothing can be written."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is None:
        return
    try:
        solved = read(Path.cwd())
        write_json(Path.cwd() / FILE, {exercise: date.today().isoformat(), **solved})
    except StyleclipError:
        return


def read(folder: Path) -> dict[str, str]:
    """{exercise: the day on which it was solved}; empty where there is no file, or one that is none of ours."""
    path = folder / FILE
    if not os.path.exists(path):
        return {}
    try:
        with open_regular(path) as file:
            content = json.loads(file.read(MOST_BYTES))
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(day) for name, day in content.items()} if isinstance(content, dict) else {}


def exercises(folder: Path) -> Iterator[tuple[str, dict[str, set[str]]]]:
    """(notebook, {exercise: the names by which its check may call it}) for each notebook in a folder that has some."""
    for path in sorted(folder.glob("*.ipynb")):
        try:
            with open_regular(path) as file:
                cells = json.loads(file.read(MOST_IN_A_NOTEBOOK))["cells"]
            code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        except (ValueError, LookupError, TypeError, RecursionError):
            continue
        names = {function or task: {check, function, task} - {""} for check, function, task in EXERCISE.findall(code)}
        if names:
            yield path.stem, names


def progress(folder: Path | str = ".") -> str:
    """What is solved in a folder of notebooks, a line for each: print(progress())"""
    folder, lines = Path(folder), []
    solved = read(folder)
    for notebook, names in exercises(folder):
        done = [name for name, known in names.items() if known & set(solved)]
        shown = ", ".join(f"{'✓' if name in done else '○'} {name}" for name in names)
        lines.append(f"{notebook:36} {len(done)} of {len(names)}   {shown}")
    if not lines:
        raise StyleclipError(f"There is no notebook with exercises in '{folder}': give the folder of the lessons.")
    return "\n".join(lines)
