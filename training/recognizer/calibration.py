"""How far a confidence can be believed.

A temperature divides the scores of the network: above 1 it makes it less sure, below 1 surer;
the text stays the same. It is the one with which the confidences of a validation tell best
which texts are right. (The one that makes the true texts likeliest is further from the truth on
real crops: it also counts how wrong the wrong ones are.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.recognizer import ctc

COLDEST, HOTTEST = 0.25, 8.0
_ROUNDS = 24
_GOLDEN = (math.sqrt(5) - 1) / 2
_LEAST = 20  # texts: fewer say nothing


@dataclass(frozen=True)
class Bin:
    """The reads whose confidence is in ``low`` to ``high`` (all 0..1)."""

    low: float
    high: float
    count: int
    confidence: float  # their mean confidence
    exact: float  # the share that is right


def temperature(logits: Tensor, targets: Sequence[Sequence[int]]) -> float:
    """The temperature of (N, T, K + 1) scores with which -ln of "right or wrong" is least.

    Right and wrong are softened as if one more of each had been seen, so that a validation
    without a mistake does not make the network sure of everything. 1.0 for fewer than 20
    texts. Searched between 0.25 and 8 by golden sections of its ln.
    """
    if len(targets) < _LEAST:
        return 1.0
    said = [[emission.index for emission in crop] for crop in ctc.greedy(logits)]
    hits = torch.tensor([mine == list(truth) for mine, truth in zip(said, targets, strict=True)])
    rights = int(hits.sum())
    wrongs = len(hits) - rights
    wanted = torch.where(hits, (rights + 1) / (rights + 2), 1 / (wrongs + 2)).double()

    def lost(at: float) -> float:
        sure = ctc.likelihood(logits.double() / math.exp(at), said).double().clamp(1e-9, 1 - 1e-9)
        return float(-(wanted * sure.log() + (1 - wanted) * (1 - sure).log()).mean())

    low, high = math.log(COLDEST), math.log(HOTTEST)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    of_left, of_right = lost(left), lost(right)
    for _ in range(_ROUNDS):
        if of_left < of_right:
            high, right, of_right = right, left, of_left
            left = high - _GOLDEN * (high - low)
            of_left = lost(left)
        else:
            low, left, of_left = left, right, of_right
            right = low + _GOLDEN * (high - low)
            of_right = lost(right)
    return round(math.exp((low + high) / 2), 4)


def reliability(
    confidences: Sequence[float], right: Sequence[bool], *, bins: int = 10
) -> list[Bin]:
    """Reads by confidence, in ``bins`` equal parts of 0..1; parts without reads are left out."""
    parts: list[list[int]] = [[] for _ in range(bins)]
    for at, confidence in enumerate(confidences):
        parts[min(bins - 1, int(confidence * bins))].append(at)
    return [
        Bin(
            number / bins,
            (number + 1) / bins,
            len(part),
            sum(confidences[at] for at in part) / len(part),
            sum(right[at] for at in part) / len(part),
        )
        for number, part in enumerate(parts)
        if part
    ]


def expected_error(table: Sequence[Bin]) -> float:
    """Expected calibration error, 0..1: how far confidence and truth lie apart, by reads."""
    count = sum(each.count for each in table)
    apart = sum(each.count * abs(each.confidence - each.exact) for each in table)
    return apart / count if count else 0.0
