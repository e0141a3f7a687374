"""Every exercise of every lesson: a stub, a check, a hint, and a solution that passes the check."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

LESSONS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))
CALL = re.compile(r"^(check_\w+)\((\w+)\)", re.MULTILINE)
SOLUTION = re.compile(r"<summary>Solution</summary>\s+```python\n(.*?)```", re.DOTALL)
GIVEN = "import torch\nimport torch.nn.functional as F\n"


@dataclass
class Exercise:
    """The cells that belong together: the stub, the call of the check, the folded hint and solution."""

    name: str
    check: str
    stub: str
    call: str
    folded: str

    def function(self, source: str):
        space: dict = {}
        exec(GIVEN + source, space)
        return space[self.name]

    def checked(self, function) -> bool:
        space: dict = {}
        imports = [line for line in self.call.splitlines() if line.startswith("from ")]
        exec("\n".join(imports), space)
        return space[self.check](function)


def exercises() -> list:
    found = []
    for path in LESSONS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells]
        for number, source in enumerate(sources):
            for check, name in CALL.findall(source) if cells[number]["cell_type"] == "code" else ():
                parts = sources[number - 1], source, "".join(sources[number + 1 : number + 2])
                found.append(pytest.param(Exercise(name, check, *parts), id=f"{path.stem}-{name}"))
    return found


@pytest.mark.parametrize("exercise", exercises())
class TestExercise:
    def test_the_stub_is_not_a_solution(self, exercise, capsys):
        assert exercise.checked(exercise.function(exercise.stub)) is False
        assert "not written yet" in capsys.readouterr().out

    def test_the_folded_solution_passes_and_has_the_stubs_parameters(self, exercise):
        solution = exercise.function(SOLUTION.search(exercise.folded)[1])
        assert exercise.checked(solution) is True
        stub = exercise.function(exercise.stub)
        assert list(inspect.signature(solution).parameters) == list(inspect.signature(stub).parameters)

    def test_hint_and_solution_are_folded(self, exercise):
        assert exercise.folded.count("<details>") == exercise.folded.count("</details>") >= 2
        assert "<summary>Hint</summary>" in exercise.folded


def test_the_lessons_have_exercises():
    assert not LESSONS or exercises()
