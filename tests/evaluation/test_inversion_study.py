"""Inverting the same people under one change at a time, and the statistics of it."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.inversion_study import confidence_interval, measured, on_head, study
from styleclip_lib.inversion.invert import invert, psnr
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample

CHANGES = {"as they are": {}, "turned": {"yaw": 1.0}}


def test_every_change_is_drawn_inverted_and_measured(tiny):
    people = sample(3, seed=5).replace(yaw=0.0)
    trials = study(tiny, people, CHANGES, progress=False, steps=2)
    assert list(trials) == list(CHANGES)
    turned = trials["turned"]
    assert torch.equal(turned.targets, render(people.replace(yaw=1.0), 32))
    assert not torch.equal(turned.targets, trials["as they are"].targets)
    again = invert(tiny, turned.targets[1:2], steps=2, progress=False)
    assert torch.equal(turned.inversions[1].w_plus, again.w_plus) and len(turned.inversions) == 3
    assert turned.whole_psnr[1].item() == pytest.approx(psnr(again.image, turned.targets[1:2]), abs=1e-4)
    assert turned.identity.shape == (3,) and turned.identity.abs().max() <= 1 + 1e-5


def test_an_unknown_factor_is_said_before_anything_is_inverted(tiny, monkeypatch):
    monkeypatch.setattr("styleclip_lib.evaluation.inversion_study.invert", lambda *_, **__: pytest.fail("inverted"))
    with pytest.raises(StyleclipError, match="no factor 'nose'"):
        study(tiny, sample(2, seed=1), {"as they are": {}, "nose": {"nose": 1.0}}, progress=False)


def test_errors_outside_the_head_do_not_count_for_the_head(tiny):
    people = sample(2, seed=5)
    found = [invert(tiny, render(people[i], 32), steps=0, progress=False) for i in range(2)]
    heads = on_head(people, 32)
    images = torch.cat([inversion.image for inversion in found]).clamp(-1, 1)
    outside = torch.where(heads[:, None], images, images - 0.5)
    inside = torch.where(heads[:, None], images - 0.5, images)
    assert (measured(tiny, "", people, outside, found).head_psnr > 100).all()
    apart = measured(tiny, "", people, inside, found)
    assert (apart.head_psnr < apart.whole_psnr).all() and (measured(tiny, "", people, outside, found).whole_psnr < 100).all()


def test_the_head_is_where_the_factors_say():
    small, large = (on_head(sample(1, seed=5).replace(face_size=size, offset_x=0.0, offset_y=0.0), 128)[0] for size in (0.0, 1.0))
    rows = large.any(1).nonzero()
    assert (rows.max() - rows.min() + 1).item() / 128 == pytest.approx(0.64, abs=0.03)
    assert small.sum() < large.sum() and not (small & ~large).any() and large[64, 64] and not large[0, 0]


@pytest.mark.parametrize("count, t", [(2, 12.706), (3, 4.303), (6, 2.571), (10, 2.262), (31, 2.042)])
def test_the_interval_is_that_of_the_tables(count, t):
    """Of 0, 1, 0, 1, ...: t · s / sqrt(N), with t as printed in tables of Student's distribution."""
    values = torch.arange(count, dtype=torch.float64) % 2
    mean, half = confidence_interval(values)
    assert mean == pytest.approx(float(values.mean())) and half == pytest.approx(t * float(values.std()) / count**0.5, rel=1e-3)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = torch.Generator().manual_seed(0)
    intervals = [confidence_interval(3 + torch.randn(5, generator=rng), 0.8) for _ in range(200)]
    assert 0.72 < sum(abs(mean - 3) < half for mean, half in intervals) / 200 < 0.88
    assert confidence_interval(torch.full((4,), 2.0)) == (2.0, 0.0)
    with pytest.raises(StyleclipError, match="two values"):
        confidence_interval(torch.ones(1))
