"""What was reviewed becomes labelled frames, for the detector of the next dataset version.

The frames count as incompletely labelled: other vehicles on them may have no box, and none of
their classes is complete until a person says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.models import User
from django.db import transaction

from annotations import boxes, crops, selections
from annotations.errors import BoxTooSmall
from annotations.models import Box, Crop, Frame, Passage, Video
from annotations.models.frames import Source
from annotations.models.passages import PassageStatus
from annotations.vision import boxes as geometry
from annotations.vision.boxes import Xyxy
from lprsite.jobs.engine import Running

SAME_PLATE = 0.5  # IoU with a box that is there already
CONFIRMED = (PassageStatus.ACCEPTED, PassageStatus.CORRECTED)


@dataclass(frozen=True)
class Lesson:
    """A moment at which the plate of a confirmed passage is seen."""

    passage: int
    pts: int
    box: Xyxy
    sha256: str = ""
    """Of the crop that was kept of this moment; "" where none was."""


def learn(
    video: Video, lessons: Sequence[Lesson], running: Running, *, by: User | None = None
) -> dict[str, int]:
    """Take the frames of the lessons and draw their plates. Done again, it adds what is missing.

    Returns counts: frames made, boxes drawn, plates that had a box (there), and moments of
    which the video has no frame (not_found).
    """
    made = selections.take(video, {lesson.pts for lesson in lessons}, running)["made"]
    done = {"frames": made, "boxes": 0, "there": 0, "not_found": 0}
    wanted = {lesson.pts for lesson in lessons}
    frames = {frame.pts: frame for frame in video.frames.filter(pts__in=wanted)}
    present = _plates_on(list(frames.values()))
    for count, lesson in enumerate(sorted(lessons, key=lambda one: (one.pts, one.passage)), 1):
        frame = frames.get(lesson.pts)
        if frame is None:
            done["not_found"] += 1
        elif _overlaps(lesson.box, present.setdefault(frame.pk, [])):
            done["there"] += 1
        elif _draw(frame, lesson, by):
            present[frame.pk].append(lesson.box)
            done["boxes"] += 1
        running.progress(count, len(lessons), "plates")
        running.check()
    return done


def _plates_on(frames: Sequence[Frame]) -> dict[int, list[Xyxy]]:
    rows = Box.objects.present().filter(frame__in=frames, label__name=crops.PLATE)
    found: dict[int, list[Xyxy]] = {}
    for box in rows:
        found.setdefault(box.frame_id, []).append(box.xyxy)
    return found


def _overlaps(box: Xyxy, others: Sequence[Xyxy]) -> bool:
    return bool(others) and float(geometry.iou([box], list(others)).max()) >= SAME_PLATE


@transaction.atomic
def _draw(frame: Frame, lesson: Lesson, by: User | None) -> bool:
    """Whether a box was drawn: not where a person deleted it, nor where the verdict changed."""
    passage = Passage.objects.select_for_update().filter(pk=lesson.passage).first()
    if passage is None or passage.status not in CONFIRMED:
        return False
    key = uuid5(NAMESPACE_URL, f"passage {lesson.passage} frame {frame.pk}")
    if Box.objects.filter(client_key=key).exists():
        return False
    kept = _kept(frame, lesson)
    cut = None
    if kept is not None:
        cut = crops.Cut(kept.file, kept.sha256, kept.width, kept.height, kept.sharpness)
    try:
        box = boxes.draw(
            frame,
            label=crops.PLATE,
            xyxy=lesson.box,
            source=Source.REVIEW,
            by=by,
            client_key=key,
            cut=cut,
        )
    except BoxTooSmall:
        return False
    Box.objects.filter(pk=box.pk).update(passage=passage)
    if kept is not None:  # the crop that was read is this box's
        Crop.objects.filter(box=box).delete()
        Crop.objects.filter(pk=kept.pk).update(box=box, name=frame.name)
    return True


def _kept(frame: Frame, lesson: Lesson) -> Crop | None:
    rows = Crop.objects.select_for_update().filter(project_id=frame.project_id, box=None)
    return rows.filter(sha256=lesson.sha256).first() if lesson.sha256 else None
