"""The widgets of the lessons, with the lessons' own cells, in JupyterLab in Chromium: move something, see another picture."""

from __future__ import annotations

import json
import re

import pytest

from .conftest import ROOT
from .using import changed, content, open_notebook

SET_UP = """\
from styleclip_lib import GlobalDirections, LatentMapper, load_models
from styleclip_lib.editing.alignment import LatentAlignment
from styleclip_lib.networks.fast_style import FastStyle
from styleclip_lib.stylization.fast import FastTransfer
models = load_models()
codes = {f"seed {seed}": models.sample(seed) for seed in (3, 8, 21, 30)}
TEXT, mapper = "a smiling face", LatentMapper.load(models, "smile")
directions = GlobalDirections.available(models)
style = FastStyle(4, 1).requires_grad_(False)
style.last.bias.fill_(1.5)
fast = {"with": FastTransfer(models, style, {"text": "a mosaic"})}
alignment = LatentAlignment.compute(models, faces=200, progress=False)
"""
MAKES_A_WIDGET = re.compile(r"^(\w+_sliders|blend_pad|sentence_box)\(", re.MULTILINE)
MOVED = {"01": ["truncation psi", "seed A"], "02": ["coverage", "yaw (degrees)"], "03": [None], "04": ["strength", "face (seed)"],
         "05": ["strength", "face (seed)"], "06": ["strength alpha", "threshold", "face (seed)"], "09": ["from above", "face (seed)"],
         "10": ["constant C", "face (seed)"]}
"""Sliders of every lesson, by their labels (the pad has none); lesson 00 has the widget of lesson 04."""

PRESSED = {"02": "Invert", "04": "Edit"}
"""Buttons, which take seconds."""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A notebook with the cells of the lessons that make widgets, and what they need."""
    sources = [SET_UP]
    for lesson in MOVED:
        (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
        cells = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        (cell,) = filter(MAKES_A_WIDGET.search, cells)
        sources.append(cell)
    cells = [{"cell_type": "code", "id": f"cell{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
             for i, source in enumerate(sources)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = tmp_path_factory.mktemp("widgets") / "widgets.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_everything_that_moves_changes_the_picture(page, lab, notebook):
    open_notebook(page, lab, notebook, cells=1 + len(MOVED))
    for number, (lesson, labels) in enumerate(MOVED.items(), start=1):
        output = page.locator(".jp-CodeCell").nth(number)
        image = output.locator(".jp-OutputArea-output img").first
        for label in labels:
            before = content(image)
            slider = output.locator(".widget-slider", **({"has": page.locator(f"label:text-is('{label}')")} if label else {})).first
            slider.locator(".noUi-handle").first.focus()
            page.keyboard.press("ArrowRight")
            changed(image, before)
        if lesson in PRESSED:
            before = content(image)
            output.get_by_role("button", name=PRESSED[lesson]).click()
            changed(image, before)
