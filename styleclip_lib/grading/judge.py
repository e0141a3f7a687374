"""Runs one submission: its cells in the sandbox, the tests here. The result is the notebook with outputs, which nbgrader then reads."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ..checks.feedback import CheckFailed, Elsewhere, NotWritten
from ..errors import plain
from .assignments import graded_as, helpers_of_tests, is_test
from .sandbox import Gone, Limits, Sandbox
from .submissions import defined_by
from .wire import Function, WireError

MOST_RESTARTS = 3


@dataclass
class Run:
    """What came of it.

    notebook  with outputs; problems: what the submission did that a process must not, in sentences
    seconds   of processor time and sleep;  unguarded: what the system could not guarantee ("network", "files")
    """

    notebook: NotebookNode
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    unguarded: list[str] = field(default_factory=list)


class Remote(Elsewhere):
    """A function of the student's, called in the sandbox."""

    def __init__(self, judge: Judge, name: str) -> None:
        self.judge, self.__name__ = judge, name

    def __call__(self, *arguments: object) -> Any:
        """What `answer_of` does, there. Raises CheckFailed and NotWritten."""
        answer = self.judge.ask({"call": self.__name__, "arguments": list(arguments)}, f"{self.__name__} was called and")
        if answer.get("not_written"):
            raise NotWritten
        if "value" not in answer:
            raise CheckFailed(plain(answer.get("failed", f"{self.__name__} is not there any more.")))
        return answer["value"]


def run(notebook: NotebookNode, scratch: Path, limits: Limits) -> Run:
    """Runs a notebook that `placed` has put together."""
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # a check that finds nothing written objects
    try:
        started = Sandbox(scratch, limits)
    except Gone as gone:
        why = f"Nothing was run, because the process for it did not start ({gone}): grade this submission again."
        for cell in filter(is_test, notebook.cells):
            cell.outputs = [_error("Stopped", why)]
        return Run(notebook, [why])
    with started as sandbox:
        judge = Judge(notebook, sandbox)
        helpers = [helper for group in judge.helpers.values() for helper in group]
        for cell in notebook.cells:
            if is_test(cell):
                judge.test(cell)
            elif cell.cell_type == "code" and not any(cell is helper for helper in helpers):
                judge.run(cell)
        return Run(notebook, judge.problems, sandbox.spent, sandbox.missing)


