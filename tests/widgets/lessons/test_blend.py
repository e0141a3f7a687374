"""What the pad draws, without the pad."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import to_pil
from styleclip_lib.widgets.lessons.blend import blended, corners_of_codes, corners_of_seeds, described, draw
from styleclip_lib.widgets.toolkit.pad import pad_map, pad_weights


def portraits(toy, number=4):
    return corners_of_codes(toy, {f"face {seed}": toy.sample(seed) for seed in range(number)})


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("space", ["w+", "z", "pixels"])
def test_a_corner_is_drawn_as_it_is(toy, number, space):
    corners = corners_of_seeds(toy, range(3, 3 + number))
    for i in range(number):
        weights = [float(i == j) for j in range(number)]
        torch.testing.assert_close(blended(toy, corners, weights, space), corners.images[i : i + 1], rtol=0, atol=1e-4)


def test_the_blend_of_each_space(toy):
    corners, weights = corners_of_seeds(toy, [3, 4], truncation_psi=0.8), [0.3, 0.7]
    w_plus = 0.3 * toy.sample(3, 0.8) + 0.7 * toy.sample(4, 0.8)
    torch.testing.assert_close(blended(toy, corners, weights), toy.generator.synthesis(w_plus).clamp(-1, 1))
    faded = 0.3 * corners.images[:1] + 0.7 * corners.images[1:]
    torch.testing.assert_close(blended(toy, corners, weights, "pixels"), faded)
    z = 0.3 * corners.z[:1] + 0.7 * corners.z[1:]
    expected = toy.generator.synthesis(toy.generator.mapping(z, 0.8)).clamp(-1, 1)
    torch.testing.assert_close(blended(toy, corners, weights, "z"), expected)


def test_invented_faces_are_those_of_their_seeds(toy):
    corners = corners_of_seeds(toy, [5, 9])
    assert corners.names == ("seed 5", "seed 9") and corners.spaces == ("w+", "z", "pixels")
    torch.testing.assert_close(corners.w_plus, torch.cat([toy.sample(5), toy.sample(9)]))


def test_inverted_faces_have_no_z(toy):
    corners = portraits(toy)
    assert corners.spaces == ("w+", "pixels")
    with pytest.raises(StyleclipError, match="no z"):
        blended(toy, corners, [0.25] * 4, "z")
    with pytest.raises(StyleclipError, match=r"w\+, pixels, not in 'w'"):
        blended(toy, corners, [0.25] * 4, "w")


@pytest.mark.parametrize("number", [0, 1, 5])
def test_too_few_and_too_many_faces(toy, number):
    for make in (lambda: portraits(toy, number), lambda: corners_of_seeds(toy, range(number)), lambda: pad_weights(0, 0, number)):
        with pytest.raises(StyleclipError, match="two, three or four"):
            make()


def test_the_pad_is_beside_the_blend(toy):
    corners, size = portraits(toy), 64
    sheet = np.asarray(draw(toy, corners, 0.2, 0.7, size=size))
    assert sheet.shape == (size, 2 * size + 2, 3)
    weights = pad_weights(0.2, 0.7)
    assert (sheet[:, :size] == np.asarray(pad_map(corners.names, corners.images, weights, 0.2, 0.7, size))).all()
    face = to_pil(blended(toy, corners, weights)).resize((size, size), 3)
    assert (sheet[:, size + 2 :] == np.asarray(face)).all()


def test_the_blend_in_words(toy):
    corners = portraits(toy, 3)
    assert described(corners, [0.25, 0.75, 0.0]) == "0.25 · face 0 + 0.75 · face 1"
    assert described(corners, [-0.5, 0.001, 1.5]) == "- 0.50 · face 0 + 1.50 · face 2"
