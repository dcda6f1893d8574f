"""Where and when plates were seen: search over the reads of all videos of a project.

Of a video that was read several times, its newest reading that came to its end counts. The text
of a read is what a person confirmed, else what was read; rejected reads are not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from annotations.formats import tables
from annotations.frames import alike
from annotations.models import Project
from annotations.models.passages import PassageStatus
from training import readings, reads
from training.models import Read

LONGEST = 86_400.0  # seconds of a video whose length nobody knows
MOST = 100_000  # lines of an exported table
COLUMNS = (
    "video", "camera", "time", "seconds", "text", "read", "confidence", "review",
)  # fmt: skip


@dataclass(frozen=True)
class Sought:
    """Which reads somebody looks for; what is left out does not matter.

    ``text``: ``?`` is one character, ``*`` any; without either it may stand anywhere. With
    ``near``, one character may be other, missing or too many instead. ``since`` and ``until``
    are times of the recordings, ``confidence`` the least, 0..1.
    """

    text: str = ""
    near: bool = False
    video: int | None = None
    camera: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    confidence: float | None = None


def find(project: Project, sought: Sought) -> QuerySet[Read]:
    """The reads somebody looks for, the newest first."""
    confirmed = When(match__passage__status__in=reads.CONFIRMED, then=F("match__passage__text"))
    rows = (
        Read.objects.filter(run__in=readings.newest(project))
        .exclude(match__passage__status=PassageStatus.REJECTED)
        .annotate(shown=Coalesce(Case(confirmed), F("text"), Value("")))
    )
    if sought.text:
        rows = rows.filter(_reading(sought.text, near=sought.near))
    if sought.video is not None:
        rows = rows.filter(run__video=sought.video)
    if sought.camera is not None:
        rows = rows.filter(run__video__camera=sought.camera)
    if sought.confidence is not None:
        rows = rows.filter(confidence__gte=sought.confidence)
    if sought.since or sought.until:
        rows = rows.filter(_between(project, sought.since, sought.until))
    return rows.order_by("-pk")


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


def _between(project: Project, since: datetime | None, until: datetime | None) -> Q:
    """Reads of videos whose recorded time is known and that were seen in the stretch of time."""
    found = Q(pk__in=[])
    for video in project.videos.filter(recorded_at__isnull=False).select_related("camera"):
        begins = reads.began(video)
        assert begins is not None
        first = (since - begins).total_seconds() if since else float("-inf")
        last = (until - begins).total_seconds() if until else float("inf")
        length = video.original_seconds(video.duration or LONGEST)
        if last < 0 or first > length:
            continue
        here = Q(run__video=video.pk)
        if first > 0 and not video.time_map:  # a condensed video is found as a whole
            here &= Q(last_pts__gte=video.pts(first))
        if last < length and not video.time_map:
            here &= Q(first_pts__lte=video.pts(last))
        found |= here
    return found


def table(rows: QuerySet[Read], *, comma: bool = False) -> str:
    """The reads as CSV; ``comma`` as :func:`tables.table`."""
    return tables.table(COLUMNS, _lines(rows[:MOST]), comma=comma)


def _lines(rows: QuerySet[Read]) -> Iterator[list[str | float]]:
    found: QuerySet[Any] = rows.select_related("run__video__camera", "match__passage")
    for read in found.defer("boxes").iterator(chunk_size=1000):
        video, at, passage = read.run.video, reads.seen_at(read), reads.matched_passage(read)
        yield [
            video.name,
            video.camera.name if video.camera else "",
            at.isoformat(timespec="milliseconds") if at else "",
            round(video.seconds(read.first_pts), 3),
            read.shown,
            read.text,
            round(read.confidence, 4),
            passage.verdict if passage else "",
        ]
