"""Exact binomial bounds, against published values."""

from __future__ import annotations

import pytest

from training import bounds


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (0, 0, 0.0, 1.0)],
)
def test_interval(right: int, total: int, low: float, high: float) -> None:
    assert bounds.interval(right, total) == pytest.approx((low, high), abs=1e-4)


def test_upper_bound_without_an_error_is_the_rule_of_three() -> None:
    assert bounds.upper(0, 100) == pytest.approx(1 - 0.05**0.01, abs=1e-6)
    assert bounds.upper(3, 3) == 1.0


def test_many_do_not_overflow() -> None:
    low, high = bounds.interval(4_900, 5_000)
    assert 0.975 < low < 0.98 < high < 0.985


def test_sign_test() -> None:
    assert bounds.sign_test(0, 0) == bounds.sign_test(4, 4) == 1.0
    assert bounds.sign_test(0, 6) == pytest.approx(2 / 64)


@pytest.mark.parametrize(
    ("share", "count", "expected"), [(0.5, 100, 0.05), (0.9, 400, 0.015), (1.0, 98, 0.010)]
)
def test_standard_error_of_a_share(share: float, count: int, expected: float):
    assert bounds.standard_error(share, count) == pytest.approx(expected, rel=0.03)
