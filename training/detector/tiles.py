"""Looking closer: at overlapping parts of a frame or around its cars, and all put together.

Boxes are (x1, y1, x2, y2) in pixels of the original frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.vision import boxes as geometry
from training.detector.cluster import nms

Floats = NDArray[np.floating[Any]]
Window = tuple[int, int, int, int]

OVERLAP = 0.2  # of a part's sides
CUT = 0.01  # of a part's sides: what comes so near to its edge may go on beyond
SMALL = 0.15  # of a part's sides: what is larger there was large enough on the whole frame
SMALL_AT_CAR = 0.25  # the same around a car
MARGIN = 0.15  # of a car, at every edge
LEAST, MOST = 0.3, 0.8  # of the frame: no closer look is smaller, and a larger one is not closer
CARS = 6  # that are looked at, the surest
SAME_IOU = 0.3


def windows(size: geometry.Size, across: int) -> list[Window]:
    """``across`` x ``across`` parts of a frame (width, height) that overlap by a fifth."""
    spans = [_spans(length, across) for length in size]
    return [(left, top, right, bottom) for top, bottom in spans[1] for left, right in spans[0]]


def _spans(length: int, across: int) -> list[tuple[int, int]]:
    part = min(length, int(np.ceil(length / (across - (across - 1) * OVERLAP))))
    starts = np.linspace(0, length - part, across).round().astype(int).tolist()
    return [(start, start + part) for start in starts]


def around(cars: Sequence[geometry.Xyxy], size: geometry.Size) -> list[Window]:
    """Parts of a frame (width, height) of its own shape, one around each of the first cars."""
    parts = []
    for x1, y1, x2, y2 in cars[:CARS]:
        needed = max((x2 - x1) / size[0], (y2 - y1) / size[1]) * (1 + 2 * MARGIN)
        share = max(needed, LEAST)
        if share > MOST:
            continue
        wide, high = (max(round(share * side), 1) for side in size)
        left = min(max(round((x1 + x2 - wide) / 2), 0), size[0] - wide)
        top = min(max(round((y1 + y2 - high) / 2), 0), size[1] - high)
        parts.append((left, top, left + wide, top + high))
    return parts


def worth_adding(
    boxes: Floats, window: Window, size: geometry.Size, *, small: float = SMALL
) -> NDArray[np.bool_]:
    """Which boxes (N, 4) found in a part are small, and not cut by an edge of it: (N,).

    A closer look at large things mostly finds parts of them (docs/benchmarks.md).
    """
    left, top, right, bottom = window
    sides = np.array([right - left, bottom - top])
    near = CUT * sides
    low = (boxes[:, :2] > np.array([left, top]) + near) | (np.array([left, top]) == 0)
    ends = np.array([right, bottom])
    high = (boxes[:, 2:] < ends - near) | (ends == np.array(size))
    fits = boxes[:, 2:] - boxes[:, :2] <= small * sides
    return np.asarray((low & high & fits).all(axis=1))


def once_each(boxes: Floats, confidence: Floats, labels: Sequence[str]) -> list[int]:
    """Numbers of the boxes that stay, surest first: of those that lie on each other the surest."""
    names = np.asarray(labels)
    kept: list[int] = []
    for name in dict.fromkeys(labels):
        own = np.flatnonzero(names == name)
        kept.extend(own[nms(boxes[own], confidence[own], iou=SAME_IOU)].tolist())
    return sorted(kept, key=lambda number: -float(confidence[number]))
