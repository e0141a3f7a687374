"""The public surface: every name is there, described and typed, and costs no more than it has to."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import styleclip_lib

ROOT = Path(__file__).parent.parent


def loaded(code: str, *arguments: str) -> set[str]:
    """The packages that a Python of its own has loaded after some code."""
    code += "\nimport sys; print(*{name if 'tensorboard' in name else name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    return set(result.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("name", styleclip_lib.__all__)
def test_every_name_is_described(name):
    thing = getattr(styleclip_lib, name)
    assert thing.__doc__ and thing.__doc__.strip()[0].isupper() and not thing.__doc__.startswith(f"{name}(")


def test_what_type_checkers_see_is_what_there_is():
    tree = ast.parse((ROOT / "styleclip_lib" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    homes = {alias.asname: node.module for node in block.body for alias in node.names}
    assert homes == styleclip_lib._HOME
    assert all(alias.name == alias.asname for node in block.body for alias in node.names)


def test_a_name_that_there_is_not():
    with pytest.raises(AttributeError, match="no attribute 'edit_everything'"):
        _ = styleclip_lib.edit_everything


def test_importing_costs_nothing():
    assert not {"torch", "numpy", "PIL", "clip", "dlib", "tqdm"} & loaded("import styleclip_lib")


def test_the_process_that_answers_requests_loads_no_networks():
    """They are in the workers. It starts in a moment, and its memory is small."""
    assert not {"torch", "clip", "dlib"} & loaded("import styleclip_lib.service.server, styleclip_lib.service.offline")


@pytest.mark.slow
def test_an_edit_loads_nothing_that_only_training_or_notebooks_need(tiny_domain):
    code = """
import sys
from styleclip_lib import GlobalDirections, LatentMapper, invert, load_models, measure_edit, optimize_latent, train_mapper
models = load_models(sys.argv[1], device="cpu")
w_plus = models.sample(1)
before = models.generator.synthesis(w_plus)
invert(models, before, steps=1, progress=False)
edit = optimize_latent(models, w_plus, "a smiling face", steps=1, progress=False)
train_mapper(models, "a sad face", steps=1, people=2, progress=False).edit(w_plus)
GlobalDirections.available(models).edit(w_plus, "a smiling face")
measure_edit(models, before, edit.image, "a smiling face")
"""
    found = loaded(code, str(tiny_domain))
    assert "torch" in found
    assert not {"accelerate", "tensorboard", "torchmetrics", "matplotlib", "scipy", "IPython", "ipywidgets"} & found
    assert not [name for name in found if "tensorboard" in name]
