"""``make notebooks`` on small notebooks: a good one, and ones that are broken on purpose."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.notebooks import lesson_claims
from tools.execute_notebooks import PLACEHOLDER, main, refresh, tidy

WIDGET = "application/vnd.jupyter.widget-view+json"


def write(folder, *sources: str):
    path = folder / "mini.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def test_a_good_notebook_keeps_its_outputs_and_loses_what_belongs_to_this_run(tmp_path, capsys):
    path = write(
        tmp_path,
        "import ipywidgets, os\nprint(len(os.listdir()))",  # the notebook runs in its own folder
        "from PIL import Image\nImage.new('RGB', (8, 8), 'red')",
        "ipywidgets.IntSlider(3)",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)):\n    pass",
    )
    assert main([str(path)]) == 0
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert set(book.metadata) == {"kernelspec", "language_info"} and book.metadata.kernelspec.name == "python3"
    printed, picture, slider, bar = (cell.outputs for cell in book.cells)
    assert printed[0].text == "1\n"
    assert picture[0].data["image/png"]
    assert slider[0].data == {"text/plain": PLACEHOLDER}
    assert bar == []
    assert list(tmp_path.iterdir()) == [path]
    assert "done in" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("1/0", "ZeroDivisionError"),
        ("print('/home/' + 'somebody/secret.txt')", "path of a machine: /home/somebody/secret.txt"),
        ("import warnings; warnings.warn('x')", "path of a machine"),
    ],
)
def test_a_broken_notebook_is_left_as_it_was(source, complaint, tmp_path, capsys):
    path = write(tmp_path, "print(1)", source)
    before = path.read_bytes()
    assert main([str(path)]) == 1
    assert complaint in capsys.readouterr().out
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_a_cell_that_takes_too_long(tmp_path):
    path = write(tmp_path, "import time\ntime.sleep(60)")
    assert "timed out" in refresh(path, timeout=2).lower()


@pytest.mark.slow
def test_claims_that_do_not_hold_are_told_with_their_values(tmp_path, monkeypatch, capsys):
    path = write(tmp_path, "share = 0.25", "names = ['a', 'b']\nprint(len(names))")
    first, second = (cell.id for cell in nbformat.read(path, as_version=4).cells)
    monkeypatch.setattr(lesson_claims, "FOLDER", tmp_path)
    (tmp_path / "mini.py").write_text(f"# %% {first}\nassert share < 0.2\nassert share > 0\n# %% {second}\nlast = names[-1]\n"
                                      "assert last == 'b'\nassert nothing.is_there\n")
    assert main(["--claims", str(path)]) == 1
    said = capsys.readouterr().out
    assert f"{first}: assert share < 0.2 (AssertionError, share = 0.25)" in said and "share > 0" not in said
    assert "'b'" not in said and "assert nothing.is_there (NameError" in said
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == "2\n", "its outputs are stored"
    assert main([str(path)]) == 0, "nothing is asked without --claims"


def test_a_file_that_is_no_notebook(tmp_path):
    (tmp_path / "a.ipynb").write_text("{")
    assert "cannot be read" in refresh(tmp_path / "a.ipynb")
    assert "cannot be read" in refresh(tmp_path / "none.ipynb")


def test_tidy_keeps_tags_and_the_last_line_of_a_plain_progress_bar_only():
    cell = new_code_cell("1", metadata={"tags": ["hint"], "jupyter": {"source_hidden": True}, "colab": {}})
    bar = "\r  0%|          | 0/3\r100%|####| 3/3 [00:00<00:00]\n"
    cell.outputs = [
        new_output("stream", name="stderr", text=bar),
        new_output("stream", name="stdout", text="before\n" + bar + "after\n"),
        new_output("display_data", data={WIDGET: {}, "text/plain": "Inverting:  10%|#  | 1/10", "image/png": "x"}),
        new_output("display_data", data={WIDGET: {}, "text/plain": "HBox()", "image/png": "x"}),
    ]
    book = new_notebook(cells=[new_markdown_cell("# A", metadata={"id": 1}), cell], metadata={"widgets": {}})
    tidy(book)
    assert cell.metadata == {"tags": ["hint"], "jupyter": {"source_hidden": True}}
    assert book.cells[0].metadata == {} and "widgets" not in book.metadata
    assert [output.get("text") for output in cell.outputs] == ["before\nafter\n", None]
    assert cell.outputs[1].data == {"image/png": "x", "text/plain": PLACEHOLDER}


def test_a_picture_is_kept_once():
    cell = new_code_cell("1")
    cell.outputs = [new_output("display_data", data={"image/png": "xxx", "image/jpeg": "y", "text/plain": "<PIL>"}),
                    new_output("display_data", data={"image/png": "x", "image/jpeg": "yyy"})]
    tidy(new_notebook(cells=[cell]))
    assert [output.data for output in cell.outputs] == [{"image/jpeg": "y", "text/plain": "<PIL>"}, {"image/png": "x"}]
