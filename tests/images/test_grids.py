"""Pictures on one sheet."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import image_grid

from .made import picture


def test_grid_of_a_batch():
    sheet = image_grid(torch.stack([torch.full((3, 5, 7), value) for value in (-1.0, 0.0, 1.0)]), columns=2)
    assert sheet.size == (7 * 2 + 2, 5 * 2 + 2)
    assert [sheet.getpixel(at)[0] for at in ((0, 0), (9, 0), (0, 7), (15, 11))] == [0, 128, 255, 255]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (4, 2), (5, 3), (100, 8)])
def test_grid_chooses_its_columns(count, columns):
    sheet = image_grid(torch.zeros(count, 3, 4, 4))
    assert sheet.width == columns * 6 - 2


def test_grid_mixes_sizes_and_kinds_and_scales():
    assert image_grid([picture(), torch.zeros(1, 3, 8, 8)], size=16).size == (34, 16)


def test_grid_labels_are_written_below_and_wrapped():
    plain = image_grid(torch.zeros(2, 3, 40, 40))
    short = image_grid(torch.zeros(2, 3, 40, 40), labels=["a", ""])
    long = image_grid(torch.zeros(2, 3, 40, 40), labels=["a text of many words", "b"])
    assert plain.height < short.height < long.height and plain.width == long.width
    strip = np.asarray(short)[40:]
    assert strip[:, :40].min() < 100 and strip[:, 42:].min() == 255


def test_grid_mistakes():
    with pytest.raises(StyleclipError, match="no picture"):
        image_grid([])
    with pytest.raises(StyleclipError, match="need 2 labels, not 1"):
        image_grid(torch.zeros(2, 3, 4, 4), labels=["a"])
