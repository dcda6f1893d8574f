"""How much moves in a video: one figure for every frame, measured while it is decoded.

Five times a second a grey picture of 96 cells a side is compared with the one of a second
before. A cell has changed when it differs by more than its own noise, which is learned while
the video runs: of sensors, of trees, of a burned-in clock. What all cells do together is the
light, not movement. Changed cells count where they touch (2x2); the figure is the side of the
changed area as a share of the picture's side, so 0.1 is a tenth of the width and the height.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from annotations.vision.boxes import Xyxy
from annotations.vision.selection import TICK, Selection, choose
from annotations.vision.video import Decoded

Cells = npt.NDArray[np.float32]
Polygons = Sequence[Sequence[Sequence[float]]]
"""Corners (x, y) of areas to ignore, in 0..1 of the upright picture."""

VERSION = 1
MOVES = 0.04
"""The figure from which on something moves, unless a person says another."""
BEFORE, AFTER = 1.0, 1.0
"""Seconds that belong to a movement before and after it was seen."""
SHORTEST_IDLE = 3.0
"""Seconds; less is no idle stretch."""
HOLE = 1.0
"""Seconds; a longer time without a frame is damage."""

_CELLS = 96
_RATE = 5  # pictures looked at in a second
_LAG = 1.0  # seconds between the two pictures compared
_LEAST = 7.0  # grey levels of 255 that are always noise
_NOISE = 5.0  # times the usual difference that are still noise
_MOST_NOISE = 8.0  # grey levels a cell's usual difference may reach: busy roads stay seen
_LEARN = 0.05  # grey levels by which the usual difference is corrected at a time
_LIGHT = 0.4  # share of the picture: more at once may be a lamp

ROW = np.dtype(
    [("pts", "<i8"), ("index", "<u4"), ("motion", "<f4"), ("dhash", "<u8"), ("corrupt", "?")]
)


def mask_of(polygons: Polygons, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The cells (H, W) of a picture of ``size`` (width, height) that are looked at."""
    looked = np.ones((size[1], size[0]), np.uint8)
    for polygon in polygons:
        corners = np.array(polygon, np.float64) * size
        if len(corners) >= 3:
            # A cell that is touched at all is ignored: corners are rounded outward by the outline.
            outline = np.floor(corners).astype(np.int32)
            cv2.fillPoly(looked, [outline], 0)
            cv2.polylines(looked, [outline], isClosed=True, color=0)
    return looked > 0


def is_ignored(box: Xyxy, polygons: Polygons, size: tuple[int, int]) -> bool:
    """Whether the middle of a box, in pixels of a picture of ``size``, lies in such an area."""
    middle = (box[0] + box[2]) / 2 / size[0], (box[1] + box[3]) / 2 / size[1]
    corners = (np.array(polygon, np.float32) for polygon in polygons if len(polygon) >= 3)
    return any(cv2.pointPolygonTest(each, middle, measureDist=False) >= 0 for each in corners)


class Meter:
    """Measures the frames of a video from its beginning, in order of time."""

    def __init__(self, ignore: Polygons = ()) -> None:
        self._ignore = ignore
        self._looked: npt.NDArray[np.bool_] | None = None
        self._seen: deque[tuple[float, Cells]] = deque()
        self._noise: Cells | None = None
        self._slot = -1
        self._short_before = 0.0
        self._motion = 0.0

    def measure(self, frame: Decoded) -> tuple[int, int, float, int, bool]:
        """A ``ROW`` of this frame. Frames between two samples have the figure of the first."""
        slot = math.floor((frame.seconds + TICK) * _RATE)
        if slot > self._slot:
            self._slot = slot
            self._motion = self._sample(frame.seconds, frame.grey(_CELLS).astype(np.float32))
        return frame.pts, frame.index, self._motion, frame.dhash(), frame.corrupt

    def _sample(self, seconds: float, grey: Cells) -> float:
        if self._looked is None or self._noise is None:
            size = (grey.shape[1], grey.shape[0])
            self._looked = mask_of(self._ignore, size)
            self._noise = np.ones_like(grey)
        while len(self._seen) > 1 and self._seen[1][0] <= seconds - _LAG + TICK:
            self._seen.popleft()
        if not self._seen:
            self._seen.append((seconds, grey))
            return 0.0
        previous = self._seen[-1][1]
        difference = _difference(grey, self._seen[0][1])
        limit = np.maximum(_NOISE * self._noise, _LEAST)
        share = self._changed(difference, limit)
        if share > _LIGHT:
            # A lamp changes the picture once; what moves goes on changing it.
            short = self._changed(_difference(grey, previous), limit)
            share, self._short_before = min(share, short, self._short_before), short
        else:
            self._short_before = share
        self._noise += np.where(difference > self._noise, _LEARN, -_LEARN).astype(np.float32)
        np.clip(self._noise, 0.2, _MOST_NOISE, out=self._noise)
        self._seen.append((seconds, grey))
        return float(np.float32(math.sqrt(share)))

    def _changed(self, difference: Cells, limit: Cells) -> float:
        """Share of the picture that lies in changed areas of at least 2x2 cells."""
        assert self._looked is not None
        changed = ((difference > limit) & self._looked).astype(np.uint8)
        areas = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        return float(np.count_nonzero(areas)) / max(1, int(np.count_nonzero(self._looked)))


