"""Match reads with the truth, review them, and score a run.

The truth of a video is its passages and checked spans, never a property of a run: a new run
on the same video is judged on what was already reviewed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, Value, When

from annotations import passages, verdicts
from annotations.errors import PassageChanged, TracksApart
from annotations.lessons import Lesson
from annotations.models import CheckedSpan, Passage, PassageChange, Video
from annotations.models.passages import PassageStatus
from annotations.passages import Deed
from annotations.transcriptions import clean
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


@transaction.atomic
def accept(
    read: Read,
    *,
    text: str | None = None,
    revision: int | None = None,
    by: User | None = None,
    deed: UUID | None = None,
) -> Passage:
    """The read is right, or is corrected by ``text``: a passage, and texts for its crops.

    Raises:
        PassageChanged: somebody decided otherwise since ``revision``, which the reviewer saw
            (0: no decision yet; None: whatever it is).
        Refused: no plate of the project can read so.
    """
    Read.objects.select_for_update().get(pk=read.pk)  # two reviewers, one after the other
    confirmed = read.text if text is None else text
    known = _passage_of(read)
    if known is not None and _confirms(known, confirmed):
        passage = known
    else:
        _expect(known, revision)
        passage = passages.confirm(
            read.run.video,
            **_times(read, known),
            key_boxes=_where(read, known),
            text=confirmed,
            corrected=text is not None and text != read.text,
            known=known,
            revision=known.revision if known else None,
            by=by,
            deed=Deed("accept", deed or uuid4()),
        )
        rescore(read.run.video, *_stretch(read, known))
    _teach(passage, read, by)
    return passage


@transaction.atomic
def reject(
    read: Read,
    *,
    reason: str,
    revision: int | None = None,
    by: User | None = None,
    deed: UUID | None = None,
) -> Passage:
    """The read is of no plate, a double of another, or of a plate nobody can read.

    Raises PassageChanged as :func:`accept`.
    """
    Read.objects.select_for_update().get(pk=read.pk)
    known = _own_passage(read)
    if known is not None and known.reject_reason == reason:
        return known
    if known is not None:
        _expect(known, revision)
    passage = passages.reject(
        read.run.video,
        first_pts=read.first_pts,
        last_pts=read.last_pts,
        key_boxes=read.boxes,
        reason=reason,
        known=known,
        revision=known.revision if known else None,
        by=by,
        deed=Deed("reject", deed or uuid4()),
    )
    rescore(read.run.video, *_stretch(read, known))
    return passage


@transaction.atomic
def correct(
    passage: Passage,
    edit: passages.Edit,
    *,
    revision: int,
    by: User | None = None,
    deed: UUID | None = None,
) -> Passage:
    """Change a passage, what it teaches and what the readings are worth by it."""
    before = (passage.first_pts, passage.last_pts)
    done = Deed("correct", deed or uuid4())
    changed = passages.change(passage, edit, revision=revision, by=by, deed=done)
    first, last = min(before[0], changed.first_pts), max(before[1], changed.last_pts)
    rescore(changed.video, first, last)
    if edit.text is not None:
        _teach_all(changed, by)
    return changed


def _confirms(known: Passage, text: str) -> bool:
    return known.status in CONFIRMED and known.text == clean(text) and not known.unseen


def _where(read: Read, known: Passage | None) -> Sequence[KeyBox]:
    """Where a verdict on the read says that the vehicle passed: a confirmed passage stays there."""
    boxes: Sequence[KeyBox] = read.boxes
    if known is not None and known.status in CONFIRMED:
        boxes = known.key_boxes
    return boxes


def _times(read: Read, known: Passage | None) -> dict[str, int]:
    row = known if known is not None and known.status in CONFIRMED else read
    return {"first_pts": row.first_pts, "last_pts": row.last_pts}


@transaction.atomic
def merge(
    read: Read,
    other: Read | Passage,
    *,
    text: str,
    revision: int | None = None,
    other_revision: int | None = None,
    by: User | None = None,
    deed: UUID | None = None,
) -> Passage:
    """Two tracks are of one vehicle: one passage along both, read as ``text``.

    The other one may also be a vehicle that the run missed and a person saw.

    Raises:
        TracksApart: both are in sight at the same moment in different places.
        PassageChanged, Refused: as :func:`accept`.
    """
    video = read.run.video
    Video.objects.select_for_update().get(pk=video.pk)
    done = Deed("merge", deed or uuid4())
    first = _passage_of(read)
    second = _passage_of(other) if isinstance(other, Read) else other
    if first and second and first.pk == second.pk and _confirms(first, text):
        return first
    _expect(first, revision)
    _expect(second, other_revision)
    there = _where(other, second) if isinstance(other, Read) else other.key_boxes
    keys = [_where(read, first), there]
    both_at_once = max(keys[0][0][0], keys[1][0][0]) <= min(keys[0][-1][0], keys[1][-1][0])
    if both_at_once and overlap(*keys) < MIN_IOU:
        raise TracksApart()
    known = next((row for row in (first, second) if row and row.status in CONFIRMED), None)
    known = known or first or second
    track = verdicts.joined(*keys)
    passage = passages.confirm(
        video,
        first_pts=int(track[0][0]),
        last_pts=int(track[-1][0]),
        key_boxes=track,
        text=text,
        corrected=clean(text) != read.text,
        known=known,
        revision=known.revision if known else None,
        by=by,
        deed=done,
    )
    gone = [row for row in (first, second) if row and row.pk != passage.pk]
    _teach_all(passage, by, among=[row.pk for row in gone])
    for row in {row.pk: row for row in gone}.values():
        passages.delete(row, revision=row.revision, by=by, deed=done)
    rescore(video, *around([read, other, passage, *gone]))
    return passage


@transaction.atomic
def split(
    read: Read,
    at: int,
    *,
    texts: tuple[str, str],
    revision: int | None = None,
    by: User | None = None,
    deed: UUID | None = None,
) -> tuple[Passage, Passage]:
    """A track is of two vehicles, the second from ``at`` (pts) on: two passages.

    Raises:
        SplitAtEdge: nothing of the track lies on one side.
        PassageChanged, Refused: as :func:`accept`.
    """
    video = read.run.video
    Video.objects.select_for_update().get(pk=video.pk)
    done = Deed("split", deed or uuid4())
    known = _own_passage(read)
    _expect(known, revision)
    before, after = verdicts.parted(_where(read, known), at)
    made = [
        passages.confirm(
            video,
            first_pts=int(keys[0][0]),
            last_pts=int(keys[-1][0]),
            key_boxes=keys,
            text=text,
            corrected=clean(text) != read.text,
            known=row,
            revision=row.revision if row else None,
            by=by,
            deed=done,
        )
        for keys, text, row in ((before, texts[0], known), (after, texts[1], None))
    ]
    for passage in made:
        _teach_all(passage, by, among=[row.pk for row in made])
    rescore(video, *around([read, *made]))
    return made[0], made[1]


@transaction.atomic
def undo(video: Video, key: UUID, *, by: User | None = None, deed: UUID | None = None) -> None:
    """Take back what was done in one step, with what it taught and how readings count.

    Raises:
        NothingToUndo: it was not done.
        PassageChanged: somebody decided otherwise since.
    """
    changes = verdicts.undo(video, key, by=by, deed=Deed("undo", deed or uuid4()))
    touched = [change.passage for change in changes]
    if not changes:
        return
    rows = Passage.objects.filter(pk__in=touched).select_related("video__project")
    for row in rows:  # one or two
        if row.status in CONFIRMED and not row.unseen:
            _teach_all(row, row.reviewer, among=touched)
        else:
            passages.forget(row)
    rescore(video, *around(changes))


def around(rows: Sequence[Read | Passage | PassageChange]) -> Span:
    """The first and the last moment that these touch."""
    return min(row.first_pts for row in rows), max(row.last_pts for row in rows)


def _expect(known: Passage | None, revision: int | None) -> None:
    if revision not in (None, known.revision if known else 0):
        raise PassageChanged(current=known and passages.described(known))


def _stretch(read: Read, known: Passage | None) -> Span:
    """The moments that a verdict on the read touches."""
    if known is None:
        return read.first_pts, read.last_pts
    return min(read.first_pts, known.first_pts), max(read.last_pts, known.last_pts)


def _teach(passage: Passage, read: Read, by: User | None) -> int:
    kept = [
        passages.KeptCrop(
            crop.file, crop.sha256, crop.width, crop.height, crop.sharpness, crop.text
        )
        for crop in read.crops.all()
        if passage.first_pts <= crop.pts <= passage.last_pts
    ]
    return passages.teach(passage, kept, by=by)


def _agreeing(passage: Passage) -> list[Read]:
    """The reads of all runs that saw the passage, or a part of it."""
    rows = Read.objects.filter(
        run__video=passage.video_id,
        first_pts__lte=passage.last_pts,
        last_pts__gte=passage.first_pts,
    )
    found = rows.select_related("run__video").prefetch_related("crops")
    return [read for read in found if overlap(read.boxes, passage.key_boxes) >= MIN_IOU]


def _teach_all(passage: Passage, by: User | None, *, among: Sequence[int] = ()) -> None:
    """Every read that saw the passage teaches its text; what those ``among`` taught is its own."""
    seen = _agreeing(passage)
    shown = {crop.sha256: crop.pts for read in seen for crop in read.crops.all()}
    within = [s for s, at in shown.items() if passage.first_pts <= at <= passage.last_pts]
    verdicts.hand_over(passage, within, among=among)
    for read in seen:
        _teach(passage, read, by)


def lessons_of(run: InferenceRun) -> list[Lesson]:
    """Where the plates of the run's reviewed reads are, at the moments of their kept crops.

    Other reviewed plates on the same pictures are there too, and vehicles that it missed.
    """
    confirmed = {
        "match__passage__status__in": CONFIRMED,
        "match__outcome__in": ("right", "wrong"),
        "match__passage__unseen": False,
    }
    rows = run.reads.filter(**confirmed).select_related("match").prefetch_related("crops")
    found: dict[tuple[int, int], Lesson] = {}
    keys: list[tuple[int, KeyBox]] = []
    for read in rows:
        passage = read.match.passage_id or 0
        keys += [(passage, key) for key in read.boxes]
        for crop in read.crops.all():
            box = (crop.box[0], crop.box[1], crop.box[2], crop.box[3])
            found[passage, crop.pts] = Lesson(passage, crop.pts, box, crop.sha256)
    met = Match.objects.filter(read__run=run, passage__isnull=False).values("passage")
    known = Passage.objects.filter(video=run.video_id, status__in=CONFIRMED, unseen=False)
    missed = known.exclude(pk__in=met)
    for row in missed:
        keys += [(row.pk, key) for key in row.key_boxes]
        found |= {
            (row.pk, int(key[0])): Lesson(row.pk, int(key[0]), (key[1], key[2], key[3], key[4]))
            for key in row.key_boxes
        }
    moments = {pts for _, pts in found}
    for passage, key in keys:
        place = passage, int(key[0])
        if place[1] in moments and place not in found:
            found[place] = Lesson(*place, (key[1], key[2], key[3], key[4]))
    return list(found.values())


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


def matched_passage(read: Read) -> Passage | None:
    """The passage that was matched with the read, where its match was fetched along."""
    match = getattr(read, "match", None)
    return match.passage if match else None


def began(video: Video) -> datetime | None:
    """When the recording began, by the right clock; None where nobody knows."""
    if video.recorded_at is None:
        return None
    off = video.camera.clock_offset if video.camera else 0.0
    return video.recorded_at + timedelta(seconds=off)


def seen_at(read: Read) -> datetime | None:
    """When the plate was first seen, by the right clock; None where nobody knows."""
    return time_of(read.run.video, read.first_pts)


def time_of(video: Video, pts: int) -> datetime | None:
    """When this moment of a recording was, by the right clock; None where nobody knows."""
    begins = began(video)
    if begins is None:
        return None
    return begins + timedelta(seconds=video.original_seconds(video.seconds(pts)))


def as_row(read: Read) -> dict[str, Any]:
    """A read as a line of the table: times in seconds of the video, and by the right clock."""
    video = read.run.video
    passage = matched_passage(read)
    return {
        "track": read.number,
        "first_seconds": round(video.seconds(read.first_pts), 3),
        "last_seconds": round(video.seconds(read.last_pts), 3),
        "text": read.text,
        "confidence": round(read.confidence, 4),
        "votes": read.votes,
        "review": passage.verdict if passage else "",
        "confirmed": passage.text if passage else "",
        "direction": read.direction,
        "time": at.isoformat(timespec="milliseconds") if (at := seen_at(read)) else "",
        "characters": " ".join(f"{share:.2f}" for share in read.characters),
    }
