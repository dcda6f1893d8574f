"""One plate, or one car, followed across frames.

A track predicts where its box goes by constant velocity; detections of a frame are given
to the tracks of their label at least total cost. The cost knows overlap, and distance in
box widths, because between two looks a fast plate moves further than its own width. All
limits are in seconds, so that the same rules hold at any frame rate. The same detections
always give the same tracks, in whatever order a frame lists them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from annotations.vision.boxes import Floats, Xyxy, cxcywh_to_xyxy, iou, xyxy_to_cxcywh

MAX_GAP = 1.0
"""Seconds that a track may stay unseen."""
VELOCITY_TIME = 0.2  # seconds over which velocity is averaged
NEAR = 1.0  # box widths that a box may be off at once, by noise alone
# Widths a second, and at most, that a track may be off: without and with a known velocity.
# A plate half a metre wide on a car at 45 km/h passes 25 of its widths a second.
FIRST_REACH, FIRST_MOST = 25.0, 6.0
REACH, MOST = 5.0, 4.0
SIZE_WEIGHT = 0.25
LIMIT = 2.5  # of the cost; from here on they are two different things


@dataclass(frozen=True)
class TrackInput:
    """One detection: its box in frame pixels, its confidence (0..1) and its label."""

    box: Xyxy
    confidence: float
    label: str


@dataclass(frozen=True)
class FrameDetections:
    """All detections of one frame; none is a fact too."""

    pts: int
    seconds: float
    detections: Sequence[TrackInput]


@dataclass(frozen=True)
class TrackPoint:
    """A track in one frame. ``index`` is the detection's place in its frame's list."""

    pts: int
    seconds: float
    box: Xyxy
    confidence: float
    index: int


@dataclass(frozen=True)
class Track:
    """One thing followed across frames, in order of time; at least one point."""

    label: str
    points: tuple[TrackPoint, ...]
    number: int = 0
    """Counts the tracks in the order in which they began."""


@dataclass(eq=False)
class _Followed:
    """A track while it is being made. Geometry is (centre x, centre y, width, height)."""

    number: int
    label: str
    points: list[TrackPoint]
    velocity: Floats = field(default_factory=lambda: np.zeros(2))  # (2,) pixels a second

    def __post_init__(self) -> None:
        self.place: Floats = xyxy_to_cxcywh([self.points[0].box])[0]  # (4,)

    def as_track(self) -> Track:
        return Track(self.label, tuple(self.points), self.number)

    @property
    def seconds(self) -> float:
        return self.points[-1].seconds

    def predicted(self, seconds: float) -> Floats:
        """Where it should be, (4,)."""
        moved = self.place.copy()
        moved[:2] += self.velocity * (seconds - self.seconds)
        return moved

    def reach(self, seconds: float) -> float:
        """How many box widths the prediction may be off."""
        passed = seconds - self.seconds
        if len(self.points) == 1:
            return min(NEAR + FIRST_REACH * passed, FIRST_MOST)
        return min(NEAR + REACH * passed, MOST)

    def add(self, point: TrackPoint) -> None:
        place = xyxy_to_cxcywh([point.box])[0]
        passed = point.seconds - self.seconds
        if passed > 0:
            seen = (place[:2] - self.place[:2]) / passed
            share = 1.0 if len(self.points) == 1 else 1 - math.exp(-passed / VELOCITY_TIME)
            self.velocity = self.velocity + share * (seen - self.velocity)
        self.place = place
        self.points.append(point)


class Tracker:
    """Follows plates or cars while frames arrive in order of time; memory holds what is alive."""

    def __init__(self, *, max_gap: float = MAX_GAP) -> None:
        self._max_gap = max_gap
        self._alive: list[_Followed] = []
        self._begun = 0
        self._now = -math.inf

    def add(self, frame: FrameDetections) -> list[Track]:
        """The tracks that have ended by this frame: unseen for more than ``max_gap`` seconds.

        Frames come with or without those in which nothing was found. Labels are tracked
        apart. Raises ValueError when time goes back.
        """
        if frame.seconds < self._now:
            raise ValueError("frames to track must be in order of time")
        self._now = frame.seconds
        over = [one for one in self._alive if self._now - one.seconds > self._max_gap + 1e-9]
        self._alive = [one for one in self._alive if one not in over]
        for label in sorted({found.label for found in frame.detections}):
            points = _points(frame, label)
            mine = [one for one in self._alive if one.label == label]
            for point in _extend(mine, points):
                self._alive.append(_Followed(self._begun, label, [point]))
                self._begun += 1
        return [one.as_track() for one in over]

    def finish(self) -> list[Track]:
        """The tracks that were still alive at the end."""
        over, self._alive = self._alive, []
        return [one.as_track() for one in over]

    def continued(self) -> list[tuple[TrackPoint, TrackPoint]]:
        """Of each track that the last frame continued, its point before and its point there."""
        return [
            (one.points[-2], one.points[-1])
            for one in self._alive
            if len(one.points) > 1 and one.seconds == self._now
        ]

    def alive_since(self) -> list[float]:
        """When the tracks that are still alive began, seconds."""
        return [one.points[0].seconds for one in self._alive]


def track(
    frames: Iterable[FrameDetections], *, max_gap: float = MAX_GAP, min_length: int = 1
) -> list[Track]:
    """Tracks of at least ``min_length`` points, in the order in which they begin.

    As :class:`Tracker`, of frames that are all there.
    """
    tracker = Tracker(max_gap=max_gap)
    made = [one for frame in frames for one in tracker.add(frame)] + tracker.finish()
    return sorted(
        (one for one in made if len(one.points) >= min_length), key=lambda one: one.number
    )


def assign(cost: Floats, limit: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost, where leaving a row alone costs ``limit``.

    ``cost`` is (N, M) without NaN; infinite means impossible. Only pairs below the limit are
    given. Shortest augmenting paths with potentials (the Hungarian method), O(N²M).
    """
    cost = np.minimum(np.asarray(cost, np.float64), limit)
    if cost.shape[0] > cost.shape[1]:
        return sorted((row, column) for column, row in assign(cost.T, limit))
    rows, columns = cost.shape
    row_potential, potential = np.zeros(rows), np.zeros(columns)
    owner = np.full(columns, -1)
    for start in range(rows):
        best, came = np.full(columns, np.inf), np.full(columns, -1)
        done = np.zeros(columns, bool)
        row, column = start, -1
        while True:
            if column >= 0:
                done[column] = True
            reduced = cost[row] - row_potential[row] - potential
            better = ~done & (reduced < best)
            best[better], came[better] = reduced[better], column
            nearest = int(np.argmin(np.where(done, np.inf, best)))
            step = best[nearest]
            row_potential[start] += step
            row_potential[owner[done]] += step
            potential[done] -= step
            best[~done] -= step
            column = nearest
            if owner[column] < 0:
                break
            row = int(owner[column])
        while column >= 0:
            before = int(came[column])
            owner[column] = start if before < 0 else owner[before]
            column = before
    pairs = [(int(owner[column]), column) for column in range(columns) if owner[column] >= 0]
    return sorted(pair for pair in pairs if cost[pair] < limit)


