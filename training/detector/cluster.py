"""From the cells' many boxes to one box per object.

Boxes are float (N, 4), x1 y1 x2 y2 in pixels of the network's input. Scores are coverages.

DBSCAN joins cells whose boxes overlap, weighing them by coverage (Ester et al., KDD 1996);
NMS keeps the best cell and drops what overlaps it; hybrid does the first, then the second
inside the groups found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Numbers = NDArray[np.intp]
Method = Literal["dbscan", "nms", "hybrid"]
Confidence = Literal["mean", "peak", "filled", "sum"]
NOISE = -1


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """How cells become detections.

    ``coverage``: cells at or below it are not looked at. ``eps``: boxes at most this far apart
    (1 - IoU) are neighbours. ``min_samples``: total coverage that makes a neighbourhood;
    below 1 a single doubtful cell can be an object, which far plates need. ``merge_iou``:
    after DBSCAN, of two groups overlapping more than this the weaker goes (1 keeps all).
    ``nms_border`` 1 counts TAO's whole pixels.
    ``min_height`` in pixels of the network's input. ``confidence``: "mean" coverage-weighted
    mean coverage, "peak" best cell, "filled" coverage found over coverage expected from a
    box of this size, all 0..1; "sum" is TAO's unbounded sum. ``threshold``: detections
    below it go. ``max_cells``: only the best cells are clustered (None: all), so that an
    untrained network stays fast.
    """

    method: Method = "dbscan"
    coverage: float = 0.05
    eps: float = 0.3
    min_samples: float = 0.2
    merge_iou: float = 0.3
    nms_iou: float = 0.4
    nms_border: float = 0.0
    min_height: float = 4.0
    confidence: Confidence = "filled"
    threshold: float = 0.0
    max_cells: int | None = 400

    @classmethod
    def tao(cls) -> Clustering:
        """The toolkit's defaults for reading, their confidence being a sum."""
        return cls(
            coverage=0.005,
            eps=0.2,
            min_samples=1.0,
            merge_iou=1.0,
            nms_border=1.0,
            min_height=4.0,
            confidence="sum",
            threshold=0.9,
            max_cells=None,
        )


@dataclass(frozen=True)
class Clusters:
    """One class on one frame, best first: boxes (K, 4), confidence (K,), cells in each (K,)."""

    boxes: Floats
    confidence: Floats
    cells: Numbers


def overlaps(boxes: Floats, *, others: Floats | None = None, border: float = 0.0) -> Floats:
    """IoU of every box with every other, (N, M); ``border`` 1 counts TAO's whole pixels."""
    others = boxes if others is None else others
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = np.maximum(high - low + border, 0)
    shared = sides[..., 0] * sides[..., 1]
    union = _areas(boxes, border)[:, None] + _areas(others, border)[None, :] - shared
    iou: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return iou


def _areas(boxes: Floats, border: float) -> Floats:
    sides = boxes[:, 2:] - boxes[:, :2] + border
    areas: Floats = sides[:, 0] * sides[:, 1]
    return areas


def dbscan(boxes: Floats, weights: Floats, *, eps: float, min_samples: float) -> Numbers:
    """Group number of each box (N,), -1 for none.

    A box is a core if the weights within ``eps`` of it (1 - IoU, itself included) add up to
    ``min_samples``. Cores that are neighbours share a group; others join the first group that
    reaches them.
    """
    near = _near(boxes, eps)
    core: NDArray[np.bool_] = near @ weights >= min_samples
    groups = np.full(len(boxes), NOISE)
    found = 0
    for seed in np.flatnonzero(core):
        if groups[seed] == NOISE:
            groups[_reached(int(seed), near, core) & (groups == NOISE)] = found
            found += 1
    return groups


def _near(boxes: Floats, eps: float) -> NDArray[np.bool_]:
    # TAO divides by union + 1e-5, so a box without area is not even its own neighbour.
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    sides = np.maximum(high - low, 0)
    shared = sides[..., 0] * sides[..., 1]
    areas = _areas(boxes, 0.0)
    union = areas[:, None] + areas[None, :] - shared + 1e-5
    near: NDArray[np.bool_] = shared >= (1 - eps) * union
    return near


