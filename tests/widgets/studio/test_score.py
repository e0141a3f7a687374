"""What the studio says of an edit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from styleclip_lib.editing.recipes import NEUTRAL
from styleclip_lib.evaluation.report import EditReport
from styleclip_lib.widgets.studio.score import sentence

REPORT = EditReport(text="a sad face with a hat", wanted={"expression": "sad", "headwear": "hat"},
                    successes={"expression": True, "headwear": False}, true_before=False,
                    side_effects={"hair_color": ("blond", "grey")}, identity=0.8, perceptual=1.0, clip_gain=0.2)


@pytest.mark.parametrize(("changes", "told", "untold"), [
    ({}, ["Done: expression: sad.", "Not achieved: headwear: hat.", "Probably the same person (0.80)",
          "Also changed: hair color (blond to grey)"], ["CLIP"]),
    ({"successes": {"expression": True, "headwear": True}, "true_before": True}, ["True before: expression: sad, headwear: hat."],
     ["Done", "Not achieved"]),
    ({"side_effects": {}, "identity": 0.2}, ["Hardly the same person (0.20)", "Nothing else changed."], ["Also"]),
    ({"wanted": {}, "successes": {}}, ["CLIP's similarity to the text: +0.20.", "Changed: hair color"], ["Done", "Also changed"]),
    ({"text": NEUTRAL, "wanted": {}, "successes": {}, "side_effects": {}}, ["No attribute changed."], ["CLIP", "Done"]),
    ({"wanted": {}, "successes": {}, "side_effects": {}, "readable": False}, ["Attributes cannot be read in this domain."],
     ["No attribute changed", "Nothing else"]),
])
def test_the_sentence_says_what_the_report_has(changes, told, untold):
    said = sentence(replace(REPORT, **changes))
    assert all(words in said for words in told) and not any(words in said for words in untold)


def test_without_an_edit_there_is_nothing_to_say():
    assert "Nothing is edited yet" in sentence(None)


def test_what_a_report_says_cannot_become_markup():
    assert "<script>" not in sentence(replace(REPORT, side_effects={"hair_color": ("<script>", "grey")}))
