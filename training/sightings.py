"""Where and when plates were seen: search over all videos of a project.

Of a video that was read several times, its newest reading that came to its end counts. The text
of a read is what a person confirmed, else what was read; rejected reads are not found. Vehicles
that this reading missed and a person confirmed are found too. A vehicle at the seam of two pieces
of a camera is found once: in the first, unless its read there was rejected.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from annotations.formats import tables
from annotations.frames import alike
from annotations.models import Crop, Passage, Project, Video
from annotations.models.passages import PassageStatus
from annotations.passages import group_of
from training import lines, readings, reads
from training.models import InferenceRun, Match, Read

LONGEST = 86_400.0  # seconds of a video whose length nobody knows
MOST = 100_000  # lines of an exported table
BY_A_PERSON = "by a person"
TIMES = (
    "recorded_at", "duration", "time_base", "start_pts", "time_map",
    "camera", "camera__clock_offset",
)  # fmt: skip
Stretches = dict[tuple[int | None, int | None], list[int]]  # videos by first and last pts
COLUMNS = (
    "video", "camera", "time", "seconds", "text", "read", "confidence", "review",
)  # fmt: skip


@dataclass(frozen=True)
class Sought:
    """What somebody looks for; what is left out does not matter.

    ``text``: ``?`` is one character, ``*`` any; without either it may stand anywhere. With
    ``near``, one character may be other, missing or too many instead. ``since`` and ``until``
    are times of the recordings, ``confidence`` the least of a read, 0..1.
    """

    text: str = ""
    near: bool = False
    video: int | None = None
    camera: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    confidence: float | None = None


class Place(NamedTuple):
    """Where a sighting stands: the newest video first, in it the latest moment."""

    video: int
    first_pts: int
    read: bool
    key: int


@dataclass(frozen=True)
class Sighting:
    """A vehicle that was read, or one that a person confirmed without a read."""

    place: Place
    video: Video
    run: int | None
    """The reading on whose page it is."""
    text: str
    read: Read | None
    passage: Passage | None

    @property
    def review(self) -> str:
        """What people said, as tables say it."""
        if self.passage is None:
            return ""
        by_a_person = self.read is None and not self.passage.unseen
        return BY_A_PERSON if by_a_person else self.passage.verdict

    @property
    def seconds(self) -> float:
        return round(self.video.seconds(self.place.first_pts), 3)

    @property
    def seen_at(self) -> datetime | None:
        return self.video.time_of(self.place.first_pts)


def find(
    project: Project, sought: Sought, *, after: Place | None = None, most: int = MOST
) -> Iterator[Sighting]:
    """What somebody looks for, at most so many, those that follow a place."""
    newest = readings.newest(project)
    asked = sought.since or sought.until
    stretches = _stretches(project, sought.since, sought.until) if asked else None
    found = (
        _found(_reads(newest, sought), "run__video", sought, stretches, after)[:most],
        _found(_unread(project, newest), "video", sought, stretches, after)[:most],
    )
    sightings = (map(_of_read, found[0].iterator()), map(_of_passage, found[1].iterator()))
    return islice(heapq.merge(*sightings, key=lambda one: one.place, reverse=True), most)


def _reads(newest: QuerySet[InferenceRun], sought: Sought) -> QuerySet[Any]:
    """The reads that count, with the text that does."""
    confirmed = When(match__passage__status__in=reads.CONFIRMED, then=F("match__passage__text"))
    once = Q(continues=None) | Q(continues__match__passage__status=PassageStatus.REJECTED)
    rows = (
        Read.objects.filter(once, run__in=newest)
        .exclude(match__passage__status=PassageStatus.REJECTED)
        .annotate(shown=Coalesce(Case(confirmed), F("text"), Value("")))
    )
    if sought.confidence is not None:
        rows = rows.filter(confidence__gte=sought.confidence)
    return rows.select_related("run__video__camera", "match__passage").defer("boxes")


def _unread(project: Project, newest: QuerySet[InferenceRun]) -> QuerySet[Any]:
    """The confirmed passages that no read that counts is of; their page is of the newest run."""
    met = Match.objects.filter(read__run__in=newest, passage=OuterRef("pk"))
    runs = InferenceRun.objects.filter(video=OuterRef("video")).order_by("-pk").values("pk")
    rows = Passage.objects.filter(~Exists(met), project=project, status__in=reads.CONFIRMED)
    page = Coalesce(Subquery(runs.filter(pk__in=newest)[:1]), Subquery(runs[:1]))
    rows = rows.annotate(shown=F("text"), page=page)
    return rows.select_related("video__camera").defer("key_boxes")


def _found(
    rows: QuerySet[Any],
    video: str,
    sought: Sought,
    stretches: Stretches | None,
    after: Place | None,
) -> QuerySet[Any]:
    """Those that somebody looks for, in order; ``video`` is the way to it from a row."""
    if sought.text:
        rows = rows.filter(_reading(sought.text, near=sought.near))
    if sought.video is not None:
        rows = rows.filter(**{video: sought.video})
    if sought.camera is not None:
        rows = rows.filter(**{f"{video}__camera": sought.camera})
    if stretches is not None:
        rows = rows.filter(_in_stretches(video, stretches))
    if after is not None:
        rows = rows.filter(_after(after, video, read=rows.model is Read))
    return rows.order_by(f"-{video}_id", "-first_pts", "-pk")


def _after(place: Place, video: str, *, read: bool) -> Q:
    """What comes later in the order; of the same moment first the reads, then the passages."""
    here, moment = Q(**{video: place.video}), Q(first_pts=place.first_pts)
    found = Q(**{f"{video}__lt": place.video}) | here & Q(first_pts__lt=place.first_pts)
    if read == place.read:
        return found | here & moment & Q(pk__lt=place.key)
    return found | here & moment if place.read else found


def _of_read(read: Any) -> Sighting:
    place = Place(read.run.video_id, read.first_pts, True, read.pk)
    passage = reads.matched_passage(read)
    return Sighting(place, read.run.video, read.run_id, read.shown, read, passage)


def _of_passage(passage: Any) -> Sighting:
    place = Place(passage.video_id, passage.first_pts, False, passage.pk)
    return Sighting(place, passage.video, passage.page, passage.text, None, passage)


def pictures(found: Sequence[Sighting]) -> dict[Place, str]:
    """The address of the best crop of each sighting that has one, in two queries."""
    of_reads = lines.pictures([one.read.pk for one in found if one.read])
    groups = {group_of(one.place.key): one.place for one in found if not one.read}
    crops = Crop.objects.filter(
        project__in={one.video.project_id for one in found}, group__in=groups
    )
    told = crops.filter(withdrawn=False).order_by("sharpness", "pk")
    return {
        **{
            groups[group]: f"/api/v1/media/crops/{pk}/?v={sha256[:8]}"
            for group, pk, sha256 in told.values_list("group", "pk", "sha256")
        },
        **{
            one.place: of_reads[one.read.pk].address
            for one in found
            if one.read and one.read.pk in of_reads
        },
    }


def _reading(text: str, *, near: bool) -> Q:
    if not near:
        return Q(alike("shown", text))
    found = Q()
    for pattern in nearby(text):
        found |= Q(alike("shown", pattern)) if "?" in pattern else Q(shown=pattern)
    return found


def nearby(text: str) -> list[str]:
    """What a text may be with at most one character other, missing or too many."""
    signs = [sign for sign in text.upper() if sign.isalnum() or sign == "?"][:32]
    found = {"".join(signs)}
    for place in range(len(signs) + 1):
        found.add("".join([*signs[:place], "?", *signs[place:]]))
        if place < len(signs):
            found.add("".join([*signs[:place], "?", *signs[place + 1 :]]))
            found.add("".join([*signs[:place], *signs[place + 1 :]]))
    return sorted(found - {""})


def _stretches(project: Project, since: datetime | None, until: datetime | None) -> Stretches:
    """The videos whose recorded time is known, by what of them lies in the stretch of time.

    Nearly all of a camera's many pieces lie in it whole, and are one list to the database.
    """
    found: Stretches = {}
    known = Video.objects.filter(project=project, recorded_at__isnull=False)
    for video in known.select_related("camera").only(*TIMES):
        begins = video.began
        assert begins is not None
        first = (since - begins).total_seconds() if since else float("-inf")
        last = (until - begins).total_seconds() if until else float("inf")
        length = video.original_seconds(video.duration or LONGEST)
        if last < 0 or first > length:
            continue
        whole = bool(video.time_map)  # a condensed video is found as a whole
        bounds = (
            video.pts(first) if first > 0 and not whole else None,
            video.pts(last) if last < length and not whole else None,
        )
        found.setdefault(bounds, []).append(video.pk)
    return found


def _in_stretches(way: str, stretches: Stretches) -> Q:
    found = Q(pk__in=[])
    for (lowest, highest), videos in stretches.items():
        here = Q(**{f"{way}__in": videos})
        if lowest is not None:
            here &= Q(last_pts__gte=lowest)
        if highest is not None:
            here &= Q(first_pts__lte=highest)
        found |= here
    return found


def table(found: Iterable[Sighting], *, comma: bool = False) -> str:
    """What was found as CSV; ``comma`` as :func:`tables.table`."""
    return tables.table(COLUMNS, map(_line, found), comma=comma)


def _line(one: Sighting) -> list[str | float]:
    return [
        one.video.name,
        one.video.camera.name if one.video.camera else "",
        one.seen_at.isoformat(timespec="milliseconds") if one.seen_at else "",
        one.seconds,
        one.text,
        one.read.text if one.read else "",
        round(one.read.confidence, 4) if one.read else "",
        one.review,
    ]
