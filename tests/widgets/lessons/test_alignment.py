"""Playing with latent alignment, first without and then with the controls."""

from __future__ import annotations

import pytest

from styleclip_lib import LatentAlignment
from styleclip_lib.errors import StyleclipError
from styleclip_lib.widgets.lessons.alignment import AlignmentState, alignment_sliders, draw
from styleclip_lib.widgets.toolkit.stage import png


@pytest.fixture(scope="module")
def alignment(tiny):
    return LatentAlignment.compute(tiny, faces=24, progress=False)


def after(alignment, **state):
    """The edited face, on the right of the sheet."""
    return png(draw(alignment, AlignmentState(**{"text": "a smiling face", "seed": 2, **state}), 32)[0].crop((34, 0, 66, 32)))


def test_every_control_counts(alignment):
    changes = ({}, {"text": "an old face"}, {"seed": 3}, {"c": -0.5}, {"psi": 0.2})
    assert len({after(alignment, **state) for state in changes}) == len(changes)


def test_without_a_step_the_face_stays_and_the_mean_face_has_no_seed(alignment):
    sheet = draw(alignment, AlignmentState("a smiling face", c=0.0), 32)[0]
    assert png(sheet.crop((0, 0, 32, 32))) == png(sheet.crop((34, 0, 66, 32)))
    assert after(alignment, seed=2, psi=0.0) == after(alignment, seed=3, psi=0.0)


def test_what_is_said_and_refused(alignment):
    assert draw(alignment, AlignmentState("a smiling face"), 32)[1].startswith("Predicted C: ")
    with pytest.raises(StyleclipError, match="Say what the face should become"):
        draw(alignment, AlignmentState("  "), 32)
    with pytest.raises(StyleclipError):
        draw(alignment, AlignmentState("a face with a xylophone"), 32)


def test_the_panel_follows_its_controls(alignment):
    panel = alignment_sliders(alignment, AlignmentState("a smiling face", seed=2), size=32, threaded=False)
    first = panel.picture.value
    panel.controls["c"].value = 1.5
    assert panel.picture.value != first and "Predicted C" in panel.status.value
    panel.controls["text"].value = ""
    assert "Say what the face should become" in panel.status.value
