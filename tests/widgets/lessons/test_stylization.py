"""Playing with styles, first without and then with the controls."""

from __future__ import annotations

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.fast_style import FastStyle
from styleclip_lib.stylization.fast import FastTransfer
from styleclip_lib.widgets.lessons.stylization import StyleState, draw, style_sliders
from styleclip_lib.widgets.toolkit.stage import png


@pytest.fixture(scope="module")
def styles(tiny):
    made = {}
    for name, bias in (("mosaic", 1.5), ("ink", -1.5)):
        torch.manual_seed(0)
        network = FastStyle(width=4, blocks=1).eval().requires_grad_(False)
        network.last.bias.fill_(bias)
        made[name] = FastTransfer(tiny, network, {"text": f"a {name} picture" if name == "mosaic" else "an ink drawing"})
    return made


def picture(tiny, styles, **state):
    return draw(tiny, styles, StyleState(**{"name": "mosaic", "seed": 2, **state}), 32)


def test_every_control_counts(tiny, styles):
    changes = ({}, {"name": "ink"}, {"seed": 3}, {"strength": 0.5}, {"below": 0.5})
    assert len({png(picture(tiny, styles, **state)[0].crop((34, 0, 66, 32))) for state in changes}) == len(changes)


def test_without_strength_or_place_the_face_stays(tiny, styles):
    for state in ({"strength": 0.0}, {"below": 1.0}):
        sheet = picture(tiny, styles, **state)[0]
        assert png(sheet.crop((0, 0, 32, 32))) == png(sheet.crop((34, 0, 66, 32)))


def test_the_description(tiny, styles):
    assert picture(tiny, styles)[1].startswith("a mosaic picture: CLIP's probability is")
    with pytest.raises(StyleclipError, match="no style 'oil' here, only mosaic, ink"):
        picture(tiny, styles, name="oil")
    with pytest.raises(StyleclipError, match="no style to try"):
        style_sliders(tiny, {})


def test_the_panel_follows_its_controls(tiny, styles):
    panel = style_sliders(tiny, styles, StyleState("mosaic", seed=2), size=32, threaded=False)
    first = panel.picture.value
    assert first == png(picture(tiny, styles)[0])
    panel.controls["strength"].value = 0.3
    assert panel.picture.value == png(picture(tiny, styles, strength=0.3)[0]) != first and "an ink" not in panel.status.value
    panel.controls["name"].value = "ink"
    assert "an ink drawing" in panel.status.value
