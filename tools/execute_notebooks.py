"""Runs notebooks from top to bottom and stores their outputs in place.

    python tools/execute_notebooks.py notebooks/*.ipynb
    python tools/execute_notebooks.py --claims notebooks/04_*.ipynb

A notebook that fails, or whose outputs carry a path of this machine, is left as it was; the exit code is 1 then.
With --claims, what the lesson says of its outputs (tests/notebooks/claims) is checked too, and every claim that does not hold is printed
with the values that it compares: the outputs are stored all the same, so that the sentences can be put right beside them.
What only this machine or this run knows is taken out: widget state, progress bars, versions, times.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.check_claims import Claims
from tools.notebook_rules import machine_paths, problems

WIDGET = "application/vnd.jupyter.widget-view+json"
PROGRESS = re.compile(r"^\s*(?:[^\n|]*:\s*)?\d+%\|")
KEPT_METADATA = ("tags", "jupyter", "nbgrader", "slideshow")
PLACEHOLDER = "(Controls appear here when you run this cell.)"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run notebooks and store their outputs in place.")
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--timeout", type=int, default=600, help="seconds that one cell may take (default: 600)")
    parser.add_argument("--claims", action="store_true", help="check what the lessons say of their outputs, too")
    chosen = parser.parse_args(arguments)
    failures = 0
    for path in chosen.notebooks:
        start, false = time.monotonic(), []
        complaint = refresh(path, chosen.timeout, false if chosen.claims else None)
        failures += complaint is not None or bool(false)
        for claim in false:
            print(f"  does not hold: {claim}", flush=True)
        print(f"{path}: {complaint or f'done in {time.monotonic() - start:.0f} s'}", flush=True)
        for rule in problems(path) if complaint is None else ():
            print(f"  {rule}", flush=True)
    return 1 if failures else 0


def refresh(path: Path, timeout: int = 600, false: list[str] | None = None) -> str | None:
    """Runs one notebook and writes it back; returns what went wrong, if anything, and then writes nothing.

    false: gets the claims that do not hold; None: they are not checked
    """
    try:
        book = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"
    client = NotebookClient(
        book, timeout=timeout, kernel_name="python3", record_timing=False, resources={"metadata": {"path": path.parent}}
    )
    try:
        run(client, None if false is None else Claims(path.stem), false)
    except CellExecutionError as error:
        return f"a cell failed: {error.ename}: {error.evalue}"
    except (CellTimeoutError, DeadKernelError) as error:
        return str(error).splitlines()[0]
    tidy(book)
    carried = machine_paths(book)
    if carried:
        return carried[0]
    partial = path.with_name(f".{path.name}")
    nbformat.write(book, partial)
    os.replace(partial, path)
    return None


def run(client: NotebookClient, claims: Claims | None, false: list[str] | None) -> None:
    """Runs the cells, and asks after each what is claimed about it."""
    with client.setup_kernel():
        for number, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, number)
            if claims is not None and false is not None:
                false += claims.about(client, cell.get("id", ""))


def tidy(book: nbformat.NotebookNode) -> None:
    """Takes out, in place, what belongs to one run on one machine."""
    book.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in book.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in KEPT_METADATA if key in cell.metadata})
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(_tidied, cell.outputs) if output is not None]


def _tidied(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """An output without what cannot be shown later; None when nothing is left of it."""
    if output.output_type == "stream":
        lines = [line for line in output.text.split("\n") if not PROGRESS.match(line.rpartition("\r")[2])]
        output.text = "\n".join(line.rpartition("\r")[2] for line in lines)
        return output if output.text.strip() else None
    both = [kind for kind in ("image/png", "image/jpeg") if kind in output.get("data", {})]
    if len(both) == 2:  # PIL hands over every picture twice
        output.data.pop(max(both, key=lambda kind: len(output.data[kind])))
    if WIDGET not in output.get("data", {}):
        return output
    text = output.data.pop("text/plain", "")
    output.data.pop(WIDGET)
    if PROGRESS.match(text):
        return None
    output.data["text/plain"] = PLACEHOLDER
    return output


if __name__ == "__main__":
    sys.exit(main())
