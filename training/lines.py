"""The reads of a run as a reviewer's page lists them, and what changed since it last looked.

A line leaves out what only the read on screen needs: boxes, crops, alternatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from annotations.models import Passage, PassageChange
from lprsite.jobs.models import ACTIVE
from training import reads, sure
from training.models import DetectionChunk, InferenceRun, Match, Read, ReadCrop

MOST = 1000  # changes, or reads, that are told; after more the page loads the whole list
STRETCHES = 50  # asked for one by one; more become one

COLUMNS = (
    "id", "number", "first_pts", "last_pts", "text", "confidence", "characters", "votes",
    "direction",
    "match__outcome", "match__passage", "match__passage__status", "match__passage__text",
    "match__passage__reject_reason", "match__passage__revision", "match__passage__unseen",
)  # fmt: skip


def last_change(run: InferenceRun) -> int:
    """The number of the newest change to the truth of the run's video; 0 before the first."""
    newest = PassageChange.objects.filter(video=run.video_id).order_by("-id")
    return newest.values_list("id", flat=True).first() or 0


def missed_by(run: int) -> QuerySet[Passage]:
    """The confirmed passages of its video that the run did not read.

    A reading at work has missed only what it has come past.
    """
    met = Match.objects.filter(read__run=run, passage=OuterRef("pk"))
    confirmed = Passage.objects.filter(status__in=reads.CONFIRMED)
    missed = confirmed.filter(~Exists(met), video__inference_runs=run)
    if InferenceRun.objects.filter(pk=run, job__state__in=ACTIVE).exists():
        chunks = DetectionChunk.objects.filter(run=run)
        reached = chunks.aggregate(reached=Max("last_pts"))["reached"]
        missed = missed.filter(last_pts__lte=reached) if reached is not None else missed.none()
    return missed


def lines(run: InferenceRun, rows: QuerySet[Read] | Sequence[Read]) -> list[dict[str, Any]]:
    """The lines of these reads of the run, in two queries; times in seconds."""
    keys = [row.pk for row in rows]
    found = Read.objects.filter(pk__in=keys).order_by("first_pts", "id").values(*COLUMNS)
    shown = pictures(keys)
    return [_line(run, row, shown.get(row["id"])) for row in found]


class Picture(NamedTuple):
    """The crop that stands for a read."""

    pts: int
    address: str


def pictures(reads: Iterable[int]) -> dict[int, Picture]:
    """Of each read its surest crop, of equals the widest, where it has one."""
    crops = ReadCrop.objects.filter(read__in=list(reads)).order_by("confidence", "width", "pk")
    return {
        read: Picture(pts, f"/api/v1/media/read-crops/{pk}/?v={sha256[:8]}")
        for read, pk, sha256, pts in crops.values_list("read", "pk", "sha256", "pts")
    }


def _line(run: InferenceRun, row: dict[str, Any], picture: Picture | None) -> dict[str, Any]:
    video = run.video
    passage = row["match__passage"] and {
        "id": row["match__passage"],
        "status": row["match__passage__status"],
        "text": row["match__passage__text"],
        "reject_reason": row["match__passage__reject_reason"],
        "revision": row["match__passage__revision"],
        "unseen": row["match__passage__unseen"],
    }
    return {
        **{name: row[name] for name in ("id", "number", "text", "votes", "direction")},
        "seen_at": video.time_of(row["first_pts"]),
        "first_seconds": round(video.seconds(row["first_pts"]), 3),
        "last_seconds": round(video.seconds(row["last_pts"]), 3),
        "confidence": round(row["confidence"], 4),
        "characters": [round(sure_, 3) for sure_ in row["characters"]],
        "outcome": row["match__outcome"] or "",
        "sampled": sure.sampled(run.pk, row["number"]),
        "picture": picture and picture.address,
        "best_seconds": round(video.seconds(picture.pts), 3) if picture else None,
        "passage": passage,
    }


def since(run: InferenceRun, change: int, *, after: int | None = None) -> dict[str, Any]:
    """The lines and missed vehicles of every stretch whose truth changed after ``change``.

    With ``after`` also the lines of the reads that were made after the one of that number.
    """
    rows = PassageChange.objects.filter(video=run.video_id, id__gt=change).order_by("id")
    news = list(rows.values_list("id", "first_pts", "last_pts")[: MOST + 1])
    made = run.reads.none() if after is None else run.reads.filter(number__gt=after)
    fresh = made.values_list("first_pts", "last_pts")[: MOST + 1]
    spans = _merged([*((first, last) for _, first, last in news), *fresh])
    if len(spans) > STRETCHES:
        spans = [(spans[0][0], max(last for _, last in spans))]
    near = Q(pk__in=[])
    for first, last in spans:
        near |= Q(first_pts__lte=last, last_pts__gte=first)
    touched = list(run.reads.filter(near).only("run", "first_pts")[: MOST + 1])
    if len(news) > MOST or len(touched) > MOST:
        return {"last": last_change(run), "all": True, "lines": [], "missed": [], "stretches": []}
    missed = missed_by(run.pk).filter(near).select_related("video__project", "reviewer")
    return {
        "last": news[-1][0] if news else change,
        "all": False,
        "lines": lines(run, touched),
        "missed": list(missed) if spans else [],
        "stretches": [[round(run.video.seconds(pts), 3) for pts in span] for span in spans],
    }


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
