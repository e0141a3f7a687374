"""Regions beside the masks that the worlds know."""

import pytest
import torch

from styleclip_lib import StyleclipError
from styleclip_lib.calibration import Calibration
from styleclip_lib.evaluation.regions import REGIONS, clip_finds, evaluate_regions, iou, pictures_of
from styleclip_lib.stylization.region import averaged, mask_of


def test_intersection_over_union():
    a, b = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    a[..., :2], b[..., 1:3] = 1, 1
    assert iou(a, b) == pytest.approx(1 / 3) and iou(a, a) == 1 and iou(a, 0 * a) == 0


@pytest.mark.parametrize("part", ["hat", "sea"])
def test_pictures_show_what_is_asked_for(part):
    images, masks = pictures_of(part, 2, size=48)
    assert images.shape == (2, 3, 48, 48) and masks.shape == (2, 1, 48, 48) and masks.mean((1, 2, 3)).min() > 0.02


@pytest.mark.slow
def test_a_clip_that_knew_everything_would_find_every_region():
    """What windows and colours leave of a region if CLIP says of each window exactly how much of it the region is."""
    style = Calibration().style

    def oracle(image, part, truth):
        return mask_of(averaged(lambda windows: windows.mean((1, 2, 3)), truth, style.region_windows), image, style.region_threshold)

    rows = {row["region"]: row["median_iou"] for row in evaluate_regions(oracle, 2, 96, progress=False)}
    assert set(rows) == set(REGIONS) and min(rows.values()) > 0.7, rows


def test_what_clip_does_not_see_counts_as_nothing(tiny):
    rows = evaluate_regions(clip_finds(tiny), 1, 48, ("sea",), progress=False)
    assert rows[0]["pictures"] == 1 and 0 <= rows[0]["median_iou"] <= 1
    with pytest.raises(StyleclipError, match="There is no region 'eyes'"):
        evaluate_regions(clip_finds(tiny), 1, 48, ("eyes",))
