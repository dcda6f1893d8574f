"""CTC by hand: collapse, loss, capacity."""

from __future__ import annotations

import math

import pytest
import torch

from training.errors import TextTooLong
from training.recognizer import ctc

BLANK = 3


def test_runs_collapse_and_blanks_drop():
    found = ctc.collapse([3, 0, 0, 3, 0, 2], [0.9, 0.5, 0.8, 0.9, 0.6, 0.7], blank=BLANK)
    assert [(e.index, e.frame, e.confidence, e.peak) for e in found] == [
        (0, 1, 0.5, 0.8),
        (0, 4, 0.6, 0.6),
        (2, 5, 0.7, 0.7),
    ]


def test_greedy_reads_each_crop_of_the_batch():
    logits = torch.full((2, 3, 4), -9.0)
    for crop, classes in enumerate([[0, 3, 1], [3, 3, 3]]):
        for step, index in enumerate(classes):
            logits[crop, step, index] = 9.0
    first, second = ctc.greedy(logits)
    assert [e.index for e in first] == [0, 1]
    assert all(0.99 < e.peak <= 1 for e in first)
    assert second == []


def test_loss_is_the_sum_over_all_paths():
    # two steps, one character: paths "aa", "a-", "-a" of four equally likely ones
    logits = torch.zeros(1, 2, 2)
    assert float(ctc.loss(logits, [[0]])) == pytest.approx(-math.log(0.75))
    assert float(ctc.likelihood(logits, [[0]])[0]) == pytest.approx(0.75)


def test_loss_is_the_mean_over_the_batch():
    logits = torch.randn(3, 6, 4)
    each = ctc.negative_log_likelihood(logits, [[0], [1, 1], []])
    assert float(ctc.loss(logits, [[0], [1, 1], []])) == pytest.approx(float(each.mean()))


@pytest.mark.parametrize(("text", "steps"), [("", 0), ("ABC", 3), ("AA11", 6), ("7777777", 13)])
def test_equal_neighbours_need_a_blank_between(text: str, steps: int):
    assert ctc.steps_needed(text) == steps


def test_text_longer_than_the_steps_is_refused_with_its_file():
    ctc.check_capacity("A" * 12, 24)
    with pytest.raises(TextTooLong, match=r"AAAAAAAAAAAAA.*c\.png"):
        ctc.check_capacity("A" * 13, 24, name="c.png")


def test_the_loss_of_a_sure_text_keeps_the_precision_of_its_scores():
    scores = torch.tensor([[[12.0, -8.0], [-20.0, 20.0]]], dtype=torch.float64)
    assert float(ctc.loss(scores, [[0]])) == pytest.approx(math.exp(-20), rel=1e-3)
    assert ctc.loss(scores.bfloat16(), [[0]]).dtype == torch.float32
    assert float(ctc.loss(scores, [[0, 0, 0]])) == float("inf")
