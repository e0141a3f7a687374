"""The house: imports only go down, nothing heavy comes along, and a method is not told by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "styleclip_lib"
ABOVE = ("editing", "stylization", "widgets", "service", "cli")
"""The folders of the methods and of everything that people touch."""


def test_imports_only_go_down(capfd):
    api = pytest.importorskip("importlinter.cli", reason="import-linter is in the extra 'test'")
    broken = api.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert broken == 0, capfd.readouterr().out


def sources(*folders: str) -> dict[str, str]:
    paths = [path for folder in folders for path in (LIBRARY / folder).rglob("*.py")]
    return {path.relative_to(LIBRARY).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_the_grammar_is_asked_by_the_prompt_alone():
    """Outside portraits, training and evaluation."""
    asking = [name for name, text in sources(*ABOVE, "inversion", "performance", "checks", "grading", "edge").items()
              if re.search(r"language\.parsing import .*\bparse\b", text)]
    assert asking == ["editing/prompt.py"]


def test_no_method_is_told_by_its_name_and_no_network_by_its_class():
    """Recipes know what their method does, and the domain's calibration what its networks need."""
    names = r"[!=]= ?\"(optimization|mapper|directions|channel)\"|\"(optimization|mapper|directions|channel)\" ?[!=]="
    for name, text in sources(*ABOVE, "evaluation").items():
        if name != "editing/saved_edit.py":  # reads what former versions wrote
            assert not re.search(names, text), name
    for name, text in sources(*ABOVE, "inversion", "evaluation", "edge").items():
        assert not re.search(r"isinstance\([^)]*(clip|tokenizer|perceptual|identity|encoder)\b", text), name
