"""What every lesson in notebooks/ keeps to, as a list of plain complaints.

    python -m tools.notebook_rules notebooks/*.ipynb

Used by tools/execute_notebooks.py after a run, by tests/notebooks/test_lessons.py, and before a commit. An assignment keeps to the
same lines and columns, in its source with the hidden tests and in what students get of it: layout().
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MOST_LINES = 20
MOST_COLUMNS = 100
MOST_BYTES = 1_600_000
MOST_WORDS = 2500
HEADINGS = ("What you will be able to do", "Summary", "References")
AGREEMENTS = ("torch.allclose", "torch.equal")
"""What a lesson may assert: that two computations agree. What it says about its outputs is asserted in tests/notebooks/claims."""

NO_WORDS = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$|\]\([^)]*\)|<[^>]+>", re.DOTALL)
"""Blocks of code, code in a line, formulas, addresses and tags."""
WORD = re.compile(r"[^\W\d_][\w'’-]*")

SHORTEST_ALT = 40
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
LINK = re.compile(r"\]\(([^)]*)\)")
ADDRESS = re.compile(r"https?://[^\s)>\]\"'`]+")
WELL_FORMED = re.compile(r"https://(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[\w./#?=&%+~:,-]*)?", re.IGNORECASE)
QUESTION = re.compile(r"^(?:.*\*\*Predict first|Go on:)", re.MULTILINE)
MACHINE_PATH = re.compile(
    r"(?<![\w.:/])/(?:root|home|tmp|work|Users|mnt|media|private)/[\w.][^\s'\"<>)]*|[A-Z]:\\+Users\\+\w+"
)


def problems(path: Path) -> list[str]:
    """Every rule that the notebook at ``path`` breaks, one short sentence each; empty when all is well."""
    text = path.read_text(encoding="utf-8")
    try:
        book = json.loads(text)
    except ValueError:
        return ["it is not valid JSON"]
    return [
        *_about_the_file(book, len(text.encode("utf-8"))),
        *_about_headings(book),
        *_about_length(book),
        *_about_diagrams(book, path.parent),
        *_about_links(book, path.parent),
        *_about_neighbours(book, path),
        *_about_questions(book),
        *_about_code(book),
        *layout(book),
        *machine_paths(book),
    ]


def layout(book: dict) -> list[str]:
    """Cells too long and lines too wide."""
    found = []
    for number, cell in enumerate(book["cells"]):
        source = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
        lines = len(source.splitlines())
        if lines > MOST_LINES:
            found.append(f"cell {number} has {lines} lines, more than {MOST_LINES}: split it, or move a helper into the library")
        widest = max(map(len, source.splitlines()), default=0)
        if widest > MOST_COLUMNS:
            found.append(f"cell {number} has a line of {widest} columns, more than {MOST_COLUMNS}")
    return found


def machine_paths(book: dict) -> list[str]:
    """Paths of the machine that ran the notebook, in its sources or in what its outputs say."""
    found = []
    for number, cell in enumerate(book["cells"]):
        said = ["".join(cell["source"]), *_texts(cell)]
        found += [f"cell {number} carries a path of a machine: {hit}" for hit in MACHINE_PATH.findall("\n".join(said))]
    return found


def _about_the_file(book: dict, size: int) -> Iterator[str]:
    if size > MOST_BYTES:
        yield f"it has {size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:.1f}"
    metadata = book.get("metadata", {})
    if "widgets" in metadata:
        yield "metadata.widgets is kept: code hosts refuse to show such a notebook"
    if metadata.get("kernelspec", {}).get("name") != "python3":
        yield "its kernel is not python3"


def _about_headings(book: dict) -> Iterator[str]:
    prose = _prose(book)
    headings = re.findall(r"^#{1,3} +(.+?) *$", prose, flags=re.MULTILINE)
    if not re.match(r"# ", prose):
        yield "it does not begin with a title"
    for wanted in HEADINGS:
        if not any(wanted.lower() in heading.lower() for heading in headings):
            yield f"the heading '{wanted}' is missing"


def _about_length(book: dict) -> Iterator[str]:
    """A lesson that is read in an hour. What is folded counts; the list of references does not, since nobody reads it in one go."""
    words = len(WORD.findall(NO_WORDS.sub(" ", _prose(book).partition("## References")[0])))
    if words > MOST_WORDS:
        yield f"it has {words} words, more than {MOST_WORDS}: say the same in fewer"


def _about_diagrams(book: dict, folder: Path) -> Iterator[str]:
    """One diagram of the idea, in the first cell, with words for those who cannot see it."""
    pictures = PICTURE.findall(_prose(book))
    if len(pictures) != 1:
        yield f"it shows {len(pictures)} diagrams of its idea; one is needed, ![what it shows](images/NN_name.svg)"
    for alt, address in pictures:
        if len(alt) < SHORTEST_ALT:
            yield f"the diagram {address} has no alternative text that says what it shows"
        if not re.fullmatch(r"images/\w+\.svg", address) or not (folder / address).is_file():
            yield f"the diagram {address} is not in images/"


def _about_links(book: dict, folder: Path) -> Iterator[str]:
    """Links lead to files that exist, or to addresses that can be."""
    prose = _prose(book)
    for address in LINK.findall(PICTURE.sub("", prose)):
        if not address.startswith(("http:", "https:", "#")) and not (folder / address.partition("#")[0]).exists():
            yield f"the link to {address} leads nowhere"
    for address in ADDRESS.findall(re.sub(r"```.*?```", "", prose, flags=re.DOTALL)):
        if not WELL_FORMED.fullmatch(address.rstrip(".,;:")):
            yield f"the address {address} is malformed"


def _about_neighbours(book: dict, path: Path) -> Iterator[str]:
    """The first and the last cell link to the lesson before and the lesson after."""
    lessons = [lesson.name for lesson in sorted(path.parent.glob("[0-9][0-9]_*.ipynb"))]
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "markdown"]
    if path.name not in lessons or not cells:
        return
    place = lessons.index(path.name)
    for neighbour in [*lessons[max(place - 1, 0) : place], *lessons[place + 1 : place + 2]]:
        for where, cell in (("first", cells[0]), ("last", cells[-1])):
            if f"]({neighbour})" not in cell:
                yield f"its {where} cell does not link to {neighbour}"


def _about_questions(book: dict) -> Iterator[str]:
    """Whoever is asked to predict, or to go on after an exercise, finds a folded answer in the same cell."""
    for number, cell in enumerate(book["cells"]):
        _, *questions = QUESTION.split("".join(cell["source"]) if cell["cell_type"] == "markdown" else "")
        for question in questions:
            if "<details>" not in question:
                yield f"cell {number} asks without a folded answer: {question.strip(' .*:')[:40]!r}"


def _prose(book: dict) -> str:
    return "\n".join("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "markdown")


def _about_code(book: dict) -> Iterator[str]:
    code = [(number, cell) for number, cell in enumerate(book["cells"]) if cell["cell_type"] == "code"]
    for number, cell in code:
        source = "".join(cell["source"])
        if source.strip() and cell.get("execution_count") is None:
            yield f"cell {number} was not run"
        if any(not _compares(statement) for statement in _asserts(source)):
            yield f"cell {number} asserts what the lesson claims: move it to tests/notebooks/claims"
        if any(output["output_type"] == "error" for output in cell["outputs"]) and not _may_fail(cell):
            yield f"cell {number} ended in an error"
        if any("widget-view" in kind for output in cell["outputs"] for kind in output.get("data", {})):
            yield f"cell {number} keeps a widget without its state"
    imported = re.findall(r"^(?:import|from) (torch|styleclip_lib)\b", "\n".join("".join(cell["source"]) for _, cell in code), re.MULTILINE)
    if imported[:1] == ["torch"]:
        yield "torch is imported before styleclip_lib, which sets how torch's threads wait"
    if code and not any(cell["outputs"] for _, cell in code):
        yield "no outputs are kept"


def _asserts(source: str) -> list[ast.Assert]:
    """The assert statements of a cell, magics left out."""
    python = re.sub(r"^( *)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        return [node for node in ast.walk(ast.parse(python)) if isinstance(node, ast.Assert)]
    except SyntaxError:  # a cell of another language, or one that ended in an error anyway
        return []


def _compares(statement: ast.Assert) -> bool:
    """Whether a statement asserts nothing but that computations agree."""
    test = statement.test
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    return all(isinstance(part, ast.Call) and ast.unparse(part.func) in AGREEMENTS for part in parts)


def _may_fail(cell: dict) -> bool:
    return "raises-exception" in cell.get("metadata", {}).get("tags", [])


def _texts(cell: dict) -> Iterator[str]:
    """What the outputs of a cell say; pictures are left out."""
    for output in cell.get("outputs", []):
        yield "".join(output.get("text", ""))
        yield "\n".join(output.get("traceback", []))
        for kind, content in output.get("data", {}).items():
            if not kind.startswith("image/") or kind == "image/svg+xml":
                yield content if isinstance(content, str) else "".join(map(str, content))


if __name__ == "__main__":
    complaints = [f"{name}: {rule}" for name in sys.argv[1:] for rule in problems(Path(name))]
    print(*complaints, sep="\n")
    sys.exit(bool(complaints))
