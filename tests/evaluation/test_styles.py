"""The table of styles: what is counted, and beside what it stands."""

from dataclasses import replace

import pytest
import torch

from styleclip_lib import StyleclipError
from styleclip_lib.cli.evaluate import style_table
from styleclip_lib.evaluation.styles import DRAWN, HeldOut, drawn, evaluate_styles, held_out, text_of
from styleclip_lib.networks.style_examiner import KINDS, StyleExaminer


@pytest.fixture(scope="module")
def pictures() -> HeldOut:
    return held_out(4, size=48)


def test_held_out_pictures_are_portraits_and_scenes(pictures):
    assert pictures.images.shape == (4, 3, 48, 48) and len(pictures.facts) == 2 and "hair_color" in pictures.facts[0]
    assert pictures.is_asked(3, "mosaic") and not pictures.is_asked(3, "night") and pictures.is_asked(0, "night")


class SaysMosaic(StyleExaminer):
    def forward(self, image):
        return torch.nn.functional.one_hot(torch.full((len(image),), KINDS.index("mosaic")), len(KINDS)).float()


def test_rows(tiny, pictures):
    models = replace(tiny)
    models.memo["style examiner"] = SaysMosaic((4,), (1,), 32)
    rows = evaluate_styles(models, ["mosaic", "night"], drawn, pictures, DRAWN, progress=False)
    mosaic, night = (row.summary() for row in rows)
    assert (mosaic["success_rate"], night["success_rate"]) == (1.0, 0.0) and (mosaic["pictures"], night["pictures"]) == (4, 2)
    assert mosaic["attributes_kept"] is None, "this domain has no examiner of attributes"
    assert 0 <= mosaic["probability"] <= 1 and mosaic["distance"] > 0 and mosaic["interval"][0] > 0.5
    lines = style_table([mosaic, night]).splitlines()
    assert len(lines) == 3 and "100%" in lines[1] and " - " in lines[1]


def test_without_a_style_examiner_there_is_no_success_rate(tiny, pictures):
    models = replace(tiny)
    still = evaluate_styles(models, ["mosaic"], lambda image, style: image, pictures, progress=False)[0].summary()
    assert still["success_rate"] is None and still["distance"] == pytest.approx(0, abs=1e-6)


def test_unknown_styles(tiny, pictures):
    with pytest.raises(StyleclipError, match="There is no style 'mosiac'"):
        evaluate_styles(tiny, ["mosiac"], drawn, pictures, progress=False)
    assert text_of("mosaic") == "a mosaic"
