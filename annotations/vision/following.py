"""Plates followed from frame to frame by their pixels, between the frames that have boxes.

At one frame a second a car moves a length, so that two boxes of it have nothing in common but
what the frames between show. Points on each plate are followed by optical flow, forwards and
back again; where enough of them return to where they began, their median moves the box
("median flow", Kalal et al. 2010, https://doi.org/10.1109/ICPR.2010.675). At the next frame with
boxes, the one that lies where a plate was followed to is the same vehicle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from annotations.vision.boxes import Floats, Xyxy, iou
from annotations.vision.tracks import assign

Grey = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]  # (N, 2)

MAX_GAP = 3.0
"""Seconds that a plate is followed without a box."""
SEEN = 32.0  # pixels a plate should be wide where it is followed: finer costs time only
GRID = (9, 5)  # points on a plate, across and down
MARGIN = 0.4  # of the plate, around it, that is followed too: a car moves as its plate does
RETURN = 1.0  # pixels by which a point may miss where it began
ENOUGH = 0.25  # of the points must return
ALIKE = 0.4  # correlation of a plate with itself one frame before
LEAP = 3.0  # plate widths around, within which one is looked for that was lost
SURE = 0.75  # correlation of the plate with what is found there
SLOWEST = 8.0  # pixels that the points of one plate may move apart from their median
GROWS = 1.5  # times, from frame to frame, at most
NEAR = 0.6  # plate widths between where it was followed to and the box
SAME_SIZE = 1.8  # times
WINDOW, LEVELS = (15, 15), 4  # reaches 15 * 2**4 / 2 pixels beyond what was guessed


def reduction(widths: list[float]) -> int:
    """By how much frames may be made smaller before plates of these widths are followed."""
    return int(min(max(np.median(widths) / SEEN, 1), 4)) if widths else 1


@dataclass
class _Plate:
    """One plate on its way from the box that it had."""

    box: int
    met: float
    """Seconds at which it had the box."""
    place: Floats  # (4,) xyxy
    moved: Floats = field(default_factory=lambda: np.zeros(2))  # (2,) since the frame before


class Follower:
    """Frames in order of time go in, pairs of boxes of one vehicle come out."""

    def __init__(self) -> None:
        self._before: Grey | None = None
        self._plates: list[_Plate] = []

    @property
    def idle(self) -> bool:
        """Whether nothing is being followed."""
        return not self._plates

    def look(
        self, grey: Grey, seconds: float, boxes: Mapping[int, Xyxy] | None = None
    ) -> list[tuple[int, int]]:
        """Follow all plates into the next frame; of its ``boxes``, by id, those that they meet.

        Returns (id of the box before, id of the box here).
        """
        self._plates = [one for one in self._plates if seconds - one.met <= MAX_GAP]
        if self._before is not None and self._plates:
            self._plates = _followed(self._plates, self._before, grey)
        pairs = self._meet(boxes, seconds) if boxes else []
        self._before = grey
        return pairs

    def forget(self) -> None:
        """What comes next does not follow what came before."""
        self._before, self._plates = None, []

    def _meet(self, boxes: Mapping[int, Xyxy], seconds: float) -> list[tuple[int, int]]:
        ids, places = list(boxes), np.array(list(boxes.values()), np.float64)
        pairs = []
        met: set[int] = set()
        if self._plates:
            for row, column in assign(_cost(np.array([p.place for p in self._plates]), places), 1):
                pairs.append((self._plates[row].box, ids[column]))
                met.add(row)
        moved = {
            new: plate.moved for plate in self._plates for old, new in pairs if old == plate.box
        }
        self._plates = [plate for row, plate in enumerate(self._plates) if row not in met] + [
            _Plate(box, seconds, place, moved.get(box, np.zeros(2)))
            for box, place in zip(ids, places, strict=True)
        ]
        return pairs


def _cost(followed: Floats, found: Floats) -> Floats:
    """(N, M): below 1 where a followed plate may be a found one, infinite elsewhere."""
    sizes = followed[:, 2:] - followed[:, :2], found[:, 2:] - found[:, :2]
    centres = (followed[:, :2] + followed[:, 2:]) / 2, (found[:, :2] + found[:, 2:]) / 2
    apart = np.linalg.norm(centres[0][:, None] - centres[1][None], axis=2)  # (N, M)
    width = np.maximum(sizes[0][:, None, 0], sizes[1][None, :, 0])
    ratio = sizes[0][:, None, 0] / sizes[1][None, :, 0]
    fits = (apart <= NEAR * width) & (np.abs(np.log(ratio)) <= np.log(SAME_SIZE))
    overlap = iou([tuple(b) for b in followed], [tuple(b) for b in found])
    return np.where(fits, (1 - overlap + apart / width) / 2, np.inf)


def _followed(plates: list[_Plate], before: Grey, now: Grey) -> list[_Plate]:
    """The plates that could be followed into the next frame, where they are there."""
    starts = np.concatenate([_points(plate.place) for plate in plates]).astype(np.float32)
    each = GRID[0] * GRID[1]
    guess = starts + np.repeat([plate.moved for plate in plates], each, axis=0).astype(np.float32)
    ends, there = _flow(before, now, starts, guess)
    back, again = _flow(now, before, ends, starts)
    good = there & again & (np.linalg.norm(back - starts, axis=1) <= RETURN)
    kept = []
    for at, plate in enumerate(plates):
        mine = slice(at * each, (at + 1) * each)
        place = _moved(plate.place, starts[mine][good[mine]], ends[mine][good[mine]])
        if place is None or not _alike(before, now, plate.place, place):
            place = _found(before, now, plate)
        if place is None:
            continue
        moved = ((place[:2] + place[2:]) - (plate.place[:2] + plate.place[2:])) / 2
        kept.append(_Plate(plate.box, plate.met, place, moved))
    return kept


def _flow(
    before: Grey, now: Grey, starts: Points, guess: Points
) -> tuple[Points, npt.NDArray[np.bool_]]:
    """Where the points are in the next frame, (N, 2), and which were found, (N,)."""
    ends, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        now,
        starts,
        guess.copy(),
        winSize=WINDOW,
        maxLevel=LEVELS,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.03),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return np.asarray(ends, np.float32), np.asarray(found)[:, 0] == 1


def _points(place: Floats) -> Floats:
    """A grid of points on the plate and a little around it, (N, 2)."""
    size = place[2:] - place[:2]
    low, high = place[:2] - MARGIN * size, place[2:] + MARGIN * size
    across, down = (np.linspace(low[i], high[i], GRID[i]) for i in (0, 1))
    return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)


def _moved(place: Floats, starts: Floats, ends: Floats) -> Floats | None:
    """The box that went with its points; None where too few of them agree."""
    if len(starts) < ENOUGH * GRID[0] * GRID[1]:
        return None
    steps = ends - starts
    step = np.median(steps, axis=0)
    if np.median(np.linalg.norm(steps - step, axis=1)) > SLOWEST:
        return None
    grown = _growth(starts, ends)
    if not 1 / GROWS <= grown <= GROWS:
        return None
    centre, half = (place[:2] + place[2:]) / 2 + step, (place[2:] - place[:2]) / 2 * grown
    return np.concatenate([centre - half, centre + half])


def _growth(starts: Floats, ends: Floats) -> float:
    """The median of how the distances between points changed."""
    first, second = np.triu_indices(len(starts), 1)
    was = np.linalg.norm(starts[first] - starts[second], axis=1)
    now = np.linalg.norm(ends[first] - ends[second], axis=1)
    far = was > np.median(was)  # between near points, half a pixel is much
    return float(np.median(now[far] / was[far])) if far.any() else 1.0


def _alike(before: Grey, now: Grey, was: Floats, place: Floats) -> bool:
    """Whether the plate looks as it did; one of which half is out of the picture does not."""
    one, other = _patch(before, was), _patch(now, place)
    if one is None or other is None:
        return False
    return float(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)[0, 0]) >= ALIKE


def _found(before: Grey, now: Grey, plate: _Plate) -> Floats | None:
    """The plate looked for around where it should be, as it was: it may leap further at once
    than its points can be followed."""
    size = plate.place[2:] - plate.place[:2]
    low, high = _inside(plate.place + np.tile(MARGIN * size, 2) * (-1, -1, 1, 1), before)
    reach = np.tile(LEAP * size[0], 2)
    moved = np.concatenate([low + plate.moved - reach, high + plate.moved + reach])
    begin, over = _inside(moved, now)
    one = before[low[1] : high[1], low[0] : high[0]]
    within = now[begin[1] : over[1], begin[0] : over[0]]
    if min(one.shape) < 4 or one.min() == one.max():
        return None  # nothing on it, which is alike everywhere
    if (np.array(within.shape) < one.shape).any():
        return None
    likeness = cv2.matchTemplate(within, one, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    if best < SURE:
        return None
    return np.asarray(plate.place + np.tile(np.add(begin, (x, y)) - low, 2))


def _inside(place: Floats, grey: Grey) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """The corners in whole pixels of what is in the picture of a box."""
    most = np.array(grey.shape[::-1])
    low, high = (np.clip(np.rint(corner).astype(int), 0, most) for corner in (place[:2], place[2:]))
    return low, high


def _patch(grey: Grey, place: Floats) -> Grey | None:
    centre = (place[:2] + place[2:]) / 2
    height, width = grey.shape
    if not (0 <= centre[0] < width and 0 <= centre[1] < height):
        return None
    size = np.maximum(place[2:] - place[:2], 4)
    cut = cv2.getRectSubPix(grey, tuple(int(v) for v in size), tuple(float(v) for v in centre))
    return np.asarray(cv2.resize(cut, (32, 16), interpolation=cv2.INTER_AREA), np.uint8)
