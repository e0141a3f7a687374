"""Inverting the same people under one change at a time, and the statistics of it."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.inversion_study import measured, on_head, study
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


def test_an_unknown_factor_is_reported_before_anything_is_inverted(tiny, monkeypatch):
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
