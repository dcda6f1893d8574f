"""Boxes as plain geometry.

Everywhere a box is ``(x1, y1, x2, y2)``: floats in pixels of the upright original
frame, x to the right, y down, x2 and y2 one past the last covered pixel. Arrays of
boxes are float64 ``(N, 4)``; no box at all is ``(0, 4)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Xyxy: TypeAlias = tuple[float, float, float, float]
Size: TypeAlias = tuple[int, int]
"""(width, height) in pixels."""
Floats: TypeAlias = npt.NDArray[np.float64]
BoxesLike: TypeAlias = Floats | Sequence[Sequence[float]] | Sequence[Xyxy]


def as_boxes(boxes: BoxesLike) -> Floats:
    """The boxes as a float64 array (N, 4); an empty sequence becomes (0, 4)."""
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4)


def area(boxes: BoxesLike) -> Floats:
    """Areas in square pixels, (N,). A box turned inside out has area 0."""
    array = as_boxes(boxes)
    sides = np.clip(array[:, 2:] - array[:, :2], 0.0, None)
    return np.asarray(sides[:, 0] * sides[:, 1])


def iou(first: BoxesLike, second: BoxesLike) -> Floats:
    """Intersection over union of every pair, (N, M), each in 0..1.

    Two boxes without area have IoU 0, even when they are the same.
    """
    a, b = as_boxes(first), as_boxes(second)
    low = np.maximum(a[:, None, :2], b[None, :, :2])  # (N, M, 2)
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(high - low, 0.0, None)
    shared = sides[..., 0] * sides[..., 1]
    union = area(a)[:, None] + area(b)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def iou_each(first: BoxesLike, second: BoxesLike) -> Floats:
    """Intersection over union of the boxes at the same place of two lists, (N,), in 0..1."""
    a, b = as_boxes(first), as_boxes(second)
    sides = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0.0, None)
    shared = sides[:, 0] * sides[:, 1]
    union = area(a) + area(b) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def covered(inner: BoxesLike, outer: BoxesLike) -> Floats:
    """Which share of each inner box lies in each outer one, (N, M), each in 0..1."""
    a, b = as_boxes(inner), as_boxes(outer)
    low = np.maximum(a[:, None, :2], b[None, :, :2])  # (N, M, 2)
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(high - low, 0.0, None)
    shared, whole = sides[..., 0] * sides[..., 1], area(a)[:, None]
    return np.asarray(np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0))


def clip(boxes: BoxesLike, *, width: float, height: float) -> Floats:
    """The part of each box inside a frame; a box wholly outside comes out without area."""
    return np.clip(as_boxes(boxes), 0.0, np.array([width, height, width, height], np.float64))


def scale(boxes: BoxesLike, *, from_size: Size, to_size: Size) -> Floats:
    """Boxes of a frame of ``from_size`` in the same frame stretched to ``to_size``.

    Each axis has its own factor, as when a frame is resized without keeping its aspect.
    """
    if min(*from_size, *to_size) <= 0:
        raise ValueError("sizes are positive")
    x, y = to_size[0] / from_size[0], to_size[1] / from_size[1]
    return as_boxes(boxes) * np.array([x, y, x, y], np.float64)


def grown(box: Xyxy, share: float) -> Xyxy:
    """The box with ``share`` of its sides added at every edge."""
    x1, y1, x2, y2 = box
    across, down = (x2 - x1) * share, (y2 - y1) * share
    return x1 - across, y1 - down, x2 + across, y2 + down


def xyxy_to_cxcywh(boxes: BoxesLike) -> Floats:
    """(x1, y1, x2, y2) as (centre x, centre y, width, height)."""
    array = as_boxes(boxes)
    low, high = array[:, :2], array[:, 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def cxcywh_to_xyxy(boxes: BoxesLike) -> Floats:
    """(centre x, centre y, width, height) as (x1, y1, x2, y2)."""
    array = as_boxes(boxes)
    centre, half = array[:, :2], array[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)