def _difference(grey: Cells, before: Cells) -> Cells:
    """How much each cell changed, less what all did: light added, or light multiplied."""
    added = grey - before
    added -= np.median(added)
    darker = max(float(np.median(before)), 1.0)
    gain = float(np.median(grey)) / darker
    multiplied = grey - before * np.float32(gain)
    return np.asarray(np.minimum(np.abs(added), np.abs(multiplied)), np.float32)


@dataclass(frozen=True)
class Track:
    """The figures of every decoded frame of a video."""

    rows: npt.NDArray[np.void]
    """(N,) of ``ROW``, in order of time."""
    time_base: Fraction
    start_pts: int
    duration: float
    """Seconds from the first frame to the end of the last."""
    ignore: Polygons = ()
    """The areas left out when it was measured."""

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """The time of each frame from the start, (N,): the same floats as ``Decoded`` has."""
        steps = (self.rows["pts"] - self.start_pts) * self.time_base.numerator
        return np.asarray(steps / self.time_base.denominator, np.float64)

    def chosen(self, rule: Selection) -> npt.NDArray[np.void]:
        """The rows of the frames that a rule takes: exactly those a split takes."""
        places = choose(
            rule,
            seconds=self.seconds,
            index=self.rows["index"].astype(np.int64),
            motion=self.rows["motion"],
            dhash=self.rows["dhash"],
        )
        return self.rows[places]

    def considered(self, rule: Selection) -> int:
        """How many frames a rule would take without its filters and its cap."""
        return len(self.chosen(Selection(rule.fps, rule.every, rule.start, rule.end)))

    def idle(
        self, threshold: float = MOVES, *, start: float = 0.0, end: float | None = None
    ) -> list[tuple[float, float]]:
        """The stretches of time in which nothing moves, from .. to in seconds."""
        last = self.duration if end is None else min(end, self.duration)
        return idle_between(self.moving(threshold), start, last)

    def moving(self, threshold: float = MOVES) -> list[tuple[float, float]]:
        """The stretches in which something moves, with a second before and after."""
        seconds = self.seconds[self.rows["motion"] >= np.float32(threshold)]
        if not len(seconds):
            return []
        apart = np.flatnonzero(np.diff(seconds) > BEFORE + AFTER + SHORTEST_IDLE) + 1
        begins = seconds[np.concatenate([[0], apart])] - BEFORE
        ends = seconds[np.concatenate([apart - 1, [len(seconds) - 1]])] + AFTER
        return [
            (max(0.0, float(begin)), min(self.duration, float(end)))
            for begin, end in zip(begins, ends, strict=True)
        ]

    def damaged(self) -> list[tuple[float, float]]:
        """The stretches with broken frames or none at all, from .. to in seconds."""
        seconds = self.seconds
        if not len(seconds):
            return [(0.0, self.duration)] if self.duration > 0 else []
        broken = [(float(at), float(at)) for at in seconds[self.rows["corrupt"]]]
        apart = np.flatnonzero(np.diff(seconds) > HOLE)
        broken += [(float(seconds[at]), float(seconds[at + 1])) for at in apart]
        if self.duration - seconds[-1] > max(2.0, 0.02 * self.duration):
            broken.append((float(seconds[-1]), self.duration))
        joined: list[tuple[float, float]] = []
        for begin, over in sorted(broken):
            if joined and begin - joined[-1][1] <= HOLE:
                joined[-1] = (joined[-1][0], max(joined[-1][1], over))
            else:
                joined.append((begin, over))
        return joined

    def bins(self, count: int) -> list[float | None]:
        """The greatest figure in each of ``count`` equal parts of the time; None: no frame."""
        if not len(self.rows) or self.duration <= 0:
            return [None] * count
        part = np.minimum((self.seconds / self.duration * count).astype(np.int64), count - 1)
        most = np.full(count, -1.0)
        np.maximum.at(most, part, self.rows["motion"].astype(np.float64))
        return [None if figure < 0 else round(float(figure), 4) for figure in most]

    def as_bytes(self) -> bytes:
        """The track as a file; ``from_bytes`` reads it back."""
        facts: dict[str, Any] = {
            "version": np.array(VERSION),
            "base": np.array([self.time_base.numerator, self.time_base.denominator]),
            "start": np.array(self.start_pts),
            "duration": np.array(self.duration),
            "corners": np.array([len(polygon) for polygon in self.ignore], np.int64),
            "ignore": np.array([c for p in self.ignore for c in p], np.float64).reshape(-1, 2),
        }
        facts.update({name: self.rows[name] for name in ROW.names or ()})
        out = BytesIO()
        np.savez_compressed(out, **facts)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Track | None:
        """The track of a file; None if another version of the program measured it."""
        with np.load(BytesIO(data), allow_pickle=False) as file:
            if int(file["version"]) != VERSION:
                return None
            rows = np.empty(len(file["pts"]), ROW)
            for name in ROW.names or ():
                rows[name] = file[name]
            parts = np.split(file["ignore"], np.cumsum(file["corners"])[:-1])
            return cls(
                rows=rows,
                time_base=Fraction(int(file["base"][0]), int(file["base"][1])),
                start_pts=int(file["start"]),
                duration=float(file["duration"]),
                ignore=[part.tolist() for part in parts] if len(file["corners"]) else [],
            )


def idle_between(
    moving: Iterable[tuple[float, float]], start: float, end: float
) -> list[tuple[float, float]]:
    """What lies between the moving stretches from ``start`` to ``end``, if it is long enough."""
    idle, at = [], start
    for begin, over in [*moving, (end, end)]:
        if min(begin, end) - at >= SHORTEST_IDLE:
            idle.append((at, min(begin, end)))
        at = max(at, over)
    return idle
