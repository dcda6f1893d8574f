"""Which parts of a network learn when a training continues another one.

``full``: all from the first step. ``head``: the classifier alone, for a new alphabet or a few
dozen crops. ``gradual``: the classifier first, then part by part down to the first layer
until half of the epochs are over, then all.
"""

from __future__ import annotations

from torch import nn

from training.recognizer.config import Tuning
from training.recognizer.network import parts


def frozen_parts(tune: Tuning, count: int, epoch: int, epochs: int) -> int:
    """How many of ``count`` parts, from the first, rest in an epoch (1-based). Never the last."""
    if tune == "full":
        return 0
    if tune == "head":
        return count - 1
    thawing = max(1, epochs // 2)
    return max(0, round((count - 1) * (1 - (epoch - 1) / thawing)))


def freeze(network: nn.Module, resting: int) -> None:
    """The first ``resting`` parts keep their weights and statistics, the others learn."""
    for place, part in enumerate(parts(network)):
        part.train(place >= resting)
        for weight in part.parameters():
            weight.requires_grad_(place >= resting)
