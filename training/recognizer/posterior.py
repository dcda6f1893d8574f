"""How sure a text is, and each of its characters, summed over all CTC alignments.

Where the text has a character, every other one is put in its place: the shares of the texts
that come of it are what the network thinks about that place.

N crops, T steps, K characters (the blank is class K), L characters of the longest text.
Probabilities are plain numbers: double precision holds 24 steps of them easily.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sure:
    """``probability`` of the whole text, 0..1; ``places`` (characters of the text, K): the
    share of each character at each place, the rest of the text as it is; rows sum to 1."""

    probability: float
    places: Floats


def judge(probabilities: Floats, texts: Sequence[Sequence[int]]) -> list[Sure]:
    """(N, T, K + 1), summing to 1 per step, and a text per crop as class numbers."""
    if not texts:
        return []
    length = max(map(len, texts))
    forward = _prefixes(probabilities, _padded(texts, length))
    whole = [min(1.0, float(forward[crop, -1, len(text)].sum())) for crop, text in enumerate(texts)]
    if not length:
        return [Sure(share, np.zeros((0, probabilities.shape[2] - 1))) for share in whole]
    turned = _padded([text[::-1] for text in texts], length)
    backward = _prefixes(probabilities[:, ::-1], turned)
    shares = _replaced(probabilities, texts, length, forward, backward)
    return [
        Sure(whole[crop], _normalised(shares[crop, : len(text)])) for crop, text in enumerate(texts)
    ]


def _padded(texts: Sequence[Sequence[int]], length: int) -> Ints:
    """(N, L); what follows a shorter text changes nothing that is read of it."""
    padded = np.zeros((len(texts), length), np.int64)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = text
    return padded


def _prefixes(probabilities: Floats, texts: Ints) -> Floats:
    """(N, T + 1, L + 1, 2): the first t steps give the first i characters, and end in a blank
    (0) or in the last of them (1)."""
    count, steps, _ = probabilities.shape
    length = texts.shape[1]
    found = np.zeros((count, steps + 1, length + 1, 2))
    found[:, 0, 0, 0] = 1.0
    emitted = np.take_along_axis(probabilities, texts[:, None], axis=2)  # (N, T, L)
    differs = np.ones((count, length))
    differs[:, 1:] = texts[:, 1:] != texts[:, :-1]
    for step in range(steps):
        before = found[:, step]
        found[:, step + 1, :, 0] = before.sum(axis=2) * probabilities[:, step, -1, None]
        entered = before[:, :-1, 0] + before[:, :-1, 1] * differs
        found[:, step + 1, 1:, 1] = emitted[:, step] * (before[:, 1:, 1] + entered)
    return found


def _replaced(
    probabilities: Floats,
    texts: Sequence[Sequence[int]],
    length: int,
    forward: Floats,
    backward: Floats,
) -> Floats:
    """(N, L, K): the probability of the text with each character at each place."""
    count, steps, classes = probabilities.shape
    letters = np.arange(classes - 1)
    before = np.full((count, length), -1, np.int64)  # neighbours in the text; -1: none
    after = np.full((count, length), -1, np.int64)
    rest = np.zeros((count, length), np.int64)  # characters that follow the place
    for crop, text in enumerate(texts):
        before[crop, 1 : len(text)] = text[:-1]
        after[crop, : max(0, len(text) - 1)] = text[1:]
        rest[crop, : len(text)] = np.arange(len(text))[::-1]
    new_before = (before[..., None] != letters).astype(np.float64)
    new_after = (after[..., None] != letters).astype(np.float64)
    crops = np.arange(count)[:, None]
    running = np.zeros((count, length, classes - 1))
    shares = np.zeros_like(running)
    for step in range(steps):
        began, ended = forward[:, step, :-1], backward[crops, steps - step - 1, rest]
        begun = began[..., :1] + began[..., 1:] * new_before
        running = (running + begun) * probabilities[:, step, None, :-1]
        shares += running * (ended[..., :1] + ended[..., 1:] * new_after)
    return shares


def _normalised(shares: Floats) -> Floats:
    total = shares.sum(axis=1, keepdims=True)
    normalised: Floats = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    return normalised
