"""The recipes that `styleclip evaluate` compares, by name. Nothing heavy is imported, so that `--help` answers at once."""

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
"""The name of the oracle edits in the table."""
