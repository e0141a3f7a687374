"""What `styleclip evaluate` compares: recipes by name. Nothing heavy is imported, so that `--help` is there at once."""

from __future__ import annotations

from ..editing.recipes import AlignmentEdit, Directions, MapperEdit, Optimization, Recipe

RECIPES: dict[str, Recipe] = {
    "optimization": Optimization.DEFAULT,
    "optimization-w": Optimization(space="w"),
    "optimization-w+": Optimization(space="w+"),
    "optimization-paper": Optimization.PAPER,
    "mapper": MapperEdit(strength="auto"),
    "alignment": AlignmentEdit(),
    "alignment-closed-form": AlignmentEdit(closed_form=True),
    "directions": Directions(strength="auto"),
    "directions-paper": Directions.PAPER,
}

ORACLE = "oracle"
"""The name under which the oracle edits stand in the table: what the renderer draws when it is told the text."""
