"""One HTML page of slides from the lessons: python -m tools.make_slides build/slides notebooks/*.ipynb

Each lesson gives its title, its diagram, what one will be able to do, its questions with folded answers, its figures and its summary.
The page loads nothing from elsewhere; arrow keys and Page Down turn it, and printing gives a slide for each page.
"""

from __future__ import annotations

import base64
import html
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import mistune
from nbformat import NotebookNode

from styleclip_lib.errors import StyleclipError
from styleclip_lib.grading.mathml import FORMULA, mathml
from styleclip_lib.grading.notebooks import read_notebook

PICTURE = re.compile(r"^!\[([^\]]*)\]\(([^)]+\.svg)\)$", re.MULTILINE)
QUESTION = re.compile(r"(\*\*Predict first.+?)\s*<details>\s*<summary>.*?</summary>(.+?)</details>", re.DOTALL)
STYLE = """
*{box-sizing:border-box}html{scroll-snap-type:y mandatory;font:22px/1.45 system-ui,sans-serif;color:#1c2024}
body{margin:0;background:#fff}
section{min-height:100vh;scroll-snap-align:start;padding:5vh 7vw;display:flex;flex-direction:column;justify-content:center;
position:relative}
h1{font-size:2.4rem;margin:0 0 1rem}h2{font-size:1.6rem;margin:0 0 1rem;color:#2f5f93}p,ul{max-width:60rem}li{margin:.4rem 0}
img{max-width:100%;max-height:76vh;object-fit:contain;align-self:center}
img[src^="data:image/svg"]{width:100%}code{background:#f1f3f5;padding:0 .2em}
section>small{position:absolute;right:2rem;bottom:1rem;color:#7b858e}math{font-size:1.05em}
summary{cursor:pointer;color:#2f5f93}.title{background:#f4f5f7}nav a{display:block;margin:.3rem 0;color:inherit}
@media print{section{page-break-after:always;min-height:0;height:100vh}details>*{display:block}}
"""
TURN = """
addEventListener("keydown", e => {
  const by = {ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1}[e.key];
  if (!by || e.target.closest("summary")) return;
  const all = [...document.querySelectorAll("section")], top = all.map(s => Math.abs(s.getBoundingClientRect().top));
  const next = all[top.indexOf(Math.min(...top)) + by];
  if (next) { e.preventDefault(); next.scrollIntoView(); }
});
"""


def as_html(text: str) -> str:
    """Markdown with formulas as HTML with MathML."""
    formulas: list[str] = []

    def kept(found: re.Match) -> str:
        display, inline = found.groups()
        formulas.append(mathml(display or inline, block=display is not None))
        return f"FORMULA{len(formulas) - 1}END"

    page = str(mistune.html(FORMULA.sub(kept, text)))
    return re.sub(r"FORMULA(\d+)END", lambda found: formulas[int(found[1])], page)


def slides_of(lesson: NotebookNode, folder: Path) -> Iterator[str]:
    """The inside of each slide of a lesson. folder: where the paths of its pictures begin"""
    first = lesson.cells[0].source
    title = re.search(r"^# (.+)$", first, re.MULTILINE)[1]
    before = first.split("\n## ")[0].split("\n", 1)[1]
    text = "\n\n".join(part for part in before.split("\n\n") if not re.match(r"\s*(\[[^\]]*[←→]|!\[)", part))
    yield f"<h1>{html.escape(title)}</h1>{as_html(text)}"
    for words, path in PICTURE.findall(first):
        data = base64.b64encode((folder / path).read_bytes()).decode()
        yield f'<img alt="{html.escape(words)}" src="data:image/svg+xml;base64,{data}">'
    yield from _part(first, "What you will be able to do")
    heading = as_html(f"## {title}")
    for cell in lesson.cells[1:]:
        for part in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE) if cell.cell_type == "markdown" else []:
            heading = as_html(part.splitlines()[0]) if part.startswith("## ") else heading
            for question, answer in QUESTION.findall(part):
                yield f"{heading}{as_html(question)}<details><summary>Answer</summary>{as_html(answer)}</details>"
            yield from _part(part, "Summary")
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield f'{heading}<img alt="" src="data:image/png;base64,{output.data["image/png"].strip()}">'


def _part(source: str, name: str) -> Iterator[str]:
    """The bullets below a heading."""
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\n\*\*Time|\Z)", source, re.MULTILINE | re.DOTALL)
    if found:
        bullets = "\n".join(line for line in found[1].splitlines() if line.startswith("* "))
        yield f"<h2>{name}</h2>{as_html(bullets)}"


def page(paths: list[Path]) -> str:
    """The whole deck: a slide with the lessons, then theirs. Raises StyleclipError for a file that is no lesson."""
    sections, contents = [], []
    for path in paths:
        lesson, why = read_notebook(path)
        if lesson is None or not re.search("^# ", lesson.cells[0].source if lesson.cells else "", re.MULTILINE):
            raise StyleclipError(f"'{path}' is no lesson: {why or 'its first cell has no title.'}")
        slides = list(slides_of(lesson, path.parent))
        name = re.search(r"<h1>(.+?)</h1>", slides[0])[1]
        contents.append(f'<a href="#{path.stem}">{name}</a>')
        for number, slide in enumerate(slides):
            kind = f' id="{path.stem}" class="title"' if number == 0 else ""
            sections.append(f"<section{kind}>{slide}<small>{name} · {number + 1}</small></section>")
    return ('<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>StyleCLIP, the course</title><style>{STYLE}</style>"
            f'<section class="title"><h1>StyleCLIP, the course</h1><nav>{"".join(contents)}</nav></section>'
            f"{''.join(sections)}<script>{TURN}</script></html>\n")


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print("Name a folder and the lessons: python -m tools.make_slides build/slides notebooks/*.ipynb", file=sys.stderr)
        return 2
    try:
        content = page([Path(name) for name in arguments[1:]])
    except StyleclipError as error:
        print(error, file=sys.stderr)
        return 2
    target = Path(arguments[0]) / "index.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content, encoding="utf-8")
    print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
