"""What the generator's sliders draw, without sliders."""

from __future__ import annotations

import numpy as np
import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import to_pil
from styleclip_lib.widgets.lessons.generator import GeneratorState, draw

SIZE = 16


def faces(toy, **state):
    """The pixels of A, the mixture and B, without the labels."""
    sheet = np.asarray(draw(toy, GeneratorState(**state), SIZE)).astype(int)
    return [sheet[:SIZE, left : left + SIZE] for left in (0, SIZE + 2, 2 * SIZE + 4)]


def test_the_outer_faces_are_those_of_the_seeds(toy):
    a, _, b = faces(toy, seed=3, second_seed=4, psi=0.5)
    for shown, seed in ((a, 3), (b, 4)):
        assert (shown == np.asarray(to_pil(toy.generator.synthesis(toy.sample(seed, 0.5))))).all()


def test_the_mixture_goes_from_b_to_a(toy):
    num_ws = toy.generator.num_ws
    a, none, b = faces(toy)
    assert (none == a).all() and not (a == b).all()
    assert (faces(toy, mixing_layer=num_ws)[1] == a).all()
    assert (faces(toy, mixing_layer=0)[1] == b).all()
    half = faces(toy, mixing_layer=num_ws // 2)[1]
    assert not (half == a).all() and not (half == b).all()


def test_noise(toy):
    a, b = faces(toy, noise_mode="const")[0], faces(toy, noise_mode="const")[0]
    assert (a == b).all()
    assert not (faces(toy, noise_mode="random")[0] == faces(toy, noise_mode="random")[0]).all()
    assert not (faces(toy, noise_mode="none")[0] == a).all()


def test_psi_zero_is_one_face_for_all(toy):
    a, mixture, b = faces(toy, psi=0.0)
    assert (a == b).all() and (a == mixture).all()


@pytest.mark.parametrize("wrong", [{"mixing_layer": -1}, {"mixing_layer": 99}, {"noise_mode": "loud"}])
def test_what_is_not_there(toy, wrong):
    with pytest.raises(StyleclipError, match="must"):
        draw(toy, GeneratorState(**wrong))
