"""From the cells' many boxes to one box per object.

Boxes are float (N, 4), x1 y1 x2 y2 in pixels of the network's input. Scores are coverages.

DBSCAN joins cells whose boxes overlap, weighing them by coverage (Ester et al., KDD 1996);
NMS keeps the best cell and drops what overlaps it; hybrid does the first, then the second
inside the groups found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Numbers = NDArray[np.intp]
Method = Literal["dbscan", "nms", "hybrid"]
Confidence = Literal["mean", "peak", "filled", "sum"]
NOISE = -1
PAIRS = 1 << 18  # looked at in one go
SLACK = 1e-6  # pixels, for rounding


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """How cells become detections.

    ``coverage``: cells at or below it are not looked at. ``eps``: boxes at most this far apart
    (1 - IoU) are neighbours. ``min_samples``: total coverage that makes a neighbourhood;
    below 1 a single doubtful cell can be an object, which far plates need. ``merge_iou``:
    after DBSCAN, of two groups overlapping more than this the weaker goes (1 keeps all).
    ``group_threshold``: hybrid suppresses within groups whose coverage adds up to more.
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
    group_threshold: float = 0.0
    nms_iou: float = 0.4
    nms_border: float = 0.0
    min_height: float = 4.0
    confidence: Confidence = "filled"
    threshold: float = 0.0
    max_cells: int | None = 200

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
    shared = _shared(boxes[:, None], others[None, :], border)
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
    reaches them. Groups are numbered in the order of their first cores.
    """
    count = len(boxes)
    rows, columns = _near(boxes, eps)
    core: NDArray[np.bool_] = np.bincount(rows, weights[columns], minlength=count) >= min_samples
    rows, columns = rows[core[columns]], columns[core[columns]]
    linked = core[rows]
    first = _first_of_component(rows[linked], columns[linked], count)
    # A core's own number, others' lowest of the cores they are near to.
    first[~core] = count
    np.minimum.at(first, rows[~linked], first[columns[~linked]])
    groups = np.full(count, NOISE)
    grouped = first < count
    groups[grouped] = np.unique(first[grouped], return_inverse=True)[1]
    return groups


def _near(boxes: Floats, eps: float) -> tuple[Numbers, Numbers]:
    """Pairs of neighbours, each in both orders, and every box with itself."""
    # TAO divides by union + 1e-5, so a box without area is not even its own neighbour.
    least = 1 - eps
    parts = [
        (first[near], second[near])
        for first, second, shared, union in _pairs(boxes, least=least)
        for near in [shared >= least * (union + 1e-5)]
    ]
    areas = _areas(boxes, 0.0)
    own = np.flatnonzero(areas >= least * (areas + 1e-5))
    firsts, seconds = [first for first, _ in parts], [second for _, second in parts]
    return np.concatenate([*firsts, *seconds, own]), np.concatenate([*seconds, *firsts, own])


def _first_of_component(rows: Numbers, columns: Numbers, count: int) -> Numbers:
    """The lowest number among all that each of ``count`` is linked to, itself included."""
    first = np.arange(count)
    while True:
        lower = first.copy()
        np.minimum.at(lower, rows, first[columns])
        lower = lower[lower]  # halves the way to go
        if (lower == first).all():
            return first
        first = lower


def _pairs(
    boxes: Floats, *, least: float, border: float = 0.0
) -> Iterator[tuple[Numbers, Numbers, Floats, Floats]]:
    """All pairs of boxes whose IoU may reach ``least``: numbers, shared area, union; in parts.

    Two boxes that share ``least`` of their union share at least that much of either's width,
    so the left edge of the one further right is not far from the other's.
    """
    order = np.argsort(boxes[:, 0], kind="stable")
    ordered, areas = boxes[order], _areas(boxes, border)
    left, width = ordered[:, 0], ordered[:, 2] - ordered[:, 0] + border
    reach = left + (1 - least) * width + SLACK if least > 0 else np.full(len(left), np.inf)
    counts = np.searchsorted(left, reach, side="right") - np.arange(1, len(left) + 1)
    ends = np.cumsum(counts)
    start = 0
    while start < len(order):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + PAIRS, side="right")))
        here = np.repeat(np.arange(start, stop), counts[start:stop])
        begins = ends[start:stop] - counts[start:stop] - done
        there = np.arange(len(here)) - np.repeat(begins, counts[start:stop]) + here + 1
        first, second = order[here], order[there]
        shared = _shared(boxes[first], boxes[second], border)
        yield first, second, shared, areas[first] + areas[second] - shared
        start = stop


def _shared(boxes: Floats, others: Floats, border: float) -> Floats:
    low = np.maximum(boxes[..., :2], others[..., :2])
    sides = np.maximum(np.minimum(boxes[..., 2:], others[..., 2:]) - low + border, 0)
    area: Floats = sides[..., 0] * sides[..., 1]
    return area


def nms(boxes: Floats, scores: Floats, *, iou: float, border: float = 0.0) -> Numbers:
    """Kept box numbers, best score first: each has IoU <= ``iou`` with all kept before it."""
    order = np.argsort(-scores, kind="stable")
    firsts, seconds = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for first, second, shared, union in _pairs(boxes[order], least=iou, border=border):
        # shared / union > iou, where there is a union
        clash = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0) > iou
        firsts.append(np.minimum(first, second)[clash])
        seconds.append(np.maximum(first, second)[clash])
    better, worse = np.concatenate(firsts), np.concatenate(seconds)
    worse = worse[np.argsort(better, kind="stable")]
    ends = np.cumsum(np.bincount(better, minlength=len(order))).tolist()
    alive = np.ones(len(order), dtype=bool)
    begin = 0
    for place, end in enumerate(ends):
        if end > begin and alive[place]:
            alive[worse[begin:end]] = False
        begin = end
    kept: Numbers = order[alive]
    return kept


def candidates(coverage: Floats, settings: Clustering) -> Numbers:
    """Numbers of the cells that are clustered, in order: covered, and among the best.

    ``coverage`` is a grid (h, w) or a list of cells (N,). On a grid, cells that no neighbour
    exceeds come first, up to half of the most: one near car covers more cells than are looked
    at, and would leave none to the car behind it.
    """
    scores = coverage.reshape(-1)
    strong = np.flatnonzero(scores > settings.coverage)
    if settings.max_cells is None or len(strong) <= settings.max_cells:
        return strong
    order = strong[np.argsort(-scores[strong], kind="stable")]
    if coverage.ndim == 2:
        around = cv2.dilate(coverage.astype(np.float32), np.ones((3, 3), np.uint8)).reshape(-1)
        peaks = order[scores[order].astype(np.float32) >= around[order]][: settings.max_cells // 2]
        order = np.concatenate([peaks, order[~np.isin(order, peaks)]])
    return np.sort(order[: settings.max_cells])


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
    strong = candidates(scores, settings)
    boxes, scores = boxes[strong].astype(np.float64), scores[strong].astype(np.float64)
    if settings.method == "nms":
        return _suppressed(boxes, scores, settings)
    groups = dbscan(boxes, scores, eps=settings.eps, min_samples=settings.min_samples)
    members = np.argsort(groups, kind="stable")[int((groups == NOISE).sum()) :]  # by group
    boxes, scores, groups = boxes[members], scores[members], groups[members]
    cells = np.bincount(groups)
    sums: Floats = np.asarray(np.bincount(groups, scores), dtype=np.float64)
    middle = np.stack(
        [np.bincount(groups, scores * side) for side in boxes.T], axis=1
    ) / np.maximum(sums, 1e-12).reshape(-1, 1)
    if settings.method == "hybrid":
        whole = _tall(middle, settings) & (sums > settings.group_threshold)
        left = whole[groups]
        return _suppressed(boxes[left], scores[left], settings)
    confidence = _confidence(scores, groups, sums, middle, settings.confidence, expected)
    if settings.merge_iou < 1:
        kept = nms(middle, confidence, iou=settings.merge_iou)
        middle, confidence, cells = middle[kept], confidence[kept], cells[kept]
    good = np.flatnonzero(_tall(middle, settings) & (confidence >= settings.threshold))
    good = good[np.argsort(-confidence[good], kind="stable")]
    return Clusters(middle[good], confidence[good], cells[good])


def _suppressed(boxes: Floats, scores: Floats, settings: Clustering) -> Clusters:
    """The cells that NMS leaves, each a detection."""
    kept = nms(boxes, scores, iou=settings.nms_iou, border=settings.nms_border)
    kept = kept[scores[kept] > settings.threshold]
    if settings.method == "nms":
        kept = kept[_tall(boxes[kept], settings)]
    return Clusters(boxes[kept], scores[kept], np.ones(len(kept), dtype=np.intp))


def _tall(boxes: Floats, settings: Clustering) -> NDArray[np.bool_]:
    tall: NDArray[np.bool_] = boxes[:, 3] - boxes[:, 1] > settings.min_height
    return tall


def _confidence(
    scores: Floats,
    groups: Numbers,
    sums: Floats,
    boxes: Floats,
    kind: Confidence,
    expected: Callable[[Floats], Floats] | None,
) -> Floats:
    """Of each group (K,); ``sums`` (K,) their coverage, ``boxes`` (K, 4) their middles."""
    if kind == "sum":
        return sums
    if kind == "peak":
        peak: Floats = np.zeros(len(sums))
        np.maximum.at(peak, groups, scores)
        return peak
    if kind == "mean":
        mean: Floats = np.bincount(groups, scores * scores) / np.maximum(sums, 1e-12)
        return mean
    if expected is None:
        raise ValueError("the 'filled' confidence needs the expected coverage of a box")
    return np.minimum(sums / np.maximum(expected(boxes), 1e-12), 1.0)
