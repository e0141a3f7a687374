"""Edits along mean directions, judged by the attributes."""

import dataclasses

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.editability import editability, mean_directions
from styleclip_lib.inversion.invert import Inversion
from styleclip_lib.networks.generator import Generator
from styleclip_lib.portraits.world.attributes import BY_NAME, Reading, index_of
from styleclip_lib.portraits.world.latents import Z_DIM, factors_of_latents

WANTED = [("glasses", "sunglasses"), ("expression", "smile")]


@pytest.fixture(scope="module")
def small(tiny):
    """As tiny, with z as long as the latents of the portraits."""
    torch.manual_seed(0)
    generator = Generator(32, z_dim=Z_DIM, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8}).eval().requires_grad_(False)
    return dataclasses.replace(tiny, generator=generator)


def found(small):
    w_plus = small.sample(3)
    return Inversion(w_plus, small.generator.synthesis(w_plus))


def test_a_direction_leads_from_those_without_to_those_with(small):
    directions = mean_directions(small, WANTED, count=600, seed=4)
    assert list(directions) == WANTED and all(direction.shape == (10,) for direction in directions.values())
    z = torch.randn(600, Z_DIM, generator=torch.Generator().manual_seed(4))
    has = factors_of_latents(z).glasses == index_of("glasses", "sunglasses")
    w = small.generator.mapping.w(z)
    torch.testing.assert_close(directions[WANTED[0]], w[has].mean(0) - w[~has].mean(0))


class Reader:
    """Reads an attribute off the picture's brightness: sunglasses and blond hair in every picture that changed."""

    def __init__(self, before):
        self.before = before

    def read(self, images):
        plain = {"glasses": "none", "expression": "neutral", "hair_color": "black"}
        changed = {"glasses": "sunglasses", "expression": "neutral", "hair_color": "blond"}
        return [reading_of(plain if torch.allclose(image, self.before, atol=1e-5) else changed) for image in images]


def reading_of(values):
    return Reading({name: torch.eye(len(BY_NAME[name].values))[index_of(name, value)] for name, value in values.items()})


def test_success_and_side_effects(small, monkeypatch):
    face = found(small)
    models = dataclasses.replace(small, attributes=Reader(face.image[0].clamp(-1, 1)))
    monkeypatch.setattr("styleclip_lib.evaluation.editability.hidden_attributes", lambda reading: set())
    directions = {wanted: torch.ones(10) for wanted in WANTED}
    moved = editability(models, face, directions)
    assert moved.images.shape == (3, 3, 32, 32)
    torch.testing.assert_close(moved.images[0], face.image[0].clamp(-1, 1))
    torch.testing.assert_close(moved.images[1], small.generator.synthesis(face.w_plus + 1)[0].clamp(-1, 1))
    assert moved.success_rate == 0.5, "sunglasses, but no smile"
    assert moved.side_effects == pytest.approx((1 + 2) / 2), "blond hair; with the smile that was asked for, sunglasses too"
    still = editability(models, face, directions, strength=0.0)
    assert still.success_rate == 0 and still.side_effects == 0
    monkeypatch.setattr("styleclip_lib.evaluation.editability.hidden_attributes", lambda reading: {"hair_color"})
    assert editability(models, face, directions).side_effects == pytest.approx(1 / 2)


def test_without_a_reader(small):
    with pytest.raises(StyleclipError, match="reads attributes"):
        editability(dataclasses.replace(small, attributes=None), found(small), {WANTED[0]: torch.ones(10)})
