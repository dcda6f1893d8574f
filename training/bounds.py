"""How far a share that was counted can be trusted: exact binomial bounds. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable

STEPS = 60  # halvings: beyond what a float can tell


def interval(right: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """The Clopper-Pearson interval of a share of which ``right`` of ``total`` were counted."""
    if total == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = _where(lambda p: at_most(total - right, total, 1 - p) >= tail) if right else 0.0
    high = upper(right, total, 1 - tail)
    return low, high


def standard_error(share: float, count: float) -> float:
    """Of a share of ``count``, for 0 and 1 as for shares just beside them."""
    near = (share * count + 1) / (count + 2)
    return math.sqrt(near * (1 - near) / count)


def upper(count: int, total: int, level: float = 0.95) -> float:
    """The largest share with which ``count`` or fewer of ``total`` are still likely enough."""
    if count >= total:
        return 1.0
    return _where(lambda p: at_most(count, total, p) < 1 - level)


def at_most(count: int, total: int, share: float) -> float:
    """The probability of at most ``count`` of ``total`` where each has probability ``share``."""
    if count >= total or share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    logs = [
        math.lgamma(total + 1)
        - math.lgamma(k + 1)
        - math.lgamma(total - k + 1)
        + k * math.log(share)
        + (total - k) * math.log1p(-share)
        for k in range(count + 1)
    ]
    return min(1.0, math.fsum(math.exp(one) for one in logs))


def sign_test(first: int, second: int) -> float:
    """How often a fair coin would divide as unevenly: the exact McNemar test, 0..1."""
    return min(1.0, 2 * at_most(min(first, second), first + second, 0.5))


def _where(holds: Callable[[float], bool]) -> float:
    """The share from which on ``holds``; it holds at 1 and not at 0."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
