"""Directions do not depend on how many digits a processor multiplies with."""

import pytest
import torch

from styleclip_lib.editing.directions.channel_effects import drawing_resolution, scan_channels
from styleclip_lib.editing.directions.first_order import first_order_effects
from styleclip_lib.editing.directions.regression import regressed_effects
from styleclip_lib.editing.directions.style_statistics import style_statistics


@pytest.fixture(scope="module")
def statistics(models):
    return style_statistics(models.generator, 12, 1000, 0.7, 0)


@pytest.mark.full  # a processor without bfloat16 takes minutes for it
@pytest.mark.parametrize("way", ["scan", "first order", "regression"])
def test_directions_are_nearly_the_same_in_bfloat16(models, statistics, monkeypatch, way):
    stop_at, effects = drawing_resolution(models), []
    for pays in (True, False):
        monkeypatch.setattr("styleclip_lib.speed.bfloat16_pays", lambda kind, pays=pays: pays)
        if way == "scan":
            effects.append(scan_channels(models, statistics, range(0, models.generator.num_channels, 250), 5.0, stop_at))
        elif way == "regression":
            effects.append(regressed_effects(models, statistics, 0.1, stop_at, progress=False))
        else:
            effects.append(first_order_effects(models, statistics, 12, 0, stop_at, progress=False))
    text = models.clip.encode_text(["a smiling face", "a face"])
    near, exact = (effect @ (text[0] - text[1]) for effect in effects)
    assert not torch.equal(*effects) and torch.cosine_similarity(*effects, dim=1).mean() > 0.95
    assert torch.cosine_similarity(near, exact, dim=0) > 0.95