def _reached(seed: int, near: NDArray[np.bool_], core: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Everything within reach of a core through cores."""
    reached: NDArray[np.bool_] = near[seed].copy()
    reached[seed] = True
    spread = np.zeros_like(core)
    spread[seed] = True
    while (frontier := reached & core & ~spread).any():
        spread |= frontier
        reached |= near[frontier].any(axis=0)
    return reached


def nms(boxes: Floats, scores: Floats, *, iou: float, border: float = 0.0) -> Numbers:
    """Kept box numbers, best score first: each has IoU <= ``iou`` with all kept before it."""
    order = np.argsort(-scores, kind="stable")
    clash = overlaps(boxes[order], border=border) > iou
    alive = np.ones(len(order), dtype=bool)
    for place in range(len(order)):
        if alive[place]:
            alive[place + 1 :] &= ~clash[place, place + 1 :]
    kept: Numbers = order[alive]
    return kept


def cluster(
    boxes: Floats,
    scores: Floats,
    settings: Clustering,
    *,
    expected: Callable[[Floats], Floats] | None = None,
) -> Clusters:
    """Detections among one class's cells on one frame: boxes (N, 4), coverages (N,).

    ``expected`` gives the coverage a whole object of each box (K, 4) should add up to; only
    the "filled" confidence asks for it.
    """
    boxes, scores = _candidates(boxes, scores, settings)
    if settings.method == "nms":
        kept = nms(boxes, scores, iou=settings.nms_iou, border=settings.nms_border)
        return _finished(boxes[kept], scores[kept], np.ones(len(kept), dtype=np.intp), settings)
    groups = dbscan(boxes, scores, eps=settings.eps, min_samples=settings.min_samples)
    if settings.method == "hybrid":
        return _hybrid(boxes, scores, groups, settings)
    found = int(groups.max(initial=NOISE)) + 1
    inside = groups[None, :] == np.arange(found)[:, None]  # (K, N)
    sums = inside @ scores
    middle = (inside * scores) @ boxes / np.maximum(sums, 1e-12)[:, None]
    confidence = _confidence(inside, scores, middle, settings.confidence, expected)
    if settings.merge_iou < 1:
        kept = nms(middle, confidence, iou=settings.merge_iou)
        middle, confidence, inside = middle[kept], confidence[kept], inside[kept]
    return _finished(middle, confidence, inside.sum(axis=1), settings)


def _candidates(boxes: Floats, scores: Floats, settings: Clustering) -> tuple[Floats, Floats]:
    boxes, scores = boxes.astype(np.float64), scores.astype(np.float64)
    strong = np.flatnonzero(scores > settings.coverage)
    if settings.max_cells is not None and len(strong) > settings.max_cells:
        best = np.argsort(-scores[strong], kind="stable")[: settings.max_cells]
        strong = strong[np.sort(best)]
    return boxes[strong], scores[strong]


def _hybrid(boxes: Floats, scores: Floats, groups: Numbers, settings: Clustering) -> Clusters:
    members = np.flatnonzero(groups != NOISE)
    kept = members[
        nms(boxes[members], scores[members], iou=settings.nms_iou, border=settings.nms_border)
    ]
    return _finished(boxes[kept], scores[kept], np.ones(len(kept), dtype=np.intp), settings)


def _confidence(
    inside: NDArray[np.bool_],
    scores: Floats,
    boxes: Floats,
    kind: Confidence,
    expected: Callable[[Floats], Floats] | None,
) -> Floats:
    weighted = inside * scores
    sums: Floats = weighted.sum(axis=1)
    if kind == "sum":
        return sums
    if kind == "peak":
        peak: Floats = weighted.max(axis=1, initial=0.0)
        return peak
    if kind == "mean":
        mean: Floats = (weighted * scores).sum(axis=1) / np.maximum(sums, 1e-12)
        return mean
    if expected is None:
        raise ValueError("the 'filled' confidence needs the expected coverage of a box")
    return np.minimum(sums / np.maximum(expected(boxes), 1e-12), 1.0)


def _finished(boxes: Floats, confidence: Floats, cells: Numbers, settings: Clustering) -> Clusters:
    tall = boxes[:, 3] - boxes[:, 1] > settings.min_height
    good = np.flatnonzero(tall & (confidence >= settings.threshold))
    good = good[np.argsort(-confidence[good], kind="stable")]
    return Clusters(boxes[good], confidence[good], cells[good])
