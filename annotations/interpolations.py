"""Boxes on the frames between two with the same vehicle, on straight lines in time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet

from annotations import boxes, crops
from annotations.errors import NothingBetween, TooManyBetween
from annotations.models import Box, BoxChange, Frame
from annotations.models.frames import BoxQuerySet, FrameStatus, Source
from annotations.vision import boxes as geometry
from annotations.vision.boxes import Xyxy

REACH = 60  # frames back in which a box is looked for
MOST = 500  # boxes of one interpolation
STEP = 1.5  # diagonals of itself that a vehicle moves from one frame to the next, at most
GROWTH = 4.0  # times its area
THERE = 0.5  # IoU with a box that is there already


@dataclass(frozen=True)
class Pair:
    """One vehicle or plate, as it was last seen and as it is on the frame."""

    first: Box
    last: Box

    def at(self, pts: int) -> Xyxy:
        """Where it is at this moment, if it goes straight on at one speed."""
        begin, end = self.first.frame.pts or 0, self.last.frame.pts or 0
        share = (pts - begin) / (end - begin)
        x1, y1, x2, y2 = (
            round(a + (b - a) * share, 1)
            for a, b in zip(self.first.xyxy, self.last.xyxy, strict=True)
        )
        return x1, y1, x2, y2


def draw(frame: Frame, ids: Sequence[int], key: UUID, *, by: User | None = None) -> dict[str, int]:
    """Draw these boxes of the frame on the frames before it, back to where each was last drawn.

    Frames that are done or said to be empty stay as they are, as does a place where a box of the
    label is. Done again with the same ``key`` it adds what is missing. Returns how many boxes
    were drawn, on how many frames.

    Raises:
        NothingBetween: the frame is of no video.
        TooManyBetween
    """
    if frame.video_id is None:
        raise NothingBetween()
    before = _before(frame)
    last = list(_known(Box.objects.present().filter(frame=frame, pk__in=ids)))
    there = _by_frame(_known(Box.objects.present().filter(frame__in=before)))
    pairs = _pairs(before, last, there)
    wanted = [
        (between, [pair for pair in pairs if between.pts > (pair.first.frame.pts or 0)])
        for between in before
        if between.status == FrameStatus.OPEN and between.pts is not None
    ]
    if (count := sum(len(theirs) for _, theirs in wanted)) > MOST:
        raise TooManyBetween(count=count, limit=MOST)
    made = [_draw(on, theirs, there.get(on.pk, []), key, by) for on, theirs in wanted if theirs]
    # A car that was there already is the car of the plate that lies in it now.
    new = {box.pk: box.frame_id for drawn in made for box in drawn.values()}
    if any(box.car_id is not None for box in last):
        boxes.link_plates(set(new.values()), new=new)
    return {"boxes": sum(map(len, made)), "frames": sum(map(bool, made))}


def undo(frame: Frame, ids: Sequence[int], key: UUID, *, by: User | None = None) -> dict[str, int]:
    """Delete what ``draw`` drew with this key, except for what somebody has moved since."""
    keys = [_key(key, on.pk, pk) for on in _before(frame) for pk in ids]
    rows = Box.objects.present().filter(client_key__in=keys).exclude(Exists(_moves()))
    drawn = list(rows.select_related("frame", "label"))
    for box in drawn:
        boxes.delete(box, revision=box.revision, by=by)
    return {"boxes": len(drawn), "frames": len({box.frame_id for box in drawn})}


def _before(frame: Frame) -> list[Frame]:
    """The frames before this one in its video, the nearest first."""
    rows = Frame.objects.filter(video=frame.video_id, pts__lt=frame.pts).order_by("-pts")
    return list(rows[: REACH + 1])


def _moves() -> QuerySet[BoxChange]:
    return BoxChange.objects.filter(box=OuterRef("pk"), action="moved")


def _known(rows: BoxQuerySet) -> Iterable[Box]:
    told = rows.annotate(by_hand=Exists(_moves()))
    return told.select_related("frame", "label", "crop__current").order_by("id")


def _by_frame(rows: Iterable[Box]) -> dict[int, list[Box]]:
    found: dict[int, list[Box]] = {}
    for box in rows:
        found.setdefault(box.frame_id, []).append(box)
    return found


def _pairs(before: Sequence[Frame], last: Sequence[Box], there: dict[int, list[Box]]) -> list[Pair]:
    """Each box with the nearest one before it that is the same: cars first, then their plates."""
    order = sorted(last, key=lambda box: box.label.name == crops.PLATE)
    found: dict[int, Pair] = {}
    for back, frame in enumerate(before, 1):
        free = [box for box in there.get(frame.pk, []) if _is_a_key(box)]
        for box in order:
            if box.pk in found:
                continue
            seen = found[box.car_id].first if box.car_id in found else None
            car = seen.pk if seen is not None and seen.frame_id == frame.pk else None
            alike = [
                (apart, one) for one in free if (apart := _apart(one, box, back, car)) is not None
            ]
            if alike:
                _, nearest = min(alike, key=lambda pair: pair[0])
                free.remove(nearest)
                found[box.pk] = Pair(nearest, box)
    return [found[box.pk] for box in order if box.pk in found]


def _is_a_key(box: Box) -> bool:
    """Whether a person, an import or a network saw it there."""
    return box.source != Source.INTERPOLATED or bool(getattr(box, "by_hand", False))


def _apart(first: Box, last: Box, back: int, car: int | None) -> float | None:
    """How far the boxes lie from each other in diagonals; None when they are not the same thing.

    ``back`` is how many frames the first lies before the last, ``car`` the car of the last where
    it is on the frame of the first. Two plates of the same text are the same, two of different
    texts are not.
    """
    if first.label_id != last.label_id:
        return None
    texts = _text(first), _text(last)
    if all(texts):
        return 0.0 if texts[0] == texts[1] else None
    if car is not None and first.car_id is not None:
        return 0.0 if first.car_id == car else None
    x, y = _centre(first.xyxy), _centre(last.xyxy)
    apart = math.dist(x, y) / max(_diagonal(first.xyxy), _diagonal(last.xyxy))
    areas = geometry.area([first.xyxy, last.xyxy])
    if apart > STEP * back or areas.max() > GROWTH * areas.min():
        return None
    return apart


def _text(box: Box) -> str:
    current = box.crop.current if hasattr(box, "crop") else None
    return current.text if current else ""


def _centre(box: Xyxy) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _diagonal(box: Xyxy) -> float:
    return math.hypot(box[2] - box[0], box[3] - box[1])


def _draw(
    on: Frame, pairs: Sequence[Pair], there: Sequence[Box], key: UUID, by: User | None
) -> dict[int | None, Box]:
    """Draw these on the frame, or bring back what ``undo`` deleted; by the boxes they end with."""
    keys = {pair.last.pk: _key(key, on.pk, pair.last.pk) for pair in pairs}
    rows = Box.objects.filter(client_key__in=keys.values()).select_related("frame", "label")
    known = {box.client_key: box for box in rows}
    made: dict[int | None, Box] = {}
    for pair in pairs:
        box = known.get(keys[pair.last.pk])
        xyxy, car = pair.at(on.pts or 0), made.get(pair.last.car_id)
        if box is not None and box.deleted_at is not None:
            made[pair.last.pk] = boxes.restore(box, car=car, by=by)
        elif box is not None:
            made[pair.last.pk] = box
        elif not _taken(xyxy, pair.last.label_id, there):
            made[pair.last.pk] = boxes.draw(
                on,
                label=pair.last.label.name,
                xyxy=xyxy,
                by=by,
                source=Source.INTERPOLATED,
                car=car.pk if car else None,
                client_key=keys[pair.last.pk],
            )
    return made


def _taken(xyxy: Xyxy, label: int, there: Sequence[Box]) -> bool:
    others = [box.xyxy for box in there if box.label_id == label]
    return bool(others) and float(geometry.iou([xyxy], others).max()) >= THERE


def _key(key: UUID, frame: int, box: int) -> UUID:
    return uuid5(key, f"frame {frame} box {box}")
