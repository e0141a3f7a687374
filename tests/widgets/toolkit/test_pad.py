"""The pad: its weights and its picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from styleclip_lib.widgets.toolkit.pad import DOT, PLACES, REACH, pad_map, pad_weights


@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_corner_has_all_the_weight_at_its_place(number):
    for corner, place in enumerate(PLACES[number]):
        assert pad_weights(*place, number) == [float(i == corner) for i in range(number)]


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("point", [(0.5, 0.5), (0.2, 0.9), (-REACH, 1 + REACH), (1 + REACH, 1 + REACH)])
def test_the_weights_sum_to_one_and_lead_to_the_point(number, point):
    weights = pad_weights(*point, number)
    assert sum(weights) == pytest.approx(1)
    reached = np.array(weights) @ np.array(PLACES[number])
    assert reached == pytest.approx((point[0], 0.5) if number == 2 else point)


def test_a_weight_is_negative_beyond_the_corners_only():
    assert min(pad_weights(0.3, 0.8, 4)) > 0 > min(pad_weights(1.1, 0.8, 4))
    assert min(pad_weights(0.5, 0.3, 3)) > 0 > min(pad_weights(0.5, 1.1, 3))


@pytest.mark.parametrize("number", [2, 3, 4])
def test_the_point_is_drawn_where_it_is(number):
    names, images, size = [f"face {i}" for i in range(number)], torch.zeros(number, 3, 16, 16), 240
    for x, y in ((0.5, 0.45), (0.0, 1.0), (-REACH, -REACH), (1 + REACH, 1 + REACH)):
        sheet = np.asarray(pad_map(names, images, pad_weights(x, y, number), x, y, size))
        rows, columns = np.nonzero((sheet == DOT).all(2))
        inside = min(x, y) >= 0 and max(x, y) <= 1  # at the rim, half of the point is cut off
        width = 1 + 2 * REACH
        expected = (REACH + x) / width * (size - 1), (REACH + 1 - y) / width * (size - 1)
        assert (columns.mean(), rows.mean()) == pytest.approx(expected, abs=1.5 if inside else 6)
