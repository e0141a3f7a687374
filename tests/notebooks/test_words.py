"""The standard words stand in what people read: none of the words on the left of CONTRIBUTING's table is in lessons, README or docs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

AMBIGUOUS = {"already", "content", "enough", "fit", "found", "numbers", "opponents", "reached", "redrawn", "ridge", "said", "seen", "size",
             "spread", "statement", "step", "strangers", "way"}
"""Words of the table that have another, ordinary meaning, which prose may need."""

NO_PROSE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+", re.DOTALL)
"""Blocks of code, code in a line, and addresses."""


def words_to_avoid() -> list[str]:
    """The words left of their replacements in CONTRIBUTING's table; explanations in brackets are left out."""
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| not | but |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    left = [word for row in rows for cell in (row[0], row[3]) for word in re.sub(r"\([^)]*\)", "", cell).split(",")]
    return [word.strip(" `") for word in left]


AVOIDED = [word for word in words_to_avoid() if word not in AMBIGUOUS]


def prose(path: Path) -> str:
    """What a page or a notebook's markdown says, without code and addresses."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")
    return NO_PROSE.sub(" ", text)


def found(text: str) -> list[str]:
    return [word for word in AVOIDED if re.search(rf"(?<![\w-]){re.escape(word)}s?(?![\w-])", text, re.IGNORECASE)]


@pytest.mark.parametrize("path", LESSONS + PAGES, ids=lambda path: path.stem)
def test_standard_words(path):
    assert found(prose(path)) == []


def test_the_table_is_read():
    assert {"brakes", "companions", "lambda_side", "running average", "shaking", "flip"} <= set(AVOIDED)
    assert set(words_to_avoid()) >= AMBIGUOUS


def test_words_are_found_in_prose_only():
    assert found("The brakes hold. A Film.") == ["brakes", "film"]
    assert found("A brakesman on filmy paths") == []
    assert found(NO_PROSE.sub(" ", "`lambda_side` and\n```\nfilm\n```\n[a](film.md)")) == []
