"""What a student has solved is kept beside the notebooks, from within a notebook only."""

from __future__ import annotations

import json
from types import SimpleNamespace

import nbformat
import pytest

from styleclip_lib.checks.feedback import passed
from styleclip_lib.checks.progress import FILE, progress, read
from styleclip_lib.cli.main import main
from styleclip_lib.errors import StyleclipError


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = "check_slerp(slerp);", "check_mix(my_mix)", 'with checking("tour"):\n    pass'
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01_lesson.ipynb")
    return tmp_path


@pytest.fixture
def kernel(monkeypatch):
    import IPython

    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))


def test_what_is_solved_in_a_notebook_is_shown(lesson, kernel, capsys):
    passed("slerp", "good")
    passed("tour", "good")
    assert main(["progress", str(lesson)]) == 0
    message = capsys.readouterr().out.splitlines()[-1]
    assert "2 of 3" in message and "✓ slerp, ○ my_mix, ✓ tour" in message


def test_the_name_of_the_check_counts_as_well_as_that_of_the_function(lesson, kernel):
    passed("mix", "good")
    assert "✓ my_mix" in progress(lesson)


def test_outside_of_a_notebook_nothing_is_written(lesson):
    passed("slerp", "good")
    assert not (lesson / FILE).exists() and "0 of 3" in progress(lesson)


@pytest.mark.parametrize("content", ["", "[]", "[" * 10**6, "{", json.dumps({"other": 1})])
def test_a_file_that_is_none_of_ours_does_no_harm(lesson, kernel, content):
    (lesson / FILE).write_text(content, encoding="utf-8")
    passed("mix", "good")
    assert "mix" in read(lesson)


def test_a_folder_that_cannot_be_written_does_no_harm(lesson, kernel, capsys):
    (lesson / FILE).mkdir()
    assert passed("mix", "good") is True


def test_a_folder_without_exercises_is_reported(tmp_path):
    with pytest.raises(StyleclipError, match="no notebook with exercises"):
        progress(tmp_path)
