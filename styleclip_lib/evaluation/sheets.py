"""Contact sheets of an evaluation: every edit, for looking at what the figures miss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ..images import image_grid, save_image
from .answers import THUMBNAIL, Answer, Row


def save_sheets(rows: Sequence[Row], folder: Path) -> list[Path]:
    """One picture for each method, FOLDER/METHOD.jpg: a row for each text, with the pictures before and after each edit.

    Below each edit stand its text and the verdict. Returns the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for method in dict.fromkeys(row.method for row in rows):
        path = folder / f"{method}.jpg"
        save_image(sheet([row for row in rows if row.method == method]), path)
        paths.append(path)
    return paths


def sheet(rows: Sequence[Row]) -> Image.Image:
    """The edits of one method, a row for each text."""
    columns = max(len(row.answers) for row in rows)
    nothing = Image.new("RGB", (2 * THUMBNAIL, THUMBNAIL), "white")
    pictures, labels = [], []
    for row in rows:
        missing = columns - len(row.answers)
        pictures += [*(answer.thumbnails or nothing for answer in row.answers), *[nothing] * missing]
        labels += [*(f"{row.question.text}: {_verdict(answer)}" for answer in row.answers), *[""] * missing]
    return image_grid(pictures, columns=columns, labels=labels)


def _verdict(answer: Answer) -> str:
    report = answer.report
    if report.true_before:
        return "true before"
    return "cannot be read" if report.success is None else "success" if report.success else "missed"
