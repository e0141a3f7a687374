"""Notebooks out of files, whoever wrote them: what cannot be read is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..errors import StyleclipError, plain
from ..paths import open_regular

MOST_BYTES = 30 * 2**20
MOST_CELLS = 500
MOST_IN_A_CELL = 200_000


def read_notebook(path: Path) -> tuple[NotebookNode | None, str | None]:
    """The notebook in the newest format, or None; and what was wrong with it."""
    try:
        with open_regular(path) as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            return None, f"The file is larger than {MOST_BYTES // 2**20} MB: clear its outputs (Kernel, Restart and Clear Outputs)."
        notebook = nbformat.reads(raw.decode("utf-8-sig"), as_version=4)
        nbformat.validate(notebook)
    except StyleclipError as error:
        return None, str(error)
    except RecursionError:
        return None, "The file is nested too deeply to be a notebook."
    except Exception as error:  # JSON, Unicode, a format that nobody knows, one that does not keep to its own rules
        return None, f"The file cannot be read as a notebook ({plain(str(error))[:200] or type(error).__name__})."
    for cell in notebook.cells:
        cell.source = cell.source[:MOST_IN_A_CELL].encode(errors="replace").decode()  # half a sign cannot be written anywhere
    del notebook.cells[MOST_CELLS:]
    return notebook, None
