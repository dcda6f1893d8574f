"""Make plates unreadable in a picture, for good."""

from __future__ import annotations

import math
from collections.abc import Iterable

from annotations.vision.boxes import Xyxy, grown
from annotations.vision.crops import Bgr

MARGIN = 0.15  # of the box's sides: people draw tightly, and JPEG smears edges outward
EDGE = 2  # pixels more, for very small plates
_STEP = 32  # of the one colour that is left


def hide(bgr: Bgr, boxes: Iterable[Xyxy]) -> Bgr:
    """A copy of the picture in which each box is one flat, coarse colour.

    A mosaic of a few cells can be matched against drawn plates, and a blur can be undone;
    one rounded mean colour holds nothing of a text.
    """
    hidden = bgr.copy()
    height, width = bgr.shape[:2]
    for box in boxes:
        x1, y1, x2, y2 = grown(box, MARGIN)
        left, top = max(math.floor(x1) - EDGE, 0), max(math.floor(y1) - EDGE, 0)
        right, bottom = min(math.ceil(x2) + EDGE, width), min(math.ceil(y2) + EDGE, height)
        if left < right and top < bottom:
            mean = bgr[top:bottom, left:right].mean(axis=(0, 1))
            hidden[top:bottom, left:right] = (mean // _STEP * _STEP + _STEP / 2).astype("uint8")
    return hidden
