"""From plates in frames to vehicles: tracks, fragments of one vehicle joined, one voted text.

Fed with the stored frames of one chunk after the other, it gives out vehicles as soon as
nothing later can change them. The same frames always give the same vehicles. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotations.vision import boxes as geometry
from annotations.vision.boxes import Xyxy
from annotations.vision.tracks import FrameDetections, Track, Tracker, TrackInput
from training.recognizer.metrics import edit_distance
from training.recognizer.predict import PlateRead
from training.recognizer.vote import Voted, part_of, vote

PLATE = "plate"
SHORTEST_TRACK = 3  # looks
LEAST_CONFIDENCE = 0.25
JOIN_SECONDS = 4.0
"""How long a vehicle may stay unseen and still be the same, where its texts are alike."""
TOGETHER = 0.5  # seconds that two tracks of one vehicle may overlap
ALIKE_FROM = 4  # characters; of shorter texts only equal ones are alike
STILL = 0.5
"""Widths of its plate; a vehicle that moved less stood still."""
STANDS = 10.0
"""Seconds; what stood still for longer does not pass."""
SAME_PLACE = 0.3  # IoU
PLACES = 50  # where vehicles were seen last
GROWN = 1.15
"""How much wider a plate is where it comes towards the camera."""
ENDS = 3  # looks whose middle is where a vehicle came from, and went

Seen = tuple[int, float, Mapping[str, Any]]
"""pts, seconds of looking, and the plate as a chunk stores it."""


@dataclass(frozen=True)
class Vehicle:
    """One vehicle passing: where its plate was, and what it reads."""

    seen: Sequence[Seen]
    voted: Voted
    direction: str
    """approaching, leaving, left, right, up or down."""


@dataclass
class _Group:
    """Tracks of one vehicle."""

    seen: list[Seen]
    voted: Voted
    surest: float
    begun: float = field(init=False)
    ended: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun, self.ended = self.seen[0][1], self.seen[-1][1]

    @property
    def readable(self) -> bool:
        return bool(self.voted.text) and min(self.voted.confidence, self.surest) >= LEAST_CONFIDENCE


class Follower:
    """Follows plates through the frames of a video, and gives out vehicles in a fixed order."""

    def __init__(self) -> None:
        self._tracker = Tracker()
        self._plates: dict[int, tuple[float, Sequence[Mapping[str, Any]]]] = {}
        self._waiting: list[_Group] = []
        self._places: list[tuple[Xyxy, str]] = []
        self._now = 0.0

    def add(self, frames: Iterable[Mapping[str, Any]]) -> list[Vehicle]:
        """The vehicles that are complete after these frames, which come in order of time.

        A frame has its ``pts``, ``seconds``, ``looked`` (its time without the idle stretches
        that were skipped) and ``plates``.
        """
        for frame in frames:
            self._now = frame.get("looked", frame["seconds"])
            if frame["plates"]:
                self._plates[frame["pts"]] = (self._now, frame["plates"])
            found = [TrackInput(tuple(p["box"]), p["confidence"], PLATE) for p in frame["plates"]]
            self._keep(self._tracker.add(FrameDetections(frame["pts"], self._now, found)))
        self._forget()
        return self._complete()

    def finish(self) -> list[Vehicle]:
        """The vehicles that were still waiting at the end of the video."""
        self._keep(self._tracker.finish())
        self._now = math.inf
        return self._complete()

    def _keep(self, tracks: Iterable[Track]) -> None:
        for track in sorted(tracks, key=lambda one: one.number):
            if len(track.points) < SHORTEST_TRACK:
                continue
            seen = [(p.pts, p.seconds, self._plates[p.pts][1][p.index]) for p in track.points]
            group = _group(seen)
            if not group.readable:
                continue
            before = min(
                (one for one in self._waiting if _same(one, group)),
                key=lambda one: abs(group.begun - one.ended),
                default=None,
            )
            if before is None:
                self._waiting.append(group)
            else:
                at = self._waiting.index(before)
                self._waiting[at] = _group(_joined(before.seen, seen))

    @property
    def needs_from(self) -> int | None:
        """The first pts of which the pictures may still be asked for; None: of none yet."""
        waiting = [group.seen[0][0] for group in self._waiting]
        return min([*waiting, *self._plates], default=None)

    def _forget(self) -> None:
        """Let go of the plates that no track can hold any more."""
        oldest = min(self._tracker.alive_since(), default=self._now)
        self._plates = {pts: own for pts, own in self._plates.items() if own[0] >= oldest}

    def _complete(self) -> list[Vehicle]:
        since = self._tracker.alive_since()
        made, waiting = [], []
        for group in sorted(self._waiting, key=lambda one: (one.ended, one.begun, one.seen[0][0])):
            latest = group.ended + JOIN_SECONDS
            if self._now <= latest or any(group.ended - TOGETHER <= s <= latest for s in since):
                waiting.append(group)
            else:
                made += self._passed(group)
        self._waiting = waiting
        return made

    def _passed(self, group: _Group) -> list[Vehicle]:
        """The vehicle, unless it only stood there."""
        text, last = group.voted.text, _box(group.seen[-1])
        still = moved(group.seen) < STILL
        known = any(_overlap(last, box) >= SAME_PLACE and alike(text, t) for box, t in self._places)
        self._places = [*self._places, (last, text)][-PLACES:]
        if still and (known or group.ended - group.begun >= STANDS):
            return []
        return [Vehicle(group.seen, group.voted, direction(group.seen))]


def _joined(first: Sequence[Seen], second: Sequence[Seen]) -> list[Seen]:
    """Two tracks of one vehicle by time. At one moment it has one plate: the one read surer."""
    rising = sorted([*first, *second], key=lambda one: (one[2]["sure"], one[2]["box"]))
    return sorted({one[0]: one for one in rising}.values(), key=lambda one: one[:2])


def _group(seen: list[Seen]) -> _Group:
    reads = [read_of(plate) for _, _, plate in seen]
    voted = vote(reads, [weight(plate["size"][0], plate["sharpness"]) for _, _, plate in seen])
    said = [
        read.confidence
        for read in reads
        if read.text == voted.text or part_of(read.text, voted.text) is not None
    ]
    return _Group(seen, voted, max(said, default=0.0))


def weight(width: int, sharpness: float) -> float:
    """Of a picture's read in the vote: larger and sharper ones count for more."""
    return width * math.sqrt(max(sharpness, 1.0))


