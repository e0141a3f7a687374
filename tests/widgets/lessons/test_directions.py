"""The sliders of global directions and what they draw, without a browser: what the front end sends is set on the traits."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.editing.directions.global_directions import GlobalDirections
from styleclip_lib.editing.recipes import Change
from styleclip_lib.images import to_pil
from styleclip_lib.widgets.lessons.directions import at_share, directed_face, directions_sliders, with_text
from styleclip_lib.widgets.toolkit.stage import png

SIZE = 32
SMILE, GLASSES = Change("a smiling face", "a face", 3.0, 0.1), Change("a face with glasses", "a face", -2.0, 0.1)


@pytest.fixture(scope="module")
def directions(tiny) -> GlobalDirections:
    return GlobalDirections.first_order(tiny, images=2, samples=50, projections=4, progress=False)


@pytest.fixture
def panel(directions):
    return directions_sliders(directions, ["a smiling face", "a face with glasses"], [3.0], seed=2, share=0.4, size=SIZE, threaded=False)


def test_before_and_after(directions):
    face = directed_face(directions, 4)
    sheet = np.asarray(face.draw([SMILE, GLASSES], SIZE))
    edited = directions.edit_several(directions.models.sample(4), [SMILE, GLASSES])
    assert (sheet[:SIZE, :SIZE] == np.asarray(to_pil(face.before))).all()
    assert (sheet[:SIZE, SIZE + 2 : 2 * SIZE + 2] == np.asarray(to_pil(edited.image))).all()


def test_empty_texts_and_no_strength_are_left_out(directions):
    nothing = [Change(" "), Change("a smiling face", alpha=0.0), Change("", alpha=3.0)]
    assert with_text([*nothing, SMILE]) == [SMILE]
    face = directed_face(directions, 4)
    torch.testing.assert_close(face.after(nothing), face.before)
    assert face.used(nothing) == ""


def test_the_description_of_the_channels(directions):
    lines = directed_face(directions, 4).used([SMILE, GLASSES]).splitlines()
    used = directions.channels(GLASSES.target, beta=0.1)
    assert lines[1].startswith(f"a face with glasses: {len(used)} channels, first {used[0].layer} {used[0].number} (")


def test_a_share_of_the_largest(directions):
    beta = at_share(directions, SMILE, 0.5).beta
    assert beta == pytest.approx(directions.relevance(SMILE.target).abs().max().item() / 2)
    share = directions.models.calibration.beta_share
    assert at_share(directions, SMILE, share).beta == pytest.approx(directions.threshold(replace(SMILE, beta=None)))


def sheet(directions, changes, seed=2, share=0.4):
    return png(directed_face(directions, seed).draw([at_share(directions, change, share) for change in changes], SIZE))


def test_the_first_picture_is_there_at_once(directions, panel):
    assert panel.picture.value == sheet(directions, [SMILE])
    assert "a smiling face" in panel.status.value and "glasses" not in panel.status.value


@pytest.mark.parametrize(
    ("name", "value", "changes", "settings"),
    [
        ("alpha0", -1.0, [replace(SMILE, alpha=-1.0)], {}),
        ("alpha1", -2.0, [SMILE, GLASSES], {}),
        ("text0", "an old face", [replace(SMILE, target="an old face")], {}),
        ("text0", "", [], {}),
        ("neutral", "a man", [replace(SMILE, neutral="a man")], {}),
        ("share", 0.8, [SMILE], {"share": 0.8}),
        ("seed", 9, [SMILE], {"seed": 9}),
    ],
)
def test_every_control_changes_the_picture(directions, panel, name, value, changes, settings):
    panel.controls[name].set_state({"value": value})
    assert panel.last_error is None
    assert panel.picture.value == sheet(directions, changes, **settings)


@pytest.mark.parametrize(("name", "value", "complaint"), [("text0", "a fase", "fase"), ("neutral", "", "empty")])
def test_what_cannot_be_used_is_reported_and_the_picture_stays(panel, name, value, complaint):
    before = panel.picture.value
    panel.controls[name].value = value
    assert complaint in panel.status.value and "#b00020" in panel.status.value and panel.picture.value == before
    panel.controls[name].value = {"text0": "a smiling face", "neutral": "a face"}[name]
    assert panel.last_error is None and panel.picture.value == before


def test_a_dragged_slider_ends_at_the_last_value(directions):
    panel = directions_sliders(directions, ["a smiling face"], seed=2, share=0.4, size=SIZE)
    for step in range(30):
        panel.controls["alpha0"].value = step / 4
    panel.worker.wait_idle()
    assert panel.picture.value == sheet(directions, [replace(SMILE, alpha=29 / 4)])


def test_a_notebook_keeps_a_still_picture(panel):
    bundle = panel._repr_mimebundle_()
    assert Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).size == panel.still.size
