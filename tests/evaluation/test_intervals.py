"""Means and how far they can be trusted."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.intervals import confidence_interval, half_width


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


def test_only_groups_count_as_independent():
    """Every value told four times tells no more than once, whatever order they come in."""
    once = [0.0, 1.0, 1.0, 0.5, 0.25]
    assert half_width(4 * once, 4 * list("abcde")) == pytest.approx(half_width(once, "abcde"))
    assert half_width(4 * once, range(20)) < 0.6 * half_width(once, "abcde")
    assert half_width([1.0, 0.0, 1.0], "aaa") is None


def test_the_interval_of_grouped_values_holds_the_truth_as_often_as_it_says():
    rng, held = torch.Generator().manual_seed(0), 0
    for _ in range(300):
        values = (torch.randn(8, 1, generator=rng) + 0.3 * torch.randn(8, 5, generator=rng)).flatten()
        held += abs(values.mean().item()) < half_width(values.tolist(), [i // 5 for i in range(40)], 0.8)
    assert 0.72 < held / 300 < 0.88
