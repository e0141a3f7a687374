"""The deck of slides that is made from the lessons."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("latex2mathml", reason="slides need the extra 'grade'")

from tools.make_slides import main

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def test_every_lesson_has_its_slides(tmp_path, capsys):
    assert main([str(tmp_path / "deck"), *map(str, LESSONS)]) == 0
    page = (tmp_path / "deck" / "index.html").read_text("utf-8")
    for path in LESSONS:
        assert f'<section id="{path.stem}"' in page and f'href="#{path.stem}"' in page
    assert page.count("<h2>Summary</h2>") == page.count("<h2>What you will be able to do</h2>") == len(LESSONS)
    questions = sum(cell.source.count("**Predict first") for path in LESSONS for cell in nbformat.read(path, as_version=4).cells)
    assert page.count("<strong>Predict first") == questions > 0
    assert not re.search(r"""(?:src|href)=["'](?!data:|#|http|\d\d_)""", page)  # nothing is loaded; links lead to pages
    assert not [formula for formula in re.findall(r"<math.*?</math>", page, flags=re.DOTALL) if "\\" in formula]
    assert not re.search(r"FORMULA\d|(?<![\\w])\\$[^$<]{1,40}\\$", re.sub(r"<script.*|data:[^\"]*", "", page, flags=re.DOTALL))


def test_what_becomes_of_a_lesson(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "x.svg").write_text(SVG, encoding="utf-8")
    first = ("# 99 · A lesson\n\n[← 98](98.ipynb)\n\nAbout $w_s$.\n\n![A diagram](images/x.svg)\n\n"
             "## What you will be able to do\n\n* count\n\n**Time:** 1 minute.")
    rest = ("## 1. A sum\n\n**Predict first.** What is 1 + 1?\n\n<details><summary>Answer</summary>\n\nTwo.\n</details>\n\n"
            "## Summary\n\n* It is two.\n\n## References\n\n* None.")
    picture = nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
    cells = [nbformat.v4.new_markdown_cell(first), nbformat.v4.new_code_cell("1", outputs=[picture]), nbformat.v4.new_markdown_cell(rest)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "99_lesson.ipynb")
    main([str(tmp_path), str(tmp_path / "99_lesson.ipynb")])
    slides = re.findall(r"<section.*?</section>", (tmp_path / "index.html").read_text("utf-8"), re.DOTALL)
    assert len(slides) == 7  # the contents, title, diagram, aims, figure, question, summary
    assert "<math" in slides[1] and "98.ipynb" not in slides[1]
    assert 'alt="A diagram"' in slides[2] and "count" in slides[3] and "image/png" in slides[4]
    assert "1. A sum" in slides[5] and "<details><summary>Answer</summary><p>Two." in slides[5]
    assert "It is two." in slides[6] and "None." not in slides[6]


def test_without_lessons_it_says_how(tmp_path, capsys):
    assert main(["build/slides"]) == 2
    assert "Name a folder" in capsys.readouterr().err
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "empty.ipynb")
    for name, message in (("none.ipynb", "none.ipynb"), ("empty.ipynb", "first cell has no title")):
        assert main([str(tmp_path / "deck"), str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert "is no lesson" in error and message in error and error.count("\n") == 1 and not (tmp_path / "deck").exists()