def read_of(plate: Mapping[str, Any]) -> PlateRead:
    """What a stored plate reads; readings begun by an older program know less."""
    return PlateRead(
        plate["text"],
        plate["sure"],
        tuple(plate["characters"]),
        tuple((character, share) for character, share in plate.get("alternatives", ())),
        *plate.get("greedy", ("", 0.0)),
        *plate.get("fitted", ("", 0.0)),
    )


def _same(first: _Group, second: _Group) -> bool:
    """Whether two groups are of one vehicle: close in time, alike in text."""
    apart = max(first.begun, second.begun) - min(first.ended, second.ended)
    return -TOGETHER <= apart <= JOIN_SECONDS and alike(first.voted.text, second.voted.text)


def alike(first: str, second: str) -> bool:
    """Whether two texts may be of one plate: one character off, or one a part of the other."""
    if first == second:
        return True
    if min(len(first), len(second)) < ALIKE_FROM:
        return False
    short, long = sorted((first, second), key=len)
    return edit_distance(first, second) <= 1 or part_of(short, long) is not None


def _box(seen: Seen) -> Xyxy:
    x1, y1, x2, y2 = seen[2]["box"]
    return x1, y1, x2, y2


def _overlap(first: Xyxy, second: Xyxy) -> float:
    return float(geometry.iou([first], [second])[0, 0])


def _middle(seen: Sequence[Seen]) -> tuple[float, float, float]:
    """Centre and width of a plate over a few looks, each the median, pixels."""
    boxes = [_box(one) for one in seen]
    rows = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2, b[2] - b[0]) for b in boxes]
    x, y, width = (sorted(column)[len(column) // 2] for column in zip(*rows, strict=True))
    return x, y, width


def moved(seen: Sequence[Seen]) -> float:
    """How far from its first place a plate came, in its widths at most."""
    x, y, width = _middle(seen[:ENDS])
    steps = [_middle(seen[at : at + ENDS]) for at in range(max(len(seen) - ENDS, 0) + 1)]
    return max(math.hypot(a - x, b - y) / max(min(w, width), 1e-6) for a, b, w in steps)


def direction(seen: Sequence[Seen]) -> str:
    """Where a vehicle went: by how its plate grew, else by where it moved on the picture."""
    x, y, width = _middle(seen[:ENDS])
    to_x, to_y, wider = _middle(seen[-ENDS:])
    if wider >= width * GROWN:
        return "approaching"
    if width >= wider * GROWN:
        return "leaving"
    if abs(to_x - x) >= abs(to_y - y):
        return "right" if to_x > x else "left"
    return "down" if to_y > y else "up"
