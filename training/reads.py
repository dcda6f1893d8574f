"""Match reads with the truth, review them, and score a run.

The truth of a video is its passages and checked spans, never a property of a run: a new run
on the same video is judged on what was already reviewed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotations import passages
from annotations.models import CheckedSpan, Passage
from annotations.models.passages import PassageStatus
from annotations.vision import boxes as geometry
from training.models import InferenceRun, Match, Read

MIN_IOU = 0.3
DUPLICATE = "duplicate"
CONFIRMED = (PassageStatus.ACCEPTED, PassageStatus.CORRECTED)

KeyBox = Sequence[float]  # pts, x1, y1, x2, y2


def overlap(first: Sequence[KeyBox], second: Sequence[KeyBox]) -> float:
    """How well two lists of key boxes agree, 0..1: the best IoU at a common moment.

    Between key boxes a box is interpolated; without a common moment it is 0.
    """
    start = max(first[0][0], second[0][0]) if first and second else 1.0
    end = min(first[-1][0], second[-1][0]) if first and second else 0.0
    if start > end:
        return 0.0
    moments = {start, end} | {key[0] for key in (*first, *second) if start <= key[0] <= end}
    mine = [_at(first, moment) for moment in sorted(moments)]
    theirs = [_at(second, moment) for moment in sorted(moments)]
    return max(float(geometry.iou([a], [b])[0, 0]) for a, b in zip(mine, theirs, strict=True))


def _at(keys: Sequence[KeyBox], moment: float) -> tuple[float, float, float, float]:
    after = next((i for i, key in enumerate(keys) if key[0] >= moment), len(keys) - 1)
    b = keys[after]
    a = keys[max(after - 1, 0)]
    share = (moment - a[0]) / (b[0] - a[0]) if b[0] > a[0] else 1.0
    x1, y1, x2, y2 = (a[i] + (b[i] - a[i]) * share for i in (1, 2, 3, 4))
    return x1, y1, x2, y2


def match_run(run: InferenceRun) -> dict[str, int]:
    """Compare all reads of a run with the passages of its video; returns counts by outcome.

    Pairs are taken in order of agreement, confirmed passages first, each for one read; a
    second read of the same passage is "double". A read without a passage is "false" only
    inside a checked span.
    """
    truth = list(Passage.objects.filter(video=run.video_id).exclude(status=PassageStatus.NEW))
    spans = list(CheckedSpan.objects.filter(video=run.video_id))
    reads = list(run.reads.all())
    pairs = sorted(
        (
            (overlap(read.boxes, passage.key_boxes), read, passage)
            for read in reads
            for passage in truth
            if read.first_pts <= passage.last_pts and passage.first_pts <= read.last_pts
        ),
        key=lambda pair: (
            pair[2].status == PassageStatus.REJECTED,
            -pair[0],
            pair[1].number,
            pair[2].pk,
        ),
    )
    found: dict[int, Match] = {}
    taken: set[int] = set()
    for agreement, read, passage in pairs:
        if agreement < MIN_IOU or read.pk in found:
            continue
        found[read.pk] = Match(read=read, passage=passage, outcome=_outcome(read, passage, taken))
        taken.add(passage.pk)
    for read in reads:
        if read.pk not in found and any(_inside(read, span) for span in spans):
            found[read.pk] = Match(read=read, outcome="false")
    with transaction.atomic():
        Match.objects.filter(read__run=run).delete()
        Match.objects.bulk_create(found.values(), batch_size=200)
    return score(run)


def _outcome(read: Read, passage: Passage, taken: set[int]) -> str:
    if passage.status == PassageStatus.REJECTED:
        return "double" if passage.reject_reason == DUPLICATE else "false"
    if passage.pk in taken:
        return "double"
    return "right" if read.text == passage.text else "wrong"


def _inside(read: Read, span: CheckedSpan) -> bool:
    return span.first_pts <= read.first_pts and read.last_pts <= span.last_pts


def score(run: InferenceRun) -> dict[str, int]:
    """Reads by outcome, those not reviewed yet, and passages of checked spans that were missed."""
    outcomes = list(Match.objects.filter(read__run=run).values_list("outcome", "passage_id"))
    counts = dict.fromkeys(("right", "wrong", "false", "double"), 0)
    for outcome, _ in outcomes:
        counts[outcome] += 1
    seen = {passage for _, passage in outcomes}
    confirmed = Passage.objects.filter(video=run.video_id, status__in=CONFIRMED)
    spans = list(CheckedSpan.objects.filter(video=run.video_id))
    missed = sum(
        passage.pk not in seen
        and any(s.first_pts <= passage.first_pts and passage.last_pts <= s.last_pts for s in spans)
        for passage in confirmed
    )
    reads = run.reads.count()
    return {**counts, "missed": missed, "reads": reads, "open": reads - len(outcomes)}


@transaction.atomic
def accept(read: Read, *, text: str | None = None, by: User | None = None) -> Passage:
    """The read is right, or is corrected by ``text``: a passage, and texts for its crops.

    Raises the refusals of a text (TextForeign, TextEmpty, ...).
    """
    confirmed = read.text if text is None else text
    passage = passages.confirm(
        read.run.video,
        first_pts=read.first_pts,
        last_pts=read.last_pts,
        key_boxes=read.boxes,
        text=confirmed,
        corrected=text is not None and text != read.text,
        known=_passage_of(read),
        by=by,
    )
    passages.teach(
        passage,
        [
            passages.KeptCrop(
                crop.file, crop.sha256, crop.width, crop.height, crop.sharpness, crop.text
            )
            for crop in read.crops.all()
        ],
        by=by,
    )
    outcome = "right" if read.text == passage.text else "wrong"
    Match.objects.update_or_create(read=read, defaults={"passage": passage, "outcome": outcome})
    return passage


@transaction.atomic
def reject(read: Read, *, reason: str, by: User | None = None) -> Passage:
    """The read is of no plate, a double of another, or of a plate nobody can read."""
    passage = passages.reject(
        read.run.video,
        first_pts=read.first_pts,
        last_pts=read.last_pts,
        key_boxes=read.boxes,
        reason=reason,
        known=_own_passage(read),
        by=by,
    )
    outcome = "double" if reason == DUPLICATE else "false"
    Match.objects.update_or_create(read=read, defaults={"passage": passage, "outcome": outcome})
    return passage


def _passage_of(read: Read) -> Passage | None:
    match = Match.objects.filter(read=read).select_related("passage").first()
    return match.passage if match else None


def _own_passage(read: Read) -> Passage | None:
    """The passage that a verdict on this read may take back.

    A double's passage is the truth that another read found: rejecting the double must not
    touch it.
    """
    passage = _passage_of(read)
    double = Match.objects.filter(read=read, outcome="double").exists()
    confirmed = passage is not None and passage.status != PassageStatus.REJECTED
    return None if double and confirmed else passage


def as_row(read: Read) -> dict[str, Any]:
    """A read as a line of the CSV: times in seconds of the video."""
    video = read.run.video
    match = getattr(read, "match", None)
    passage = match.passage if match else None
    return {
        "track": read.number,
        "first_seconds": round(video.seconds(read.first_pts), 3),
        "last_seconds": round(video.seconds(read.last_pts), 3),
        "text": read.text,
        "confidence": round(read.confidence, 4),
        "votes": read.votes,
        "review": passage.status if passage else "",
        "confirmed": passage.text if passage else "",
    }
