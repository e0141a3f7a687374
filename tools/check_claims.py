"""Which claims about a lesson (tests/notebooks/claims) its outputs do not bear out: asked in the lesson's kernel, both sides shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from textwrap import indent

from nbclient import NotebookClient
from nbclient.util import run_sync

from tests.notebooks.lesson_claims import claims


class Claims:
    """The claims about a lesson; `about(client, cell)` asks them after a cell has run."""

    def __init__(self, lesson: str):
        self._of_cells = claims(lesson)

    def about(self, client: NotebookClient, cell_id: str) -> Iterator[str]:
        """The claims about a cell that do not hold, one line each. client: its kernel has run the cell"""
        for statement in ast.parse(self._of_cells.get(cell_id, "")).body:
            source = ast.unparse(statement)
            found = said(client, f"try:\n{indent(source, '    ')}\nexcept Exception as error:\n    print(type(error).__name__, error)")
            if found:
                yield f"{cell_id}: {source} ({', '.join([found.strip(), *sides(client, statement)])})"


def sides(client: NotebookClient, statement: ast.stmt) -> Iterator[str]:
    """What is compared in the assertion of a statement, with its values."""
    for comparison in (node for node in ast.walk(statement) if isinstance(node, ast.Compare)):
        for part in (comparison.left, *comparison.comparators):
            source = ast.unparse(part)
            value = said(client, f"try:\n    print(repr({source})[:80], end='')\nexcept Exception:\n    pass")
            if value and value != source:
                yield f"{source} = {value}"


def said(client: NotebookClient, code: str) -> str:
    """What some code prints in the kernel."""
    parts: list[str] = []

    def hear(message: dict) -> None:
        if message["msg_type"] == "stream":
            parts.append(message["content"]["text"])

    run_sync(client.kc.execute_interactive)(code, store_history=False, output_hook=hear, timeout=client.timeout)
    return "".join(parts)
