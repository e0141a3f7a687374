"""Every lesson keeps to the rules of tools/notebook_rules.py; that they also run is nbval's part of ``make test``."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools.notebook_rules import HEADINGS, layout, problems

ROOT = Path(__file__).parent.parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DIAGRAMS = sorted((ROOT / "notebooks" / "images").glob("*.svg"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson(path):
    assert problems(path) == []


def test_the_lessons_have_the_names_that_the_readme_lists():
    listed = re.findall(r"\]\(notebooks/([\w]+)\.ipynb\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(set(listed)) == [path.stem for path in LESSONS]


# --- the rules themselves, on a notebook that is broken in one way at a time --------------------------------------


def code(source: str, *outputs: dict, **metadata) -> dict:
    return {"cell_type": "code", "source": source, "outputs": list(outputs), "execution_count": 1, "metadata": metadata}


DIAGRAM = "![A picture goes through the network and comes out changed](images/00_idea.svg)"
PROSE = f"# A lesson\n\n{DIAGRAM}\n\n" + "\n\n".join(f"## {heading}" for heading in HEADINGS)

GOOD = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": PROSE},
        code("print(1)", {"output_type": "stream", "name": "stdout", "text": ["1\n"]}),
    ],
}


def broken(change) -> dict:
    book = copy.deepcopy(GOOD)
    change(book)
    return book


def says(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": text}


def shows(kind: str, content: str) -> dict:
    return {"output_type": "display_data", "metadata": {}, "data": {kind: content}}


WIDGET = "application/vnd.jupyter.widget-view+json"
FAILURE = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}

BROKEN = {
    "metadata.widgets": lambda book: book["metadata"].update(widgets={}),
    "kernel": lambda book: book["metadata"]["kernelspec"].update(name="conda-env-me"),
    "title": lambda book: book["cells"][0].update(source=book["cells"][0]["source"][1:]),
    "'Summary' is missing": lambda book: book["cells"][0].update(source=PROSE.replace("Summary", "The end")),
    "21 lines": lambda book: book["cells"][1].update(source="\n\n".join(["pass"] * 11)),
    "101 columns": lambda book: book["cells"][1].update(source=f"# {'x' * 99}"),
    "asserts": lambda book: book["cells"][1].update(source="if DOMAIN:\n    assert psnr > 17"),
    "claims": lambda book: book["cells"][1].update(source="assert torch.equal(a, b) and psnr > 17"),
    "not run": lambda book: book["cells"][1].update(execution_count=None),
    "error": lambda book: book["cells"][1]["outputs"].append(FAILURE),
    "no outputs": lambda book: book["cells"][1].update(outputs=[]),
    "without its state": lambda book: book["cells"][1]["outputs"].append(shows(WIDGET, "")),
    "/home/me/x": lambda book: book["cells"][1]["outputs"].append(says("in /home/me/x at line 1")),
    "/root/.cache/x": lambda book: book["cells"][1]["outputs"].append(says("files are in /root/.cache/x; the rest")),
    "/tmp/a.png": lambda book: book["cells"][1].update(source="open('/tmp/a.png')"),
    "Users": lambda book: book["cells"][1]["outputs"].append(shows("text/html", "<b>C:\\Users\\me</b>")),
    "torch is imported before": lambda book: book["cells"][1].update(source="import torch\nfrom styleclip_lib import load_models"),
    "words, more than 2500": lambda book: book["cells"][0].update(source=PROSE.replace("## Summary", "so " * 2490 + "\n## Summary")),
    "0 diagrams": lambda book: book["cells"][0].update(source=PROSE.replace(DIAGRAM, "")),
    "2 diagrams": lambda book: book["cells"][0].update(source=PROSE.replace(DIAGRAM, f"{DIAGRAM} {DIAGRAM}")),
    "alternative text": lambda book: book["cells"][0].update(source=PROSE.replace("A picture goes through the", "The")),
    "other.svg is not in images/": lambda book: book["cells"][0].update(source=PROSE.replace("00_idea", "other")),
    "leads nowhere": lambda book: book["cells"][0].update(source=PROSE + "\n\n[next](01_next.ipynb)"),
    "malformed": lambda book: book["cells"][0].update(source=PROSE + "\n\n[paper](https://arxiv/abs/2103.17249)"),
    "without a folded answer": lambda book: book["cells"][0].update(source=PROSE + "\n\n**Predict first.** Which one?"),
    "answer: 'what if": lambda book: book["cells"][0].update(source=PROSE + "\n\nGo on: what if?\n</details>"),
    "MB": lambda book: book["cells"][1]["outputs"].append(shows("image/png", "A" * 1_700_000)),
}


def complaints(book: dict, folder: Path) -> list[str]:
    path = folder / "lesson.ipynb"
    (folder / "images").mkdir(exist_ok=True)
    (folder / "images" / "00_idea.svg").touch()
    path.write_text(json.dumps(book), encoding="utf-8")
    return problems(path)


def test_a_good_lesson_has_no_complaints(tmp_path):
    assert complaints(GOOD, tmp_path) == []


@pytest.mark.parametrize("word", BROKEN)
def test_one_break_gives_one_complaint_that_names_it(word, tmp_path):
    found = complaints(broken(BROKEN[word]), tmp_path)
    assert len(found) == 1 and word in found[0]


def test_what_is_no_word(tmp_path):
    """Code, formulas, addresses, numbers, and the references, which come last."""
    none = "\n```python\nx = y\n```\n" + "`x` $a + b$ $$c$$ [](https://example.org/words) 12 <b></b> " * 500
    for prose in (PROSE.replace("## Summary", f"## Summary\n{none}"), PROSE + none + "so " * 2600):
        assert complaints(broken(lambda book, prose=prose: book["cells"][0].update(source=prose)), tmp_path) == []


def test_what_a_lesson_may_assert(tmp_path):
    agree = code("%matplotlib inline\nassert torch.equal(a, b) and torch.allclose(b, c, atol=1e-4)")
    assert complaints(broken(lambda book: book["cells"].append(agree)), tmp_path) == []


def test_lessons_link_to_their_neighbours(tmp_path):
    for name in ("00_a.ipynb", "02_b.ipynb", "03_c.ipynb"):
        (tmp_path / name).write_text(json.dumps(GOOD), encoding="utf-8")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "00_idea.svg").touch()
    assert problems(tmp_path / "00_a.ipynb") == [f"its {where} cell does not link to 02_b.ipynb" for where in ("first", "last")]
    assert [rule[-10:] for rule in problems(tmp_path / "02_b.ipynb")] == ["00_a.ipynb"] * 2 + ["03_c.ipynb"] * 2
    linked = broken(lambda book: book["cells"][0].update(source=PROSE + "\n\n[before](02_b.ipynb)"))
    (tmp_path / "03_c.ipynb").write_text(json.dumps(linked), encoding="utf-8")
    assert problems(tmp_path / "03_c.ipynb") == []


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_diagrams_can_be_read_everywhere(path):
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 20_000
    root = ElementTree.fromstring(text)
    assert root.get("viewBox", "").startswith("0 0 800 ") and root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "prefers-color-scheme: dark" in text
    assert min(map(float, re.findall(r"font(?:-size)?:[^;}]*?(\d+)px", text))) >= 14


def test_hidden_tests_count_like_other_lines():
    def hidden(lines, line="pass"):
        return "with checking('f'):\n    ### BEGIN HIDDEN TESTS\n" + f"    {line}\n" * lines + "    ### END HIDDEN TESTS"

    assert layout({"cells": [code(hidden(17))]}) == []
    assert layout({"cells": [code(hidden(18))]}) == [
        "cell 0 has 21 lines, more than 20: split it, or move a helper into the library"]
    assert "111 columns" in layout({"cells": [code(hidden(1, "x" * 107))]})[0]


def test_not_json(tmp_path):
    (tmp_path / "a.ipynb").write_text("{")
    assert problems(tmp_path / "a.ipynb") == ["it is not valid JSON"]


def test_an_error_that_is_meant_is_fine(tmp_path):
    book = broken(lambda book: book["cells"].append(code("1/0", FAILURE, tags=["raises-exception"])))
    assert complaints(book, tmp_path) == []


def test_addresses_and_pictures_are_no_machine_paths(tmp_path):
    outputs = says("see https://example.org/home/me/x and a/tmp/b"), shows("image/png", "AB/tmp/xyz")
    assert complaints(broken(lambda book: book["cells"].append(code("1", *outputs))), tmp_path) == []
