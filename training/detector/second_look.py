"""A second look at every plate found: close up, in a window around it.

On a whole frame a plate of 40 pixels is a light patch like others; close up it has characters.
What is seen again gets the geometric mean of both confidences, and the mean of both boxes; where
these differ much the closer one is right. Windows have half the sides of the network's input, a
quarter of its cost, as in the first epochs of a training.

No torch here. Boxes are (x1, y1, x2, y2) in pixels of the frame unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from annotations.vision import boxes as geometry
from annotations.vision.crops import resize_frame
from training.detector.cluster import nms

Bgr = NDArray[np.uint8]
Floats = NDArray[np.float64]
Window = tuple[int, int, int, int]
Read = Callable[[Bgr], Sequence[Floats]]

LABEL = "plate"  # what is looked at again
PART = 0.5  # of the sides of the network's input: a window
LEAST = 0.08  # confidence
MOST = 10  # on a frame, the surest
WIDE = 0.28  # of its window: how wide a box is looked at (docs/benchmarks.md)
CLOSEST = 1 / 16  # of the frame's sides
CHUNK = 8  # windows in one forward pass
SAME_IOU, AGREED_IOU = 0.3, 0.6
UNSEEN = 0.1  # what is not seen again, or not looked at, keeps so much of its confidence


def verified(
    frames: Sequence[Bgr] | Bgr, found: Sequence[Floats], *, read: Read, window: geometry.Size
) -> list[Floats]:
    """What was ``found`` on each frame (H, W, 3), (K, 5) boxes and confidence, looked at again.

    ``read`` is given windows (N, h, w, 3) of the size ``window`` (w, h) and tells the boxes and
    confidences (K, 5) in each, in pixels of the window.
    """
    places = [
        (at, number, window_at(rows[number, :4], (frame.shape[1], frame.shape[0])))
        for at, (frame, rows) in enumerate(zip(frames, found, strict=True))
        for number in np.argsort(-rows[:, 4], kind="stable")[:MOST]
        if rows[number, 4] >= LEAST
    ]
    again = [rows * [1, 1, 1, 1, UNSEEN] for rows in found]
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        cut = [frames[at][top:bottom, left:right] for at, _, (left, top, right, bottom) in chunk]
        seen = read(np.stack([resize_frame(part, window) for part in cut]))
        for (at, number, place), rows in zip(chunk, seen, strict=True):
            best = _seen_again(found[at][number], rows, place, window)
            if best is not None:
                again[at][number] = best
    return [rows[nms(rows[:, :4], rows[:, 4], iou=SAME_IOU)] for rows in again]


def window_at(box: Floats, size: geometry.Size) -> Window:
    """The part of a frame (width, height), of its shape, in which a box (4,) is looked at."""
    share = float(np.clip((box[2] - box[0]) / size[0] / WIDE, CLOSEST, 1))
    starts, ends = [], []
    for low, high, side in ((box[0], box[2], size[0]), (box[1], box[3], size[1])):
        start = float(np.clip((low + high - share * side) / 2, 0, side * (1 - share)))
        starts.append(int(start))
        ends.append(min(side, int(np.ceil(start + share * side))))
    return starts[0], starts[1], ends[0], ends[1]


def _seen_again(first: Floats, rows: Floats, place: Window, window: geometry.Size) -> Floats | None:
    """The surest box of the window that lies on the ``first``, sure as both looks together."""
    left, top, right, bottom = place
    boxes = geometry.scale(rows[:, :4], from_size=window, to_size=(right - left, bottom - top))
    boxes += np.array([left, top, left, top])
    shared = geometry.iou(boxes, first[None, :4])[:, 0]
    same = np.flatnonzero(shared >= SAME_IOU)
    if not len(same):
        return None
    best = same[np.argmax(rows[same, 4])]
    box = (first[:4] + boxes[best]) / 2 if shared[best] >= AGREED_IOU else boxes[best]
    return np.array([*box, np.sqrt(first[4] * rows[best, 4])])
