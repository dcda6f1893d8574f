"""Which crops show one vehicle passing: its plate followed through the video between its boxes."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, pairwise
from typing import Any, TypeAlias

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotations import activities
from annotations.models import Box, Crop, Video
from annotations.splits import components
from annotations.vision import child
from annotations.vision.boxes import Xyxy
from annotations.vision.following import MAX_GAP
from annotations.vision.selection import TICK
from lprsite import files
from lprsite.errors import Refused
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE, Job, State

TASK = "link_crops"
PREFIX = "track "  # of a crop's group; other groups are left as they are
WRITE_SECONDS = 30.0  # of the video, between two writes
TURN_SECONDS = 60.0  # on the clock, after which others get the worker
REST = timedelta(minutes=10)  # after linking failed or was stopped, before it begins again

Pair: TypeAlias = tuple[int, int]  # ids of boxes
Stretch: TypeAlias = tuple[float, float]  # seconds: from, before


@dataclass(frozen=True)
class Plate:
    """A box of a plate in the video, in order of time."""

    box: int
    pts: int
    seconds: float
    xyxy: Xyxy
    unlinked: bool
    sha256: str
    """Of its crop, which is another one once the box has moved."""


def unlink(crop: Crop) -> None:
    """The crop is new or shows something else: its vehicle is to be followed again."""
    crop.unlinked = True
    if crop.group.startswith(PREFIX):
        crop.group = ""


def due() -> list[Video]:
    """The videos with crops to link where nobody is at it, nor failed a short while ago."""
    lacking = Crop.objects.filter(unlinked=True, withdrawn=False).values("box__frame__video")
    resting = Q(state__in=(State.FAILED, State.CANCELLED), ended_at__gt=timezone.now() - REST)
    jobs = Job.objects.filter(resting | Q(state__in=ACTIVE), task=TASK)
    busy = [given["video"] for given in jobs.values_list("parameters", flat=True)]
    rows = Video.objects.filter(pk__in=lacking, deleting_at=None, project__deleting_at=None)
    return list(rows.exclude(pk__in=busy).order_by("pk"))


def link(video: Video, running: Running, *, turn: float = TURN_SECONDS) -> dict[str, int]:
    """Give the crops of each vehicle passing a group of their own.

    Goes on where it was stopped; after ``turn`` seconds it stops by itself, and what is left can
    be asked for again. Returns counts: crops linked to others, and how many are left.

    Raises Refused where the video cannot be decoded: then its crops stay as they are.
    """
    work = _Linking(video, _plates(video))
    try:
        work.listen(running, turn)
    except Refused:
        work.give_up()
        raise
    return {"linked": work.linked, "left": work.left()}


def _plates(video: Video) -> list[Plate]:
    rows = Box.objects.present().filter(frame__video=video, crop__withdrawn=False)
    columns = ("pk", "frame__pts", "x1", "y1", "x2", "y2", "crop__unlinked", "crop__sha256")
    return [
        Plate(pk, pts, video.seconds(pts), (x1, y1, x2, y2), unlinked, sha256)
        for pk, pts, x1, y1, x2, y2, unlinked, sha256 in rows.order_by(
            "frame__pts", "pk"
        ).values_list(*columns)
    ]


class _Linking:
    """One turn at the crops of a video."""

    def __init__(self, video: Video, plates: Sequence[Plate]) -> None:
        self._video, self._plates = video, plates
        self._pairs: list[Pair] = []
        self._wanted = [plate for plate in plates if plate.unlinked]
        self._done = 0
        self.linked = 0

    def listen(self, running: Running, turn: float) -> None:
        stretches = stretches_of([p.seconds for p in self._plates], self._seconds_wanted())
        if stretches:
            self._follow(stretches, running, time.monotonic() + turn)
        else:
            self._keep(None)

    def _seconds_wanted(self) -> list[float]:
        return [plate.seconds for plate in self._wanted]

    def _follow(self, stretches: Sequence[Stretch], running: Running, until: float) -> None:
        row, begin = self._video, stretches[0][0]
        boxes: dict[int, list[tuple[int, Xyxy]]] = {}
        for plate in self._plates:
            boxes.setdefault(plate.pts, []).append((plate.box, plate.xyxy))
        limits = child.limits_for(activities.info_of(row))
        messages = child.follow(
            files.local_path(row.file), boxes, stretches, name=row.name, limits=limits
        )
        with closing(messages):
            for message in messages:
                if message.kind == "pairs":
                    self._pairs += [(one, other) for one, other in message.facts["pairs"]]
                    seconds = message.facts["seconds"]
                    if seconds - begin >= WRITE_SECONDS:
                        self._keep(seconds - MAX_GAP)
                        begin = seconds
                        if time.monotonic() >= until:
                            return
                    running.progress(self._done, len(self._wanted), "crops")
                running.check()
        self._keep(None)
        running.progress(self._done, len(self._wanted), "crops")

    def _keep(self, until: float | None) -> None:
        """Write what was found; crops from before ``until`` (None: all) will meet no others.

        A box that moved meanwhile was not followed where it is: its turn comes again.
        """
        done = [p.box for p in self._wanted if until is None or p.seconds <= until]
        settled = done[self._done :]
        with transaction.atomic():
            still = self._still({*settled, *chain.from_iterable(self._pairs)})
            pairs = [pair for pair in self._pairs if still.issuperset(pair)]
            self.linked += _write(self._video, pairs, self._plates)
            Crop.objects.filter(box__in=still.intersection(settled)).update(unlinked=False)
        self._done, self._pairs = len(done), []

    def _still(self, boxes: set[int]) -> set[int]:
        """Those of the boxes whose crops, locked now, show what was followed."""
        rows = Crop.objects.select_for_update().filter(box__in=boxes).order_by("pk")
        followed = {(plate.box, plate.sha256) for plate in self._plates}
        return {
            box for box, sha256 in rows.values_list("box", "sha256") if (box, sha256) in followed
        }

    def left(self) -> int:
        return len(self._wanted) - self._done

    def give_up(self) -> None:
        """Suggestions and times have to do for what could not be followed."""
        Crop.objects.filter(box__frame__video=self._video, unlinked=True).update(unlinked=False)


def stretches_of(seconds: Sequence[float], wanted: Sequence[float]) -> list[Stretch]:
    """Where to follow, (from, before) in seconds, in order and apart from each other.

    ``seconds`` are those of all frames with boxes, rising, ``wanted`` of those to be linked.
    Between two frames further apart than a plate is followed there is nothing to find.
    """
    rising = sorted(set(seconds))
    found: list[Stretch] = []
    for begin, end in pairwise(rising):
        near = bisect_right(wanted, end + MAX_GAP) > bisect_left(wanted, begin - MAX_GAP)
        if end - begin > MAX_GAP or not near:
            continue
        over = end + 2 * TICK  # the last frame too
        if found and found[-1][1] >= begin:
            found[-1] = (found[-1][0], over)
        else:
            found.append((begin, over))
    return found


def _write(video: Video, pairs: Sequence[Pair], plates: Sequence[Plate]) -> int:
    """Give the crops of paired boxes one group, with all that had the group of one of them.

    Returns how many changed theirs.
    """
    rows = _locked(video, box__in={box for pair in pairs for box in pair})
    names = {crop.group for crop in rows.values()} - {""}
    rows |= _locked(video, group__in=names) if names else {}
    mine = [plate for plate in plates if plate.box in rows]
    keys: dict[int, list[Hashable]] = {
        box: [crop.group] if crop.group else [] for box, crop in rows.items()
    }
    for pair in pairs:
        for box in pair:
            keys.setdefault(box, []).append(pair)
    changed: list[Crop] = []
    called: dict[int, str] = {}
    for plate, number in zip(mine, components([keys[plate.box] for plate in mine]), strict=True):
        crop = rows[plate.box]
        name = called.setdefault(number, crop.group or _name(video, plate))
        if crop.group != name:
            crop.group = name
            changed.append(crop)
    Crop.objects.bulk_update(changed, ["group"], batch_size=settings.BULK_ROWS)
    return len(changed)


def _name(video: Video, plate: Plate) -> str:
    """The same whenever it is made, and in no other video the same."""
    x, y = round(plate.xyxy[0]), round(plate.xyxy[1])
    return f"{PREFIX}{video.sha256[:12]} {plate.pts} {x} {y}"


def _locked(video: Video, **which: Any) -> dict[int, Crop]:
    """Crops that may be linked, by their boxes: of a passage they are linked already."""
    rows = Crop.objects.select_for_update().filter(project=video.project_id, **which)
    rows = rows.filter(Q(group="") | Q(group__startswith=PREFIX), box__frame__video=video)
    return {crop.box_id: crop for crop in rows.order_by("pk") if crop.box_id}
