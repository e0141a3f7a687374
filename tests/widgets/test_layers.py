"""Who may know whom: the parts of a widget know no widget, and the lessons do not know the studio."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import styleclip_lib.widgets
from styleclip_lib.editing.recipes import Recipe

FOLDER = Path(styleclip_lib.widgets.__file__).parent
ABOVE = {"toolkit": {"lessons", "studio"}, "lessons": {"studio"}}


@pytest.mark.parametrize("layer", ABOVE)
def test_imports_go_down(layer):
    for path in (FOLDER / layer).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {part for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 2 and node.module
                    for part in node.module.split(".")[:1]}
        assert not imported & ABOVE[layer], path.name


def test_no_tab_knows_the_studio():
    for path in (FOLDER / "studio").glob("*.py"):
        if path.name != "studio.py":
            assert "from .studio" not in path.read_text(encoding="utf-8"), path.name


def test_no_method_is_told_by_its_name():
    """What differs from method to method stands in the recipes."""
    kinds = {f"{quote}{kind}{quote}" for kind in Recipe.family() for quote in "'\""}
    for path in (FOLDER / "studio").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert not [kind for kind in kinds if kind in source], path.name
