"""Contact sheets: many drawn pictures on one, so that a person sees what was drawn."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_CAPTION = 16
_GROUND = (64, 62, 60)
_COLOURS = {"car": (230, 160, 60), "plate": (60, 220, 250)}


def sheet(
    pictures: Sequence[Picture],
    captions: Sequence[str],
    *,
    cell: tuple[int, int],
    columns: int,
) -> Picture:
    """The pictures (H, W, 3), each shrunk or enlarged into a cell (w, h), with words below.

    One picture at least; the last row may be short.
    """
    rows = -(-len(pictures) // columns)
    tall = cell[1] + _CAPTION
    whole = np.empty((rows * tall, min(columns, len(pictures)) * cell[0], 3), np.uint8)
    whole[:] = _GROUND
    for index, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        row, column = divmod(index, columns)
        room = whole[row * tall : (row + 1) * tall, column * cell[0] : (column + 1) * cell[0]]
        small = _fitted(picture, (cell[0] - 4, cell[1] - 4))
        room[2 : 2 + small.shape[0], 2 : 2 + small.shape[1]] = small
        at = (3, tall - 4)
        cv2.putText(room, caption, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (240,) * 3, 1, cv2.LINE_AA)
    return whole


def outlined(picture: Picture, boxes: Sequence[tuple[str, Box]]) -> Picture:
    """A copy with its boxes (label, (x1, y1, x2, y2)) drawn on it."""
    shown = picture.copy()
    for label, (x1, y1, x2, y2) in boxes:
        corners = (round(x1), round(y1)), (round(x2), round(y2))
        cv2.rectangle(shown, *corners, _COLOURS.get(label, (255, 255, 255)), 1)
    return shown


def _fitted(picture: Picture, most: tuple[int, int]) -> Picture:
    height, width = picture.shape[:2]
    scale = min(most[0] / width, most[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)
