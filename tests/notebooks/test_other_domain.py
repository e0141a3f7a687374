"""Every lesson with another domain than the portraits: `DOMAIN` is all that has to be changed.

The networks are small ones of the layout of ffhq's, full of made-up numbers. A lesson has to run, and to say what it cannot know.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import matplotlib
import pytest

import styleclip_lib
from styleclip_lib.editing import mapper as latent_mapper
from styleclip_lib.evaluation import inversion_study
from styleclip_lib.weights.downloads.registry import domain_cache
from tests.notebooks.lesson_claims import claims
from tests.official import write_domain

LESSONS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))
CHOICE = 'DOMAIN = "portraits"'
MOST_STEPS = 10
"""Of everything that goes step by step: here it only has to run."""

OWN_NETWORKS = re.compile(r"\b(play|average|sheets)\b")
"""Cells of lesson 01 that train a small GAN of their own for a minute, whatever the domain is."""


@pytest.fixture(scope="module")
def domain(official_files, tmp_path_factory):
    """A domain whose downloads are there already."""
    folder = tmp_path_factory.mktemp("domain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLECLIP_CACHE", str(folder / "cache"))
        write_domain(folder / "photographs", official_files, "http://127.0.0.1:9", name="photographs")
        cache = domain_cache(folder / "photographs")
        cache.mkdir(parents=True)
        for name, path in official_files.items():
            (cache / name).symlink_to(path)
        yield folder / "photographs"


@pytest.fixture
def quick(monkeypatch):
    """Fewer steps than the lessons ask for."""
    for module, name, most in ((styleclip_lib, "invert", MOST_STEPS), (styleclip_lib, "optimize_latent", MOST_STEPS),
                               (latent_mapper, "train_mapper", MOST_STEPS), (inversion_study, "invert", 1)):  # fmt: skip
        monkeypatch.setattr(module, name, shortened(getattr(module, name), most))


def shortened(function, most: int):
    return lambda *arguments, **settings: function(*arguments, **{**settings, "steps": min(settings.get("steps", most), most)})


def code_of(path: Path) -> list[str]:
    """The cells, each with those claims about it that hold in every domain."""
    cells, claimed = json.loads(path.read_text(encoding="utf-8"))["cells"], claims(path.stem, other_domain=True)
    return ["".join(cell["source"]) + "\n" + claimed.get(cell["id"], "") for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_domain_is_chosen_in_one_line(path):
    message = "\n".join(code_of(path))
    assert message.count(CHOICE) == 1 and re.findall(r"\b(?:load_models|Background)\((\w+)", message) == ["DOMAIN"]


@pytest.mark.full
@pytest.mark.parametrize("path", [path for path in LESSONS if path.stem != "12_serving"], ids=lambda path: path.stem)  # it has no models
def test_the_lesson_runs(path, domain, quick, monkeypatch, capsys):
    monkeypatch.chdir(path.parent)
    matplotlib.use("Agg")
    space: dict = {}
    for number, source in enumerate(code_of(path)):
        if not OWN_NETWORKS.search(source):
            exec(compile(source.replace(CHOICE, f"DOMAIN = {str(domain)!r}"), f"{path.stem}, code cell {number}", "exec"), space)
    assert space["models"].domain == "photographs"
    matplotlib.pyplot.close("all")
