"""A portrait for every z, and the code that a generator's w carries."""

import pytest
import torch

from styleclip_lib.portraits.aligned.drawing.render import render
from styleclip_lib.portraits.aligned.world.factors import NAMES, from_uniform, is_category, sample
from styleclip_lib.portraits.aligned.world.latents import (
    Z_DIM,
    code_of,
    factors_of_latents,
    kinds,
    latents_of_uniform,
    mirrored,
    widths,
)

COUNT = 4000


@pytest.fixture(scope="module")
def uniform():
    return torch.rand(COUNT, len(NAMES), generator=torch.Generator().manual_seed(1))


def test_the_portraits_of_the_latents_are_those_of_the_uniform_numbers(uniform):
    back, wanted = factors_of_latents(latents_of_uniform(uniform, seed=2)), from_uniform(uniform)
    for name, value in back.items():
        if is_category(name):
            assert (value == getattr(wanted, name)).float().mean() > 0.999, name
        else:
            difference = (value - getattr(wanted, name)).abs()
            assert difference.max() < 0.05 and (difference < 1e-4).float().mean() > 0.998, name


def test_latents_are_like_gaussian_ones(uniform):
    latents = latents_of_uniform(uniform, seed=2)
    assert latents.shape == (COUNT, Z_DIM) and sum(widths()) < Z_DIM
    assert latents.mean(0).abs().max() < 0.1
    assert latents.std(0).sub(1).abs().max() < 0.1


def test_codes_are_centred_and_tell_all_portraits_apart():
    people = sample(5000, seed=9)
    code = code_of(people)
    assert len(code) == 5000 and code.dtype == torch.float32
    assert code.mean(0).abs().max() < 0.08
    start = 0
    for name, value in people.items():
        if kinds(name):
            shown = (3 * value).long() if name == "collar" else value
            assert (code[:, start:start + kinds(name)].argmax(1) == shown).float().mean() == 1, name
            start += kinds(name)
        else:
            part = code[:, start]
            assert part.std() == pytest.approx(1, abs=0.05)
            assert torch.corrcoef(torch.stack([part, value]))[0, 1] > 0.999, name
            start += 1
    assert start == code.shape[1]


def test_mirrored_latents_give_mirrored_portraits():
    z = torch.randn(8, Z_DIM, generator=torch.Generator().manual_seed(3))
    factors, others = factors_of_latents(z), factors_of_latents(mirrored(z))
    factors, others = (one.replace(hair_style="bald", facial_hair="none") for one in (factors, others))  # locks of hair are not mirrored
    plain, other = render(factors, 128), render(others, 128)
    assert (plain - other).abs().mean() > 0.05
    error = (plain.flip(3) - other).square().mean((1, 2, 3))
    assert (-10 * torch.log10(error / 4)).min() > 30
    torch.testing.assert_close(mirrored(mirrored(z)), z, atol=1e-4, rtol=1e-4)
