"""Plates of two rows (motorcycles, square plates) as one row, which is what the networks read."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from annotations.vision.crops import Bgr

# Width by height. The flattest plates of two rows stay below the first; a plate of one row seen
# aslant in a loose box comes down to the second.
_TWO_ROWS, _ONE_ROW = 1.5, 1.75
_GAP = (24, 46)  # of 64 lines: where the gap between the rows is looked for
_SIDE = 96  # pixels of each half: more than the 48 that a crop has


def surely_two(crop: Bgr) -> bool:
    """Whether the crop (H, W, 3) is as square as only a plate of two rows is."""
    return bool(crop.shape[1] < _TWO_ROWS * crop.shape[0])


def perhaps_two(crop: Bgr) -> bool:
    """Whether the crop might show two rows: then both readings are worth a try."""
    return crop.shape[0] >= 4 and bool(crop.shape[1] < _ONE_ROW * crop.shape[0])


def side_by_side(crop: Bgr) -> Bgr:
    """The upper row, then the lower one: (H, W, 3) -> (96, 192, 3)."""
    at = max(1, round(crop.shape[0] * _gap(crop)))
    halves = [
        cv2.resize(half, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
        for half in (crop[:at], crop[at:])
    ]
    return np.asarray(np.hstack(halves), np.uint8)


def _gap(crop: Bgr) -> float:
    """Where the rows part, as a share of the height: the line with the fewest upright edges."""
    small: npt.NDArray[np.float32] = cv2.resize(crop, (96, 64), interpolation=cv2.INTER_AREA).mean(
        axis=2, dtype=np.float32
    )
    edges = np.abs(np.diff(small[:, 10:-10], axis=1)).mean(axis=1)
    smooth = np.convolve(edges, np.full(3, 1 / 3), mode="same")
    return (_GAP[0] + float(smooth[_GAP[0] : _GAP[1]].argmin()) + 0.5) / 64
