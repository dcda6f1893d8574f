"""CTC: the loss, the greedy reading, and how long a text may be.

N crops, T steps, K characters; the blank is the last class, index K.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from training.errors import TextTooLong


@dataclass(frozen=True)
class Emission:
    """One character of a greedy reading."""

    index: int  # class number
    frame: int  # first step of its run
    confidence: float  # probability at that step, 0..1
    peak: float  # highest probability in its run, 0..1


def collapse(
    indices: Sequence[int], probabilities: Sequence[float], *, blank: int
) -> list[Emission]:
    """Collapse repeats, then drop blanks. ``probabilities`` belong to ``indices``, step by step."""
    emissions: list[Emission] = []
    previous = blank
    for frame, (index, probability) in enumerate(zip(indices, probabilities, strict=True)):
        if index == blank:
            pass
        elif index == previous:
            last = emissions[-1]
            emissions[-1] = Emission(
                index, last.frame, last.confidence, max(last.peak, probability)
            )
        else:
            emissions.append(Emission(index, frame, probability, probability))
        previous = index
    return emissions


def greedy(logits: Tensor) -> list[list[Emission]]:
    """(N, T, K + 1) -> for each crop its emissions."""
    probabilities, indices = logits.float().softmax(dim=-1).max(dim=-1)  # (N, T)
    blank = logits.shape[-1] - 1
    return [
        collapse(row, shares, blank=blank)
        for row, shares in zip(indices.tolist(), probabilities.tolist(), strict=True)
    ]


def negative_log_likelihood(logits: Tensor, targets: Sequence[Sequence[int]]) -> Tensor:
    """(N, T, K + 1) and N class lists -> (N,): -ln of the sum over all paths that give the text."""
    count, steps, classes = logits.shape
    precise = torch.promote_types(logits.dtype, torch.float32)  # never in half precision
    log_probabilities = logits.log_softmax(dim=-1, dtype=precise).transpose(0, 1)  # (T, N, K + 1)
    flat = torch.tensor([index for target in targets for index in target], dtype=torch.long)
    return functional.ctc_loss(
        log_probabilities,
        flat.to(logits.device),
        torch.full((count,), steps, dtype=torch.long),
        torch.tensor([len(target) for target in targets], dtype=torch.long),
        blank=classes - 1,
        reduction="none",
    )


def loss(logits: Tensor, targets: Sequence[Sequence[int]]) -> Tensor:
    """Mean over the batch of :func:`negative_log_likelihood`."""
    return negative_log_likelihood(logits, targets).mean()


def likelihood(logits: Tensor, targets: Sequence[Sequence[int]]) -> Tensor:
    """(N,) in 0..1: the probability of each text, summed over its paths."""
    return negative_log_likelihood(logits, targets).neg().exp().clamp(0, 1)


def steps_needed(text: str) -> int:
    """Steps the text needs: its length, and a blank between equal neighbours."""
    return len(text) + sum(a == b for a, b in pairwise(text))


def width_needed(max_length: int) -> int:
    """TAO's rule: crop width in pixels that holds any text of up to ``max_length`` characters.

    Four columns make a step, and a text of equal characters with blanks around each needs
    2 x length + 1 steps.
    """
    return 4 * (2 * max_length + 1)


def check_capacity(text: str, steps: int, *, name: str = "") -> None:
    """Refuse a text no path of ``steps`` steps can give: its loss would be infinite."""
    if steps_needed(text) > steps:
        raise TextTooLong(text=text, steps=steps, name=name)
