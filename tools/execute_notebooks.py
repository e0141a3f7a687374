"""Runs notebooks from top to bottom and stores their outputs in place.

    python tools/execute_notebooks.py notebooks/*.ipynb

A notebook that fails, or whose outputs carry a path of this machine, is left as it was; the exit code is 1 then.
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

from tools.notebook_rules import machine_paths, problems

WIDGET = "application/vnd.jupyter.widget-view+json"
PROGRESS = re.compile(r"^\s*(?:[^\n|]*:\s*)?\d+%\|")
KEPT_METADATA = ("tags", "jupyter", "nbgrader", "slideshow")
PLACEHOLDER = "(Controls appear here when you run this cell.)"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run notebooks and store their outputs in place.")
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--timeout", type=int, default=600, help="seconds that one cell may take (default: 600)")
    chosen = parser.parse_args(arguments)
    failures = 0
    for path in chosen.notebooks:
        start = time.monotonic()
        complaint = refresh(path, chosen.timeout)
        failures += complaint is not None
        print(f"{path}: {complaint or f'done in {time.monotonic() - start:.0f} s'}", flush=True)
        for rule in problems(path) if complaint is None else ():
            print(f"  {rule}", flush=True)
    return 1 if failures else 0


def refresh(path: Path, timeout: int = 600) -> str | None:
    """Runs one notebook and writes it back; returns what went wrong, if anything, and then writes nothing."""
    try:
        book = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"
    client = NotebookClient(
        book, timeout=timeout, kernel_name="python3", record_timing=False, resources={"metadata": {"path": path.parent}}
    )
    try:
        client.execute()
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
