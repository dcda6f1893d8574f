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

_TOGETHER = 16  # crops: tables of more no longer stay in the processor's cache


@dataclass(frozen=True)
class Sure:
    """``probability`` of the whole text, 0..1; ``places`` (characters of the text, K): the
    share of each character at each place, the rest of the text as it is; rows sum to 1."""

    probability: float
    places: Floats


def judge(probabilities: Floats, texts: Sequence[Sequence[int]]) -> list[Sure]:
    """(N, T, K + 1), summing to 1 per step, and a text per crop as class numbers."""
    parts = range(0, len(texts), _TOGETHER)
    return [
        sure
        for at in parts
        for sure in _judge(probabilities[at : at + _TOGETHER], texts[at : at + _TOGETHER])
    ]


def _judge(probabilities: Floats, texts: Sequence[Sequence[int]]) -> list[Sure]:
    count, length = len(texts), max(map(len, texts))
    both_ways = np.concatenate([probabilities, probabilities[:, ::-1]])
    table = _prefixes(both_ways, _padded([*texts, *(text[::-1] for text in texts)], length))
    forward, backward = table[:, :, :count], table[:, :, count:]
    ends = forward[-1].sum(axis=0)  # (N, L + 1)
    whole = [min(1.0, float(row[len(text)])) for row, text in zip(ends, texts, strict=True)]
    if not length:
        return [Sure(share, np.zeros((0, probabilities.shape[2] - 1))) for share in whole]
    shares = _replaced(probabilities, texts, forward, backward)
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
    """(T + 1, 2, N, L + 1): the first t steps give the first i characters, and end in a blank
    (0) or in the last of them (1)."""
    count, steps, _ = probabilities.shape
    length = texts.shape[1]
    table = np.zeros((steps + 1, 2, count, length + 1))
    table[0, 0, :, 0] = 1.0
    emitted = np.take_along_axis(probabilities, texts[:, None], axis=2).swapaxes(0, 1)  # (T, N, L)
    blanks = probabilities[:, :, -1].T[..., None]  # (T, N, 1)
    differs = np.ones((count, length))
    differs[:, 1:] = texts[:, 1:] != texts[:, :-1]
    for step in range(steps):
        blank, other = table[step]
        np.multiply(blank + other, blanks[step], out=table[step + 1, 0])
        entered = blank[:, :-1] + other[:, :-1] * differs
        np.multiply(emitted[step], other[:, 1:] + entered, out=table[step + 1, 1, :, 1:])
    return table


def _replaced(
    probabilities: Floats, texts: Sequence[Sequence[int]], forward: Floats, backward: Floats
) -> Floats:
    """(N, L, K): the probability of the text with each character at each place."""
    count, steps, classes = probabilities.shape
    length = forward.shape[-1] - 1
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
    began = forward[:-1, :, :, :-1, None]  # (T, 2, N, L, 1)
    ended = backward[-2::-1, :, np.arange(count)[:, None], rest][..., None]  # as began
    running = began[:, 0] + began[:, 1] * new_before  # (T, N, L, K), of which none has lasted
    emitted = probabilities[:, None, :, :-1].transpose(2, 0, 1, 3)  # (T, N, 1, K)
    running[0] *= emitted[0]
    for step in range(1, steps):
        running[step] += running[step - 1]
        running[step] *= emitted[step]
    running *= ended[:, 0] + ended[:, 1] * new_after
    shares: Floats = running.sum(axis=0)
    return shares


def _normalised(shares: Floats) -> Floats:
    total = shares.sum(axis=1, keepdims=True)
    normalised: Floats = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    return normalised
