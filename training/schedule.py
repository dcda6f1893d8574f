"""The learning-rate schedule both networks share."""

import math


def soft_start_annealing(
    progress: float, *, lo: float, hi: float, soft_start: float, annealing: float
) -> float:
    """Learning rate at ``progress`` (steps done / all steps, 0..1) of a training.

    Rises from ``lo`` to ``hi`` until ``soft_start``, stays, and falls back to ``lo`` from
    ``annealing`` on, straight in the logarithm. ``soft_start`` 0 starts at ``hi``;
    ``annealing`` 1 never decays. Raises ValueError for rates that are not positive or for
    bounds that are not 0 <= soft_start <= annealing <= 1.
    """
    if not 0 < lo <= hi:
        raise ValueError(f"learning rates must satisfy 0 < lo <= hi, got {lo} and {hi}")
    if not 0 <= soft_start <= annealing <= 1:
        raise ValueError(f"need 0 <= soft_start <= annealing <= 1, got {soft_start}, {annealing}")
    progress = min(max(progress, 0.0), 1.0)
    height = 1.0
    if progress < soft_start:
        height = progress / soft_start
    elif progress > annealing:
        height = (1 - progress) / (1 - annealing)
    return math.exp(math.log(lo) + height * (math.log(hi) - math.log(lo)))
