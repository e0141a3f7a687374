"""``styleclip train style``: pairs in motion, files, cards."""

import json
import shutil

import pytest
import torch

from styleclip_lib import StyleclipError, load_models
from styleclip_lib.stylization.fast import FastTransfer
from styleclip_lib.stylization.motion import flicker
from styleclip_lib.training.style import TEXTS, Settings, _wanted, measure_again, moving, moving_heads, train


@pytest.fixture(scope="module")
def domain(tiny_folder, tmp_path_factory):
    return shutil.copytree(tiny_folder, tmp_path_factory.mktemp("style") / "tiny")


@pytest.fixture
def quick(domain, monkeypatch):
    """Two pairs are enough, and few patches."""
    index = json.loads((domain / "domain.json").read_text())
    (domain / "domain.json").write_text(json.dumps({**index, "calibration": {"style": {"patches": 2}}}))
    monkeypatch.setattr("styleclip_lib.training.style.PAIRS", 2)
    return Settings(domain, steps=1, count=2, size=32, tested=1)


@pytest.mark.slow
def test_heads_turn_and_their_motion_is_known():
    heads = moving_heads(2, 48, 1)
    assert len(heads) == 2 and heads.flow.abs().max() > 0.5 and 0.2 < heads.valid.mean() < 1
    assert flicker(heads.first, heads.second, heads) < 0.5
    pictures = torch.rand(3, 3, 48, 48)
    drawn = [moving(heads, pictures, torch.Generator().manual_seed(seed)) for seed in range(12)]
    assert {len(one) for one in drawn} == {1} and len({one.valid.mean().item() for one in drawn}) > 3


@pytest.mark.slow
def test_a_style_of_the_domain(quick, domain):
    quick.text, quick.name = "an ink drawing", "ink"
    metrics = train(quick)["ink"]
    assert set(metrics) == {"probability", "distance", "flicker", "flicker of the pictures themselves"}
    fast = FastTransfer.load(load_models(domain, device="cpu"), "ink")
    assert fast.text == "an ink drawing" and fast.recipe["steps"] == 1
    card = (domain / "style_ink.md").read_text()
    assert '--text "an ink drawing" --name ink' in card and "flicker" in card
    quick.names = ("ink",)
    assert measure_again(quick)["ink"] == metrics


@pytest.mark.slow
def test_a_file_of_ones_own(quick, domain, tmp_path):
    before = (domain / "domain.json").read_text()
    quick.text, quick.output = "a mosaic", tmp_path / "mine.safetensors"
    assert list(train(quick)) == ["mine"]
    assert quick.output.is_file() and (domain / "domain.json").read_text() == before


@pytest.mark.parametrize(("change", "message"), [
    ({"text": "a mosaic"}, "belong together"), ({"name": "a b", "text": "a mosaic"}, "not one word"),
    ({"names": ("mosiac",)}, "No text is known for the style 'mosiac'")])
def test_errors_are_reported(change, message):
    with pytest.raises(StyleclipError, match=message):
        _wanted(Settings(**change))
    assert set(_wanted(Settings())) == set(TEXTS)