class Judge:
    """Keeps what the tests need to know of a run."""

    def __init__(self, notebook: NotebookNode, sandbox: Sandbox) -> None:
        self.sandbox, self.problems = sandbox, []
        self.done: list[str] = []  # the sources that have run, to run them again in a new process
        self.stopped: dict[str, str] = {}  # a name that should have been defined -> why its cell stopped
        self.restarts = 0
        self.given = _imports(notebook)
        self.helpers = helpers_of_tests(notebook)

    def run(self, cell: NotebookNode) -> None:
        """Runs a cell of the submission and keeps what it shows."""
        cell.outputs, label = [], _label(cell)
        untouched = cell.metadata.get("styleclip", {})
        if untouched.get("untouched") and untouched.get("elsewhere"):
            self.problems.append(f"{label} was left unchanged; the answer was written in another cell, and that was graded.")
            return
        try:
            answer, late = self.sandbox.ask({"run": cell.source})
        except (Gone, WireError) as gone:
            why = f"{label} was stopped: {gone}."
            self.problems.append(why)
            cell.outputs = [_error("Stopped", why)]
            self._note(cell, why)
            return self._again()
        outputs, error = _outputs(answer), answer.get("error")
        if late:
            self.problems.append(f"{label} was stopped: {late}.")
            error = {"ename": "Stopped", "evalue": late, "traceback": [f"Stopped: {late}."]}
        if isinstance(error, dict):
            ename, evalue = plain(error.get("ename", "Error")), plain(error.get("evalue", ""))
            outputs.append(_error(ename, evalue, error.get("traceback")))
            self._note(cell, f"{ename}: {evalue}")
        if not late:
            self.done.append(cell.source)
        cell.outputs = outputs

    def test(self, cell: NotebookNode) -> None:
        """Runs a test here, after its helpers, with the student's functions as calls into the sandbox."""
        printed = io.StringIO()
        source = "\n".join(part.source for part in (*self.helpers[graded_as(cell)], cell))
        try:
            code = compile(source, _label(cell), "exec")
            with contextlib.redirect_stdout(printed):
                exec(code, {**self.given, **self._names_of(source)})
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed.getvalue())]
        except (CheckFailed, NotWritten, AssertionError) as error:
            cell.outputs = [_error("CheckFailed", str(error) or "The answer is not right yet.")]
        except Exception as error:  # a check that did not expect such an answer
            cell.outputs = [_error("CheckFailed", f"The answer is of a kind that the check cannot judge ({type(error).__name__}: "
                                                  f"{plain(error)[:200]}).")]

    def ask(self, request: dict, doing: str) -> dict:
        """Asks the sandbox on behalf of a test. Raises CheckFailed when it does not answer in time."""
        try:
            answer, late = self.sandbox.ask(request)
        except (Gone, WireError) as gone:
            self.problems.append(f"{doing} was stopped: {gone}.")
            self._again()
            answer, late = {}, str(gone)
        if late:
            hint = " Is there a loop that does not end?" if "longer than" in late else ""
            raise CheckFailed(f"{doing} was stopped: {late}.{hint}")
        return answer

    def _names_of(self, source: str) -> dict[str, Any]:
        """What a test wants to have from the submission: values, and functions to call."""
        nodes = list(ast.walk(ast.parse(source)))
        loaded = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        defined = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        defined |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        defined |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        defined |= {(alias.asname or alias.name).split(".")[0] for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))
                    for alias in node.names}
        return {name: self._look_up(name) for name in sorted(loaded - defined - set(self.given) - set(dir(builtins)))}

    def _look_up(self, name: str) -> Any:
        answer = self.ask({"look_up": name}, f"{name} was looked up and")
        if "value" not in answer:
            if name in self.stopped:
                raise CheckFailed(f"There is no {name} in the notebook: its cell stopped with {self.stopped[name]}")
            raise CheckFailed(f"There is no {name} in the notebook. {plain(answer.get('failed', ''))}")
        return Remote(self, name) if isinstance(answer["value"], Function) else answer["value"]

    def _note(self, cell: NotebookNode, why: str) -> None:
        for name in defined_by(cell):
            self.stopped[name] = why

    def _again(self) -> None:
        """A new process that has run what has been run, without what ended the last one."""
        self.restarts += 1
        if self.restarts > MOST_RESTARTS:
            self.problems.append(f"The rest was not run: the process had already been restarted {MOST_RESTARTS} times.")
            return
        try:
            self.sandbox.restart()
            for source in self.done:
                self.sandbox.ask({"run": source})
        except Gone:
            self._again()


def _imports(notebook: NotebookNode) -> dict[str, Any]:
    """What the assignment's own cells import, for the tests. The student's do not count."""
    space: dict[str, Any] = {}
    given = [cell for cell in notebook.cells if cell.cell_type == "code" and graded_as(cell) and cell.metadata.nbgrader.get("locked")]
    for cell in given:
        if not is_test(cell):
            body = [node for node in ast.parse(cell.source).body if isinstance(node, (ast.Import, ast.ImportFrom))]
            exec(compile(ast.Module(body, []), "imports", "exec"), space)
    return {name: value for name, value in space.items() if name != "__builtins__"}


def _label(cell: NotebookNode) -> str:
    return f"The cell {graded_as(cell)}" if graded_as(cell) else "A cell of the student's own"


def _error(ename: str, evalue: str, traceback: Any = None) -> NotebookNode:
    lines = [str(line)[:1000] for line in traceback[-40:]] if isinstance(traceback, list) else [f"\x1b[31m✗ {evalue}\x1b[0m"]
    return nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=lines)


def _outputs(answer: dict) -> list[NotebookNode]:
    """The outputs that came, those that are what they should be."""
    sent, outputs = answer.get("outputs"), []
    for output in sent if isinstance(sent, list) else []:
        try:
            node = nbformat.from_dict(output)
            nbformat.validate(node, ref="output", version=4)
        except Exception:  # forged by the submission
            continue
        outputs.append(node)
    return outputs
