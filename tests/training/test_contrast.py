"""CLIP's contrastive loss and the area under the ROC curve, against slow loops."""

import math

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.training.contrast import area_under_curve, contrastive_loss, straightness_loss


def slow_one_way(logits, true, false):
    rows = []
    for row, t, f in zip(logits.tolist(), true.tolist(), false.tolist()):
        losses = [
            math.log(math.exp(positive) + sum(math.exp(x) for x, wrong in zip(row, f) if wrong)) - positive
            for positive, right in zip(row, t)
            if right
        ]
        if losses:
            rows.append(sum(losses) / len(losses))
    return sum(rows) / len(rows)


@pytest.fixture(scope="module")
def batch():
    rng = torch.Generator().manual_seed(0)
    kind = torch.rand(9, 14, generator=rng)
    kind[3] = 0.5  # a caption that is neither true nor false of anything
    kind[4] = kind[4].clamp(max=0.5)  # and one without a single picture of which it is false
    return 3 * torch.randn(9, 14, generator=rng), kind < 0.2, kind > 0.6


def test_the_loss_is_that_of_the_slow_loop(batch):
    logits, true, false = batch
    wanted = (slow_one_way(logits, true, false) + slow_one_way(logits.T, true.T, false.T)) / 2
    assert contrastive_loss(logits, true, false).item() == pytest.approx(wanted, rel=1e-5)


def test_with_one_positive_each_it_is_clips_own_loss():
    logits = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    eye = torch.eye(6, dtype=torch.bool)
    own = (F.cross_entropy(logits, torch.arange(6)) + F.cross_entropy(logits.T, torch.arange(6))) / 2
    assert contrastive_loss(logits, eye, ~eye).item() == pytest.approx(own.item(), rel=1e-5)


def test_undecided_pairs_take_no_part(batch):
    logits, true, false = batch
    changed = logits + 5 * torch.randn(logits.shape) * (~true & ~false)
    assert contrastive_loss(changed, true, false) == contrastive_loss(logits, true, false)


def test_large_logits_stay_finite(batch):
    logits, true, false = batch
    huge = (1e3 * logits).requires_grad_()
    loss = contrastive_loss(huge, true, false)
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(huge.grad).all()
    right = torch.where(true, 50.0, torch.where(false, -50.0, 0.0))
    assert contrastive_loss(right, true, false) < 1e-6


def test_the_area_is_the_share_of_ordered_pairs():
    rng = torch.Generator().manual_seed(2)
    positive, negative = (
        torch.randint(0, 8, (40,), generator=rng).float(),
        torch.randint(-2, 6, (30,), generator=rng).float(),
    )
    wins = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p in positive.tolist() for n in negative.tolist())
    assert area_under_curve(positive, negative) == pytest.approx(wins / 1200, rel=1e-6)


def test_the_area_is_that_of_the_roc_curve():
    """The trapezoids under true positive rate over false positive rate, threshold by threshold."""
    rng = torch.Generator().manual_seed(3)
    positive, negative = torch.randn(50, generator=rng) + 1, torch.randn(70, generator=rng)
    thresholds = torch.cat([positive, negative, torch.tensor([math.inf, -math.inf])]).sort(descending=True).values
    hit = torch.tensor([(positive >= t).float().mean() for t in thresholds])
    alarm = torch.tensor([(negative >= t).float().mean() for t in thresholds])
    assert area_under_curve(positive, negative) == pytest.approx(torch.trapezoid(hit, alarm).item(), abs=1e-5)


def test_areas_that_are_known():
    low, high = torch.tensor([0.0, 1.0]), torch.tensor([2.0, 3.0])
    assert area_under_curve(high, low) == 1 and area_under_curve(low, high) == 0 and area_under_curve(low, low) == 0.5


def test_what_lies_where_it_belongs_costs_nothing():
    start, end = F.normalize(torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0)), dim=2)
    share = torch.tensor([0.0, 0.2, 0.5, 0.8, 1.0])
    belongs = F.normalize(torch.stack([(1 - s) * a + s * b for a, b, s in zip(start, end, share)]), dim=1)
    assert straightness_loss(start, end, belongs, share).item() == pytest.approx(0, abs=1e-6)
    assert straightness_loss(start, end, -belongs, share).item() == pytest.approx(2, abs=1e-6)
    assert straightness_loss(end, start, belongs, share).item() > 0.1, "the share counts from the start"


def test_only_the_picture_between_is_moved():
    start, end, between = (torch.randn(3, 4, requires_grad=True) for _ in range(3))
    straightness_loss(start, end, between, torch.full((3,), 0.5)).backward()
    assert start.grad is None and end.grad is None and between.grad.abs().sum() > 0
