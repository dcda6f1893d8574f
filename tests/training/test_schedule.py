import math

import pytest

from training.schedule import soft_start_annealing


def lr(progress, **changes):
    bounds = {"lo": 1e-5, "hi": 1e-3, "soft_start": 0.2, "annealing": 0.6} | changes
    return soft_start_annealing(progress, **bounds)


def test_rises_holds_and_falls_straight_in_the_logarithm():
    assert lr(0) == pytest.approx(1e-5)
    assert lr(0.1) == pytest.approx(1e-4)
    assert lr(0.2) == lr(0.4) == lr(0.6) == pytest.approx(1e-3)
    assert lr(0.8) == pytest.approx(1e-4)
    assert lr(1) == pytest.approx(1e-5)


def test_no_soft_start_begins_at_the_top_and_no_annealing_stays_there():
    assert lr(0, soft_start=0) == pytest.approx(1e-3)
    assert lr(1, annealing=1) == pytest.approx(1e-3)


def test_progress_outside_the_run_is_held_at_its_ends():
    assert math.isclose(lr(-1), lr(0)) and math.isclose(lr(2), lr(1))


@pytest.mark.parametrize("wrong", [{"lo": 0.0}, {"lo": 1.0}, {"soft_start": 0.7}, {"annealing": 2}])
def test_impossible_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match="<="):
        lr(0.5, **wrong)
