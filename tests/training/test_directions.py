"""`styleclip train directions` on a copy of the tiny domain: computed, measured, entered, described, resumed."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
import torch

from styleclip_lib.editing.directions import channel_scan
from styleclip_lib.editing.directions.global_directions import GlobalDirections
from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import load_models
from styleclip_lib.training.directions import Settings, edits, measure_again, rank_correlation, train

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tiny_folder, tmp_path) -> Settings:
    shutil.copytree(tiny_folder, tmp_path / "tiny")
    return Settings(run=tmp_path / "runs" / "directions", domain=tmp_path / "tiny", images=3, samples=60, faces=1)


def test_the_domain_has_directions_afterwards(settings, tmp_path):
    metrics = train(settings)
    models = load_models(settings.domain, device="cpu")
    directions = GlobalDirections.load(models)
    assert directions.settings["kind"] == "scan" and directions.settings["images"] == 3
    expected = GlobalDirections.compute(models, images=3, samples=60, folder=tmp_path, progress=False)
    assert torch.equal(directions.effects, expected.effects)
    assert metrics["channels"] == 56 and metrics["channels of the toRGB layers"] == 32
    assert -1 <= metrics["rank correlation with first order"] <= 1

    entry = json.loads((settings.domain / "domain.json").read_text())["files"]["directions"]
    assert entry["training"]["command"] == "styleclip train directions" and entry["training"]["metrics"] == metrics
    card = (settings.domain / "directions.md").read_text()
    assert card.startswith("# directions\n") and "`styleclip train directions` makes it again" in card
    assert measure_again(settings) == metrics
    assert "| images | 3 |" in card and str(tmp_path) not in card


def test_the_directions_may_come_from_a_regression(settings):
    metrics = train(dataclasses.replace(settings, kind="regression", images=40))
    directions = GlobalDirections.load(load_models(settings.domain, device="cpu"))
    expected = GlobalDirections.regressed(directions.models, faces=40, samples=60, progress=False)
    assert torch.equal(directions.effects, expected.effects) and directions.settings == expected.settings
    assert metrics["channels"] == 56 and metrics["channels of the toRGB layers"] == 32
    card = (settings.domain / "directions.md").read_text(encoding="utf-8")
    assert "| kind | regression |" in card and "| images | 40 |" in card and "| truncation_psi | 1.0 |" in card
    assert measure_again(settings) == metrics


@pytest.mark.parametrize(("kind", "images", "truncation_psi"), [("scan", 24, 0.7), ("regression", 2000, 1.0)])
def test_each_kind_has_its_own_number_of_faces(kind, images, truncation_psi, settings, monkeypatch):
    def begun(*models, **chosen):
        assert chosen.get("images", chosen.get("faces")) == images and chosen["truncation_psi"] == truncation_psi
        raise KeyboardInterrupt

    for way in ("compute", "regressed"):
        monkeypatch.setattr(GlobalDirections, way, begun)
    assert Settings().kind == "scan", "as the directions that ship"
    with pytest.raises(KeyboardInterrupt):
        train(Settings(run=settings.run, domain=settings.domain, kind=kind))
    with pytest.raises(StyleclipError, match="kind is 'gradients'; it must be one of scan, regression"):
        train(Settings(run=settings.run, domain=settings.domain, kind="gradients"))


def test_called_again_it_does_not_scan_again(settings, monkeypatch):
    train(settings)
    monkeypatch.setattr(channel_scan, "scan_channels", None)
    train(settings)


def test_what_is_measured_of_edits(tiny):
    directions = GlobalDirections.first_order(tiny, images=2, samples=50, projections=4, progress=False)
    found = edits(directions, ["a face with glasses", "a smiling face"], faces=2)
    assert set(found) == {"edits", "success rate", "side effects", "identity"}
    assert 0 <= found["success rate"] <= 1 and -1 <= found["identity"] <= 1


@pytest.mark.parametrize(("other", "expected"), [([1.0, 2, 9, 100], 1.0), ([4.0, 3, 2, 1], -1.0), ([2.0, 1, 4, 3], 0.6)])
def test_rank_correlation(other, expected):
    assert rank_correlation(torch.tensor([1.0, 2, 3, 4]), torch.tensor(other)) == pytest.approx(expected)
