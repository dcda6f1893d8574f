"""What a detector training minimises, and how its parts are weighed against each other.

Every class has two objectives: coverage (is there something in this cell) and box (where are
its edges). Each is a mean over batch and grid, so background cells dilute the box objective;
the weights, set anew after every epoch, balance that.

Letters: N frames, C classes, h and w grid rows and columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

EPSILON = 1e-5
LIGHTEST, HEAVIEST = 1e-4, 0.9999

Objectives = dict[str, float]  # "coverage" and "box"


def coverage_cost(
    prediction: Tensor, target: Tensor, *, foreground: float, focus: float = 0.0
) -> Tensor:
    """Cross entropy of each cell, any shape; ``prediction`` is a probability, 0..1.

    Cells with a target above 0.5 weigh ``foreground``, the others 1 - ``foreground``. ``focus``
    above 0 makes cells that are nearly right weigh less, by that power of their distance
    (quality focal loss, https://arxiv.org/abs/2006.04388).
    """
    hit = -target * torch.log(prediction + EPSILON)
    miss = -(1 - target) * torch.log(1 - prediction + EPSILON)
    cost = torch.where(target > 0.5, foreground, 1 - foreground) * (hit + miss)
    return cost * (prediction - target).abs() ** focus if focus else cost


def box_cost(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Distance of the edges times the normalised coverage of their cell, per value."""
    return (prediction - target).abs() * weight


def giou_cost(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """1 - GIoU (https://arxiv.org/abs/1902.09630) of the boxes times ``weight``, per cell.

    Edges (..., 4, h, w), left top right bottom as distances from the cell; weight (..., h, w).
    """
    low, high = torch.minimum(prediction, target), torch.maximum(prediction, target)
    inner, outer, ours, theirs = (
        (edges[..., :2, :, :] + edges[..., 2:, :, :]).clamp_min(0).prod(dim=-3)
        for edges in (low, high, prediction, target)
    )
    union = ours + theirs - inner
    giou = inner / (union + EPSILON) - (outer - union) / (outer + EPSILON)
    return (1 - giou) * weight


@dataclass(frozen=True, kw_only=True)
class ClassCost:
    """One class in the sum. The targets say where its objectives' shares should settle.

    ``giou``: how much of ``giou_cost`` the box objective has beside the distance of the edges.
    """

    name: str
    weight: float = 1.0
    foreground: float = 0.05
    focus: float = 0.0
    giou: float = 0.0
    initial: Mapping[str, float] = field(default_factory=lambda: {"coverage": 1.0, "box": 10.0})
    target: Mapping[str, float] = field(default_factory=lambda: {"coverage": 1.0, "box": 10.0})


class Balance:
    """Weights of classes and objectives; ``end_epoch`` sets them from the epoch's costs."""

    def __init__(
        self,
        classes: Sequence[ClassCost],
        *,
        lightest: float = LIGHTEST,
        heaviest: float = HEAVIEST,
    ) -> None:
        total = sum(item.weight for item in classes)
        self.classes = tuple(classes)
        self.class_weights = {item.name: item.weight / total for item in classes}
        self.weights = {item.name: _shares(item.initial) for item in classes}
        self.bounds = (lightest, heaviest)

    def total(self, costs: Mapping[str, Mapping[str, Tensor]]) -> Tensor:
        """The weighted sum of one batch's costs: class name -> objective -> scalar."""
        parts = [
            self.class_weights[name] * self.weights[name][objective] * cost
            for name, objectives in costs.items()
            for objective, cost in objectives.items()
        ]
        return torch.stack(parts).sum()

    def end_epoch(self, costs: Mapping[str, Mapping[str, float]]) -> None:
        """Weights for the next epoch: target over this one's unweighted costs (class name ->
        objective -> sum or mean over the epoch), shared out, clamped."""
        for item in self.classes:
            sums = costs[item.name]
            if not any(sums.values()):
                continue
            raw = {key: item.target[key] / cost if cost else 0.0 for key, cost in sums.items()}
            low, high = self.bounds
            self.weights[item.name] = {
                key: min(max(share, low), high) for key, share in _shares(raw).items()
            }


def class_costs(
    coverage: Tensor,
    edges: Tensor,
    *,
    targets: tuple[Tensor, Tensor, Tensor],
    mask: Tensor,
    classes: Sequence[ClassCost],
    whole: int | None = None,
) -> dict[str, dict[str, Tensor]]:
    """Unweighted costs of one batch: class name -> {"coverage", "box"} -> scalar.

    coverage (N, C, h, w), edges (N, 4C, h, w); targets are coverage (N, C, h, w), normalised
    coverage (N, C, h, w) and edges (N, 4C, h, w). Where ``mask`` (N, C, h, w) is 0 nothing is
    learnt; the means still run over the whole grid. ``whole``: frames in the batch, where these
    are a part of it; the costs of all parts add up to those of the batch.
    """
    target_coverage, normalised, target_edges = targets
    pixels = (target_coverage.shape[0], len(classes), 4, *target_coverage.shape[2:])
    edges, target_edges = edges.reshape(pixels), target_edges.reshape(pixels)
    weight = normalised * mask
    values = (len(mask) if whole is None else whole) * mask.shape[2] * mask.shape[3]
    costs = {}
    for index, item in enumerate(classes):
        cells = coverage_cost(
            coverage[:, index],
            target_coverage[:, index],
            foreground=item.foreground,
            focus=item.focus,
        )
        own = edges[:, index], target_edges[:, index], weight[:, index]
        box = box_cost(own[0], own[1], own[2][:, None]).sum() / (4 * values)
        if item.giou:
            box = box + item.giou * giou_cost(*own).sum() / values
        coverage_sum = (cells * mask[:, index]).sum()
        costs[item.name] = {"coverage": coverage_sum / values, "box": box}
    return costs


def _shares(values: Mapping[str, float]) -> Objectives:
    total = sum(values.values())
    return {key: value / total for key, value in values.items()}
