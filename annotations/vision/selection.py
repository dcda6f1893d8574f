"""Which frames of a video to take.

Time is cut into slots: of 1/fps seconds, or of every N frames. Each slot gives its first frame
that moves (where movement is asked for) and is unlike the last one taken (where that is). So
the choice needs nothing from the future: it is the same made while decoding and made later
from the stored activity, and an estimate is exact.

A ``cap`` thins what was chosen evenly over the whole range. The first so many would show the
first minutes only: one light, one queue, the same parked cars.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from annotations import errors

KEPT = ("fps", "every", "motion", "near_duplicates", "cap")
"""What a project may keep of a rule, for its next videos: all but the range."""
TICK = 0.001
"""Seconds by which a time may miss a boundary: MKV rounds its times to this."""


@dataclass(frozen=True)
class Selection:
    """Which frames to take: ``fps`` a second or ``every`` Nth, from start to before end (seconds).

    With neither, one a second. Every Nth counts from the beginning of the video.
    ``motion``: only while something moves that is at least so large, as a share of the
    picture's side, over 0 to 1. ``near_duplicates``: only frames whose dHash differs from that
    of the last one taken in more than so many of 64 bits. ``cap``: at most so many frames.
    Raises SelectionWrong, FilterWrong.
    """

    fps: float | None = None
    every: int | None = None
    start: float = 0.0
    end: float | None = None
    motion: float | None = None
    near_duplicates: int | None = None
    cap: int | None = None

    def __post_init__(self) -> None:
        if self.fps is None and self.every is None:
            object.__setattr__(self, "fps", 1.0)
        right = (
            (self.fps is None or self.every is None)
            and (self.fps is None or 0 < self.fps <= 1000)
            and (self.every is None or self.every >= 1)
            and 0 <= self.start < math.inf
            and (self.end is None or self.start < self.end < math.inf)
        )
        if not right:
            raise errors.SelectionWrong()
        if not (
            (self.motion is None or 0 < self.motion <= 1)
            and (self.near_duplicates is None or 0 <= self.near_duplicates <= 64)
            and (self.cap is None or self.cap >= 1)
        ):
            raise errors.FilterWrong()

    @property
    def plain(self) -> bool:
        """Whether times alone decide: no picture has to be looked at."""
        return self.motion is None and self.near_duplicates is None

    def slot(self, seconds: float, index: int) -> int:
        """The slot of a frame. Below 0 before the start."""
        if self.every is not None:
            return index // self.every
        assert self.fps is not None
        return math.floor((seconds - self.start + TICK) * self.fps)

    def slot_before(self, previous_seconds: float | None, index: int) -> int:
        """The slot that is over when the first frame looked at has this index.

        ``previous_seconds`` is the time of the frame before it, None at the beginning.
        """
        before = -math.inf if previous_seconds is None else previous_seconds
        if before < self.start - TICK and self.every is None:
            return -1
        return self.slot(before, index - 1)


class Timed(Protocol):
    """A frame of which the time is known."""

    seconds: float
    index: int
    previous_seconds: float | None


AnyTimed = TypeVar("AnyTimed", bound=Timed)


class Chooser:
    """Decides frame by frame, in order of time; a ``cap`` is not its business."""

    def __init__(self, rule: Selection) -> None:
        self._rule = rule
        self._last: int | None = None
        self._hash: int | None = None

    def takes(self, frame: Timed, *, motion: float = 0.0, dhash: int = 0) -> bool:
        """Whether this frame is taken; it lies inside the range."""
        rule = self._rule
        if self._last is None:
            self._last = rule.slot_before(frame.previous_seconds, frame.index)
        slot = rule.slot(frame.seconds, frame.index)
        if slot <= self._last or (rule.motion is not None and motion < rule.motion):
            return False
        if rule.near_duplicates is not None:
            if self._hash is not None and (self._hash ^ dhash).bit_count() <= rule.near_duplicates:
                return False
            self._hash = dhash
        self._last = slot
        return True


def select(decoded: Iterable[AnyTimed], rule: Selection) -> Iterator[AnyTimed]:
    """The frames that a plain rule takes: the first of each slot of time, or of N frames.

    ``decoded`` may begin anywhere: the same pts are taken as in a run from the beginning.
    """
    assert rule.plain and rule.cap is None, "filters need the activity of the whole video"
    chooser = Chooser(rule)
    for frame in decoded:
        if frame.seconds < rule.start - TICK:
            continue
        if rule.end is not None and frame.seconds >= rule.end - TICK:
            return
        if chooser.takes(frame):
            yield frame


def choose(
    rule: Selection,
    *,
    seconds: npt.NDArray[np.float64],
    index: npt.NDArray[np.int64],
    motion: npt.NDArray[np.float32],
    dhash: npt.NDArray[np.uint64],
) -> npt.NDArray[np.intp]:
    """Places of the frames that the rule takes, from the figures of all frames of a video, (N,).

    Without the cap exactly what ``Chooser`` takes of them; then thinned.
    """
    inside = seconds >= rule.start - TICK
    if rule.end is not None:
        inside &= seconds < rule.end - TICK
    places = np.flatnonzero(inside)
    if not len(places):
        return places
    first = places[0]
    over = rule.slot_before(float(seconds[first - 1]) if first else None, int(index[first]))
    slots = _slots(rule, seconds[places], index[places])
    fit = slots > over
    if rule.motion is not None:
        fit &= motion[places].astype(np.float64) >= rule.motion  # as ``Chooser`` compares
    places, slots = places[fit], slots[fit]
    if rule.near_duplicates is None:
        places = places[np.concatenate([[True], slots[1:] > slots[:-1]])] if len(places) else places
    else:
        places = places[_unlike(slots, dhash[places], rule.near_duplicates)]
    return thinned(places, rule.cap)


def thinned(places: npt.NDArray[np.intp], cap: int | None) -> npt.NDArray[np.intp]:
    """At most ``cap`` of the places, evenly, the first and the last among them."""
    if cap is None or len(places) <= cap:
        return places
    return places[np.linspace(0, len(places) - 1, cap).round().astype(np.intp)]


def _slots(
    rule: Selection, seconds: npt.NDArray[np.float64], index: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    if rule.every is not None:
        return index // rule.every
    assert rule.fps is not None
    return np.floor((seconds - rule.start + TICK) * rule.fps).astype(np.int64)


def _unlike(slots: npt.NDArray[np.int64], dhash: npt.NDArray[np.uint64], bits: int) -> list[int]:
    taken: list[int] = []
    last_slot, last_hash = -1, None
    for place, (slot, this) in enumerate(zip(slots.tolist(), dhash.tolist(), strict=True)):
        if slot <= last_slot or (last_hash is not None and (last_hash ^ this).bit_count() <= bits):
            continue
        taken.append(place)
        last_slot, last_hash = slot, this
    return taken
