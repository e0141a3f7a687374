"""The learning rate's way through an optimisation; tests/conformance compares it with the official ones."""

import pytest

from styleclip_lib.schedule import ramped


def test_it_starts_at_nothing_stays_and_ends_at_nothing():
    rates = [ramped(step, 200, 0.1) for step in range(201)]
    assert rates[0] == 0 and rates[200] == pytest.approx(0, abs=1e-12)
    assert all(rate == pytest.approx(0.1) for rate in rates[10:151])
    assert all(a <= b for a, b in zip(rates[:11], rates[1:11]))  # noqa: RUF007
    assert rates[5] == pytest.approx(0.05)
    assert rates[175] == pytest.approx(0.05), "half a cosine"


def test_only_the_share_of_the_steps_counts():
    assert ramped(30, 100, 1.0) == ramped(300, 1000, 1.0)
    assert ramped(1, 100, 1.0, rampup=0.01) == pytest.approx(1)
    assert ramped(90, 100, 1.0, rampdown=0.05) == pytest.approx(1)
    assert ramped(3, 100, 0.2) == pytest.approx(2 * ramped(3, 100, 0.1))
