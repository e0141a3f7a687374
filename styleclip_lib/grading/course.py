"""nbgrader's part: student versions, the gradebook, and pages with feedback. (Extra ``grade``.)"""

from __future__ import annotations

import copy
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from .. import __version__
from ..errors import StyleclipError
from .assignments import STUB, WRITTEN_STUB, Assignment, without_hidden_tests
from .feedback import Mark, finished

COURSE = "styleclip"


class Course:
    """A course folder as nbgrader wants it: source, release, submitted, autograded, feedback, gradebook.db."""

    def __init__(self, folder: Path) -> None:
        _help_nbgrader()
        try:
            from nbgrader.apps.api import NbGraderAPI
            from traitlets.config import Config
        except ModuleNotFoundError as error:
            raise StyleclipError(f"The package '{error.name}' is missing: grading needs the extra 'grade', "
                                 'pip install --editable ".[grade]" in the kit\'s folder.') from None
        self.folder = folder.resolve()
        config: Any = Config()
        config.CourseDirectory.root = str(self.folder)
        config.CourseDirectory.course_id = COURSE
        config.CourseDirectory.db_url = f"sqlite:///{self.folder / 'gradebook.db'}"
        config.ClearSolutions.code_stub = {"python": STUB}
        config.ClearSolutions.text_stub = WRITTEN_STUB
        config.GenerateAssignment.preprocessors = _preprocessors(
            "LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ComputeChecksums", "SaveCells", "ClearHiddenTests",
            "ClearMarkScheme", "ComputeChecksums", "CheckCellMetadata")
        config.Autograde.autograde_preprocessors = [_outputs_of(self.folder), *_preprocessors("SaveAutoGrades", "CheckCellMetadata")]
        config.HTMLExporter.sanitize_html = True  # students write HTML into their answers
        config.GenerateFeedback.preprocessors = [*_preprocessors("GetGrades"), *_for_students()]
        self.api = NbGraderAPI(config=config)
        self.api.log.setLevel(logging.CRITICAL)

    def release(self, assignment: Assignment) -> Path:
        """Enters an assignment into the gradebook and writes the students' version, with its version in it."""
        source = self.folder / "source" / assignment.name / f"{assignment.name}.ipynb"
        source.parent.mkdir(parents=True, exist_ok=True)
        notebook = copy.deepcopy(assignment.notebook)
        notebook.metadata["styleclip"] = {"assignment": assignment.name, "version": __version__}
        nbformat.write(notebook, source)
        _succeed(self.api.generate_assignment(assignment.name), f"The assignment {assignment.name} cannot be released")
        return self.folder / "release" / assignment.name / source.name

    def enter(self, student: str, assignment: Assignment, run: NotebookNode, problems: Sequence[str], awarded: Mapping[str, float]) -> None:
        """Enters a submission that has been run: its grades, the points awarded for answers in words, and a page of feedback."""
        for folder in ("submitted", "ran"):
            path = self.folder / folder / student / assignment.name / f"{assignment.name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(run, path)
        wrong = f"{student}'s {assignment.name} cannot be graded"
        _succeed(self.api.autograde(assignment.name, student), wrong)
        for task, points in awarded.items():
            self._award(student, assignment, task, points)
        _succeed(self.api.generate_feedback(assignment.name, student), wrong)
        page = self.feedback(student, assignment)
        text = finished(page.read_text(encoding="utf-8"), assignment, self.marks(student, assignment), problems)
        page.write_text(text, encoding="utf-8")

    def feedback(self, student: str, assignment: Assignment) -> Path:
        return self.folder / "feedback" / student / assignment.name / f"{assignment.name}.html"

    def marks(self, student: str, assignment: Assignment) -> list[Mark]:
        """What the gradebook says, in the order of the notebook."""
        with self.api.gradebook as book:
            graded = {grade.name: grade for grade in book.find_submission_notebook(assignment.name, assignment.name, student).grades}
            marks = {name: Mark(name, None if grade.needs_manual_grade and grade.manual_score is None else grade.score, grade.max_score,
                                grade.cell.cell_type == "markdown") for name, grade in graded.items()}
        return [marks[cell.metadata.nbgrader.grade_id] for cell in assignment.notebook.cells
                if cell.metadata.get("nbgrader", {}).get("grade_id") in marks]

    def _award(self, student: str, assignment: Assignment, name: str, points: float) -> None:
        """Enters the points that somebody gave for an answer in words."""
        with self.api.gradebook as book:
            grade = book.find_grade(name, assignment.name, assignment.name, student)
            grade.manual_score, grade.needs_manual_grade = points, False
            book.db.commit()


def _preprocessors(*names: str) -> list[type]:
    from nbgrader import preprocessors

    return [getattr(preprocessors, name) for name in names]


def _outputs_of(folder: Path) -> type:
    """A preprocessor that stands where nbgrader runs a notebook: it takes the outputs of the run that has been."""
    from nbgrader.preprocessors import NbGraderPreprocessor

    class Outputs(NbGraderPreprocessor):
        def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
            where = resources["nbgrader"]
            path = folder / "ran" / where["student"] / where["assignment"] / f"{where['notebook']}.ipynb"
            ran = json.loads(path.read_text(encoding="utf-8"))
            for cell, before in zip(nb.cells, ran["cells"]):
                if cell.cell_type == "code":
                    cell.outputs = nbformat.from_dict(before["outputs"])
            return nb, resources

    return Outputs


def _for_students() -> list[type]:
    """What stands between the gradebook and a page that students get: no hidden tests, and nothing that is loaded from elsewhere."""
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
    from nbgrader.preprocessors import NbGraderPreprocessor

    class WithoutHiddenTests(NbGraderPreprocessor):
        def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
            for cell in nb.cells:
                cell.source = without_hidden_tests(cell.source)
            return nb, resources

    return [WithoutHiddenTests, CSSHTMLHeaderPreprocessor]


def _succeed(result: dict, otherwise: str) -> None:
    if not result["success"]:
        lines = (result.get("error") or result.get("log") or "").strip().splitlines()
        raise StyleclipError(f"{otherwise}: {lines[-1] if lines else 'nbgrader did not say why'}.")


def _help_nbgrader() -> None:
    """It calls the program alembic, which is beside Python and not on the path of whoever has not activated the environment."""
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([beside, os.environ.get("PATH", "")])
    logging.getLogger("alembic").setLevel(logging.CRITICAL)


def copy_release(folder: Path, names: Sequence[str], target: Path) -> list[Path]:
    """Copies the students' versions out of a course folder."""
    target.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy(folder / "release" / name / f"{name}.ipynb", target / f"{name}.ipynb")) for name in names]
