"""Draw, move and delete boxes; every plate box has its crop at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotations import crops
from annotations.errors import BoxChanged, BoxTooSmall, CarUnknown, KeyTaken, LabelUnknown
from annotations.models import Box, BoxChange, Frame, Label, Project
from annotations.models.frames import FrameStatus, Source
from annotations.vision import boxes as geometry
from annotations.vision.boxes import Xyxy

SMALLEST = 1.0  # pixels a side
INSIDE = 0.5  # of a plate that lies in its car, at least
LEAVE = 0  # in place of a car's id: as it is


@dataclass(frozen=True)
class Edit:
    """What a person asks of a box; None leaves it as it is, but ``car`` None takes it away."""

    xyxy: Xyxy | None = None
    label: str | None = None
    ignore: bool | None = None
    car: int | None = LEAVE


def label_of(frame: Frame, name: str) -> Label:
    label = Label.objects.filter(project_id=frame.project_id, name=name).first()
    if label is None:
        raise LabelUnknown(name=name)
    return label


def clipped(frame: Frame, xyxy: Xyxy) -> Xyxy:
    """The part of the box on the frame. Raises BoxTooSmall when hardly anything is left."""
    x1, y1, x2, y2 = (
        float(v) for v in geometry.clip([xyxy], width=frame.width, height=frame.height)[0]
    )
    if not (x2 - x1 >= SMALLEST and y2 - y1 >= SMALLEST):  # also refuses NaN
        raise BoxTooSmall()
    return x1, y1, x2, y2


def draw(
    frame: Frame,
    *,
    label: str,
    xyxy: Xyxy,
    by: User | None = None,
    source: str = Source.PERSON,
    confidence: float | None = None,
    ignore: bool = False,
    car: int | None = None,
    client_key: UUID | None = None,
    cut: crops.Cut | None = None,
) -> Box:
    """Put a box on the frame. The same ``client_key`` again returns the first box.

    A plate gets ``cut`` as its crop; without it, one is cut out of the frame's picture.

    Raises:
        BoxTooSmall, LabelUnknown, CarUnknown
        KeyTaken: the ``client_key`` belongs to a box of another frame.
    """
    if known := _known(frame, client_key):
        return known
    x1, y1, x2, y2 = clipped(frame, xyxy)
    box = Box(
        frame=frame,
        label=label_of(frame, label),
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        ignore=ignore,
        car=car_of(frame, car),
        source=source,
        confidence=confidence,
        client_key=client_key,
        created_by=by,
    )
    if label == crops.PLATE and cut is None:
        cut = crops.cut(frame, box.xyxy)
    try:
        with transaction.atomic():
            box.save()
            something_here([frame.pk])
            BoxChange.objects.create(box=box, action="made", after=state(box), by=by)
            if cut:
                crops.attach(box, cut)
    except IntegrityError:  # the same key came in twice at the same moment
        if known := _known(frame, client_key):
            return known
        raise KeyTaken() from None
    return box


def _known(frame: Frame, client_key: UUID | None) -> Box | None:
    if client_key is None:
        return None
    return Box.objects.filter(client_key=client_key, frame=frame).first()


def car_of(frame: Frame, car: int | None, plate: Box | None = None) -> Box | None:
    """The box on this frame that is the car of a plate. Raises CarUnknown."""
    if car is None:
        return None
    found = Box.objects.present().filter(pk=car, frame=frame).first()
    if found is None or found == plate:
        raise CarUnknown(car=car)
    return found


def link_plates(frames: Iterable[int], *, new: Collection[int] | None = None) -> int:
    """Give plates without a car the one box on their frame that most of them lies in.

    With ``new`` only where the plate or that box is one of them: what a person parted stays so.
    Returns how many were linked.
    """
    rows = Box.objects.present().filter(frame__in=list(frames)).select_related("label")
    by_frame: dict[int, list[Box]] = {}
    for box in rows.order_by("frame", "id"):
        by_frame.setdefault(box.frame_id, []).append(box)
    linked = [
        plate
        for there in by_frame.values()
        for plate in _with_cars(there)
        if new is None or plate.pk in new or plate.car_id in new
    ]
    return Box.objects.bulk_update(linked, ["car"], batch_size=settings.BULK_ROWS)


def _with_cars(there: Sequence[Box]) -> Iterator[Box]:
    """The plates of a frame that have no car, with the one they lie in."""
    plates = [box for box in there if box.label.name == crops.PLATE and box.car_id is None]
    cars = [box for box in there if box.label.name != crops.PLATE]
    inside = geometry.covered([p.xyxy for p in plates], [c.xyxy for c in cars]) > INSIDE
    for plate, mine in zip(plates, inside, strict=True):
        if mine.sum() == 1:
            plate.car = cars[int(mine.argmax())]
            yield plate


def link_all_plates(project: Project) -> int:
    """Link the plates that nobody has moved since they came; returns how many were linked."""
    moved = BoxChange.objects.filter(box=OuterRef("pk"), action="moved")
    rows = Box.objects.present().filter(frame__project=project, label__name=crops.PLATE, car=None)
    plates = dict(rows.exclude(Exists(moved)).order_by("frame").values_list("pk", "frame"))
    frames = list(dict.fromkeys(plates.values()))
    return sum(
        link_plates(frames[start : start + settings.BULK_ROWS], new=plates.keys())
        for start in range(0, len(frames), settings.BULK_ROWS)
    )


def change(box: Box, edit: Edit, *, revision: int, by: User | None = None) -> Box:
    """Move, relabel or mark a box.

    Raises:
        BoxChanged: somebody else changed it since ``revision``; carries the box as it is now.
    """
    frame = box.frame
    label = edit.label or box.label.name
    xyxy = clipped(frame, edit.xyxy) if edit.xyxy else box.xyxy
    cut = crops.cut(frame, xyxy) if label == crops.PLATE else None
    with transaction.atomic():
        before = _locked(box, revision)
        box.x1, box.y1, box.x2, box.y2 = xyxy
        box.label = label_of(frame, label)
        box.ignore = box.ignore if edit.ignore is None else edit.ignore
        box.car = box.car if edit.car == LEAVE else car_of(frame, edit.car, box)
        box.save()
        BoxChange.objects.create(box=box, action="moved", before=before, after=state(box), by=by)
        if cut:
            crops.attach(box, cut, moved_from=before["xyxy"])
        else:
            crops.withdraw(box)
    return box


def delete(box: Box, *, revision: int, by: User | None = None) -> None:
    """Take a box away; it stays in the history and can be restored.

    The plates of a car that is taken away belong to none.
    """
    with transaction.atomic():
        before = _locked(box, revision)
        box.deleted_at = timezone.now()
        box.save()
        Box.objects.filter(car=box).update(car=None)
        BoxChange.objects.create(box=box, action="deleted", before=before, by=by)
        crops.withdraw(box)


def restore(box: Box, *, car: Box | None = None, by: User | None = None) -> Box:
    """Bring a deleted box back, with its crop and texts; a plate to ``car``, where given.

    One that somebody else brought back meanwhile stays as it is.
    """
    box.refresh_from_db()
    if box.deleted_at is None:
        return box
    cut = crops.cut(box.frame, box.xyxy) if box.label.name == crops.PLATE else None
    with transaction.atomic():
        box.deleted_at = None
        box.revision += 1
        box.car = car or box.car
        box.save()
        something_here([box.frame_id])
        BoxChange.objects.create(box=box, action="restored", after=state(box), by=by)
        if cut:
            crops.attach(box, cut)
    return box


def something_here(frames: Iterable[int]) -> None:
    """Boxes came onto these frames: none of them can say "nothing here" any more."""
    Frame.objects.filter(pk__in=list(frames), status=FrameStatus.NOTHING_HERE).update(
        status=FrameStatus.OPEN, complete_labels=[]
    )


def state(box: Box) -> dict[str, Any]:
    """The box as the history and a conflict show it."""
    return {
        "xyxy": list(box.xyxy),
        "label": box.label.name,
        "ignore": box.ignore,
        "car": box.car_id,
        "revision": box.revision,
        "deleted": box.deleted_at is not None,
    }


def _locked(box: Box, revision: int) -> dict[str, Any]:
    """Take the next revision, or say what the box is now."""
    taken = Box.objects.filter(pk=box.pk, revision=revision, deleted_at__isnull=True).update(
        revision=revision + 1
    )
    box.refresh_from_db()
    before = state(box)
    if not taken:
        raise BoxChanged(current=before)
    return before