def _points(frame: FrameDetections, label: str) -> list[TrackPoint]:
    """The frame's detections of a label, in an order that does not depend on their list's."""
    points = [
        TrackPoint(frame.pts, frame.seconds, found.box, found.confidence, index)
        for index, found in enumerate(frame.detections)
        if found.label == label
    ]
    return sorted(points, key=lambda point: (point.box, -point.confidence, point.index))


def _extend(tracks: Sequence[_Followed], points: Sequence[TrackPoint]) -> list[TrackPoint]:
    """Give points of one frame to the tracks; returns those left over."""
    pairs = assign(_cost(tracks, points), LIMIT) if tracks else []
    for row, column in pairs:
        tracks[row].add(points[column])
    taken = {column for _, column in pairs}
    return [point for column, point in enumerate(points) if column not in taken]


def _cost(tracks: Sequence[_Followed], points: Sequence[TrackPoint]) -> Floats:
    """Cost of each pair, (N, M): 0 is exactly as predicted, infinite is out of reach."""
    now = points[0].seconds
    predicted = np.array([one.predicted(now) for one in tracks])  # (N, 4)
    found = xyxy_to_cxcywh([point.box for point in points])  # (M, 4)
    reach = np.array([one.reach(now) for one in tracks])[:, None]  # (N, 1)
    apart = np.hypot(
        predicted[:, None, 0] - found[None, :, 0], predicted[:, None, 1] - found[None, :, 1]
    )
    sizes = np.maximum(predicted[:, None, 2:], 1e-6), np.maximum(found[None, :, 2:], 1e-6)
    width = (sizes[0].max(axis=2) + sizes[1].max(axis=2)) / 2  # (N, M)
    off = apart / width / reach
    grown = np.abs(np.log(sizes[0].prod(axis=2) / sizes[1].prod(axis=2)))
    overlap = iou(cxcywh_to_xyxy(predicted), [point.box for point in points])
    return np.where(off <= 1, 1 - overlap + off + SIZE_WEIGHT * grown, np.inf)
