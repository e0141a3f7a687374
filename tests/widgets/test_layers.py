"""Who may know whom: the parts of a widget know no widget, and the lessons do not know the studio."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import styleclip_lib.widgets

FOLDER = Path(styleclip_lib.widgets.__file__).parent
ABOVE = {"toolkit": {"lessons", "studio"}, "lessons": {"studio"}}


@pytest.mark.parametrize("layer", ABOVE)
def test_imports_go_down(layer):
    for path in (FOLDER / layer).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {part for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 2 and node.module
                    for part in node.module.split(".")[:1]}
        assert not imported & ABOVE[layer], path.name
