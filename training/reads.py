"""Match reads with the truth, and score a run.

The truth of a video is its passages and checked spans, never a property of a run: a new run
on the same video is judged on what was already reviewed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, Value, When

from annotations.models import CheckedSpan, Passage, Video
from annotations.models.passages import PassageStatus
from annotations.vision import boxes as geometry
from annotations.vision.boxes import Xyxy
from lprsite.jobs import progress
from training.models import InferenceRun, Match, Read

MIN_IOU = 0.3
DUPLICATE = "duplicate"
CONFIRMED = (PassageStatus.ACCEPTED, PassageStatus.CORRECTED)

OUTCOMES = ("right", "wrong", "false", "double")

KeyBox = Sequence[float]  # pts, x1, y1, x2, y2
Span = tuple[int, int]  # first and last pts


def overlap(first: Sequence[KeyBox], second: Sequence[KeyBox]) -> float:
    """How well two lists of key boxes agree, 0..1: the best IoU at a common moment.

    Between key boxes a box is interpolated; without a common moment it is 0.
    """
    start = max(first[0][0], second[0][0]) if first and second else 1.0
    end = min(first[-1][0], second[-1][0]) if first and second else 0.0
    if start > end:
        return 0.0
    moments = sorted({start, end, *_within(first, start, end), *_within(second, start, end)})
    return float(geometry.iou_each(_at(first, moments), _at(second, moments)).max())


def _within(keys: Sequence[KeyBox], start: float, end: float) -> list[float]:
    return [key[0] for key in keys if start <= key[0] <= end]


def _at(keys: Sequence[KeyBox], moments: Sequence[float]) -> np.ndarray:
    """The boxes (N, 4) at N moments, interpolated between the key boxes."""
    known = np.asarray(keys, np.float64)  # (K, 5)
    return np.stack([np.interp(moments, known[:, 0], known[:, i]) for i in (1, 2, 3, 4)], axis=1)


def match_run(run: InferenceRun) -> dict[str, int]:
    """Compare all reads of a run with the passages of its video; returns counts by outcome."""
    match(run)
    return score(run)


def rescore(video: Video, first_pts: int | None = None, last_pts: int | None = None) -> None:
    """The truth of the video changed between two moments: match all its readings anew there."""
    within = None if first_pts is None or last_pts is None else (first_pts, last_pts)
    for run in InferenceRun.objects.filter(video=video).order_by("pk"):
        match(run, within)
    transaction.on_commit(lambda: progress.review_changed(video.project_id, video.pk))


@transaction.atomic
def match(run: InferenceRun, within: Span | None = None) -> None:
    """Compare the reads of a run with the passages, in a stretch of the video or everywhere.

    A rejected passage that is of this very read is its verdict. The other pairs are taken in
    order of agreement, confirmed passages first, equals by their text, each for one read; a
    second read of the same passage is "double". A read without a passage is "false" only inside
    a checked span.
    """
    InferenceRun.objects.select_for_update().get(pk=run.pk)  # one at a time
    rows, pairs = _touched(run, within)
    found = _paired(pairs)
    spans = list(CheckedSpan.objects.filter(video=run.video_id))
    for read in rows:
        if read.pk not in found and any(_inside(read, span) for span in spans):
            found[read.pk] = Match(read=read, outcome="false")
    of_these = {"read__in": [read.pk for read in rows]} if within else {"read__run": run}
    known = {row.read_id: row for row in Match.objects.filter(**of_these)}
    _replace(known, found)


@dataclass(frozen=True)
class Pair:
    """A read and a passage that agree, 0..1."""

    read: Read
    passage: Passage
    agreement: float


def _touched(run: InferenceRun, within: Span | None) -> tuple[list[Read], list[Pair]]:
    """The reads of a stretch, grown by what hangs together with them; their pairs.

    A read hangs together with the passages it agrees with, and these with their other reads.
    What is only in sight at the same time does not matter: on a busy road that is everything.
    """
    reads: QuerySet[Read] = run.reads.order_by("first_pts", "number")
    truth = Passage.objects.filter(video=run.video_id).exclude(status=PassageStatus.NEW)
    if within is None:
        rows = list(reads)
        return rows, _agreeing_pairs(rows, list(truth))
    first, last = within
    while True:
        near = {"first_pts__lte": last, "last_pts__gte": first}
        rows = list(reads.filter(**near))
        passages_ = list(truth.filter(**near))
        pairs = _agreeing_pairs(rows, passages_)
        kept = _connected(rows, passages_, pairs, within)
        start = min([first, *(row.first_pts for row in kept)])
        end = max([last, *(row.last_pts for row in kept)])
        if (start, end) == (first, last):
            held = {row.pk for row in kept if isinstance(row, Read)}
            return (
                [row for row in rows if row.pk in held],
                [pair for pair in pairs if pair.read.pk in held],
            )
        first, last = start, end


def _connected(
    reads: Sequence[Read], truth: Sequence[Passage], pairs: Sequence[Pair], within: Span
) -> list[Read | Passage]:
    """What overlaps the stretch, and everything that pairs connect it with."""
    rows: dict[tuple[str, int], Read | Passage] = {
        **{("read", row.pk): row for row in reads},
        **{("passage", row.pk): row for row in truth},
    }
    beside: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for pair in pairs:
        one, other = ("read", pair.read.pk), ("passage", pair.passage.pk)
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    first, last = within
    kept = [name for name, row in rows.items() if row.first_pts <= last and row.last_pts >= first]
    known = set(kept)
    for name in kept:  # grows while it is walked
        fresh = [other for other in beside.get(name, ()) if other not in known]
        known.update(fresh)
        kept += fresh
    return [rows[name] for name in kept]


def _agreeing_pairs(reads: Sequence[Read], truth: Sequence[Passage]) -> list[Pair]:
    """The pairs that agree; ``reads`` are in the order of their first pts."""
    starts = [read.first_pts for read in reads]
    longest = max((read.last_pts - read.first_pts for read in reads), default=0)
    reach = [_reach(read.boxes) for read in reads]
    pairs: list[Pair] = []
    for passage in truth:
        begin = bisect_left(starts, passage.first_pts - longest)
        end = bisect_right(starts, passage.last_pts)
        here = _reach(passage.key_boxes)
        for read, there in zip(reads[begin:end], reach[begin:end], strict=True):
            if not _meet(here, there):  # quick, and true of most
                continue
            agreement = overlap(read.boxes, passage.key_boxes)
            if agreement >= MIN_IOU:
                pairs.append(Pair(read, passage, agreement))
    return pairs


def _reach(keys: Sequence[KeyBox]) -> Xyxy:
    """The smallest box around all key boxes."""
    if not keys:
        return (0.0, 0.0, 0.0, 0.0)
    _, x1, y1, x2, y2 = zip(*keys, strict=True)
    return min(x1), min(y1), max(x2), max(y2)


def _meet(first: Xyxy, second: Xyxy) -> bool:
    across = first[0] < second[2] and second[0] < first[2]
    return across and first[1] < second[3] and second[1] < first[3]


def _paired(pairs: Sequence[Pair]) -> dict[int, Match]:
    """The matches by read."""
    found: dict[int, Match] = {}
    taken: set[int] = set()
    for pair in sorted(pairs, key=_rank):
        read, passage = pair.read, pair.passage
        if read.pk not in found:
            outcome = _outcome(read, passage, taken)
            found[read.pk] = Match(read=read, passage=passage, outcome=outcome)
            taken.add(passage.pk)
    return found


def _rank(pair: Pair) -> tuple[bool, bool, float, bool, int, int]:
    read, passage = pair.read, pair.passage
    rejected = passage.status == PassageStatus.REJECTED
    own = rejected and passage.key_boxes == read.boxes
    same = read.text == passage.text
    return not own, rejected, -round(pair.agreement, 3), not same, read.number, passage.pk


def _replace(known: Mapping[int, Match], found: Mapping[int, Match]) -> None:
    """Write only the matches that are not as they were."""

    def facts(row: Match | None) -> tuple[int | None, str] | None:
        return (row.passage_id, row.outcome) if row else None

    stale = [row.pk for read, row in known.items() if facts(found.get(read)) != facts(row)]
    fresh = [row for read, row in found.items() if facts(known.get(read)) != facts(row)]
    Match.objects.filter(pk__in=stale).delete()
    Match.objects.bulk_create(fresh, batch_size=settings.BULK_ROWS)


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
    return scores([run])[run.pk]


def scores(runs: Sequence[InferenceRun]) -> dict[int, dict[str, int]]:
    """As :func:`score` for each run, by its id, in four queries however many they are.

    Reads that were accepted unseen say nothing about the run: they are counted apart.
    """
    ids = [run.pk for run in runs]
    outcome = Case(When(passage__unseen=True, then=Value("unseen")), default=F("outcome"))
    outcomes = Match.objects.filter(read__run__in=ids).annotate(said=outcome)
    grouped = outcomes.values_list("read__run", "said").annotate(n=Count("pk"))
    counted = {(run, name): n for run, name, n in grouped}
    reads = dict(Read.objects.filter(run__in=ids).values_list("run").annotate(Count("pk")))
    span = CheckedSpan.objects.filter(
        video=OuterRef("video"),
        first_pts__lte=OuterRef("first_pts"),
        last_pts__gte=OuterRef("last_pts"),
    )
    due = Passage.objects.filter(Exists(span), status__in=CONFIRMED, unseen=False).order_by()
    wanted = due.filter(video__in={run.video_id for run in runs}).values_list("video")
    per_video = dict(wanted.annotate(Count("pk")))
    met = due.filter(matches__read__run__in=ids).values_list("matches__read__run")
    per_run = dict(met.annotate(Count("pk", distinct=True)))
    found: dict[int, dict[str, int]] = {}
    for run in runs:
        counts = {name: counted.get((run.pk, name), 0) for name in (*OUTCOMES, "unseen")}
        missed = per_video.get(run.video_id, 0) - per_run.get(run.pk, 0)
        of_run = reads.get(run.pk, 0)
        still_open = of_run - sum(counts.values())
        found[run.pk] = {**counts, "missed": missed, "reads": of_run, "open": still_open}
    return found


def matched_passage(read: Read) -> Passage | None:
    """The passage that was matched with the read, where its match was fetched along."""
    match = getattr(read, "match", None)
    return match.passage if match else None
