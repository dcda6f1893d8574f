"""Temperature and reliability, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from training.recognizer import calibration


def test_the_temperature_makes_confidence_true():
    # one step, two characters: says A with odds 16 to 1 (blank out of reach), right in 4 of 5
    logits = torch.tensor([[[math.log(16.0), 0.0, -40.0]]]).repeat(40, 1, 1)
    targets = [[0] if n % 5 else [1] for n in range(40)]
    found = calibration.temperature(logits, targets)
    assert found == pytest.approx(2.0, abs=0.05)  # odds 4 to 1


def test_few_texts_say_nothing():
    assert calibration.temperature(torch.zeros(3, 4, 3), [[0]] * 3) == 1.0


def test_always_right_is_as_sure_as_one_more_wrong_text_allows():
    logits = torch.tensor([[[2.0, 0.0, -40.0]]]).repeat(30, 1, 1)
    found = calibration.temperature(logits, [[0]] * 30)
    assert found == pytest.approx(2 / math.log(31), abs=0.01)  # odds 31 to 1


def test_reliability_by_hand():
    table = calibration.reliability([0.95, 1.0, 0.92, 0.31, 0.3], [True, True, False, False, True])
    assert [(b.low, b.high, b.count) for b in table] == [(0.3, 0.4, 2), (0.9, 1.0, 3)]
    assert table[1].confidence == pytest.approx(2.87 / 3)
    assert [b.exact for b in table] == pytest.approx([0.5, 2 / 3])
    error = (2 * (0.5 - 0.305) + 3 * (2.87 / 3 - 2 / 3)) / 5
    assert calibration.expected_error(table) == pytest.approx(error)


def test_nothing_read_has_no_error():
    assert calibration.reliability([], []) == [] and calibration.expected_error([]) == 0.0
