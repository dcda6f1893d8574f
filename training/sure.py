"""Accept the surest reads of a run unseen, with an honest bound of the errors this lets through.

A tenth of the reads, drawn by a hash, is always reviewed. The others of at least a threshold of
confidence may be accepted once the tenth's are reviewed: what was wrong among those says how much
may be wrong among these. The reads that people look at first, the doubtful ones, say nothing here.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from annotations import passages, verdicts
from annotations.errors import ThresholdUnknown, TooFewSampled
from annotations.models import Passage, PassageChange, Video
from annotations.models.passages import PassageStatus
from annotations.passages import Deed
from annotations.verdicts import BULK
from lprsite.jobs.engine import Running
from training import bounds, reads, reviews
from training.models import InferenceRun

THRESHOLDS = (0.8, 0.9, 0.95, 0.99)
LEAST = 20  # reviewed reads of the tenth; without an error they say "at most a fifth wrong"
CHUNK = 100  # reads accepted in one step, for which others wait
CERTAINTY = 0.95  # that all the bounds hold, whichever threshold is chosen


def sampled(run: int, number: int) -> bool:
    """Whether the read is of the tenth that is always reviewed; the same whenever asked."""
    drawn = hashlib.sha256(f"run {run} read {number}".encode()).digest()
    return int.from_bytes(drawn[:4]) % 10 == 0


@dataclass(frozen=True)
class Offer:
    """What accepting all reads of at least this confidence would mean."""

    threshold: float
    sample: int
    """Reads of the tenth of at least this confidence."""
    reviewed: int
    wrong: int
    open: int
    """Reads outside the tenth that wait: they would be accepted."""
    rest: int
    """All reads outside the tenth of at least this confidence."""

    @property
    def ready(self) -> bool:
        """Whether enough of the tenth was reviewed: all of it, and not too few."""
        return self.reviewed == self.sample and self.sample >= LEAST

    @property
    def at_most(self) -> int:
        """How many of the accepted reads may be wrong, with the certainty above.

        The upper Clopper-Pearson bound of the share (which is careful where the sample is
        drawn from few), times all reads of this confidence, less the errors found; the level
        is shared among the thresholds, because a person picks one after seeing them all.
        """
        level = 1 - (1 - CERTAINTY) / len(THRESHOLDS)
        share = bounds.upper(self.wrong, self.reviewed, level) if self.reviewed else 1.0
        among = math.floor(share * (self.sample + self.rest)) - self.wrong
        return max(0, min(self.open, among))


@dataclass(frozen=True)
class _Row:
    pk: int
    number: int
    confidence: float
    text: str
    outcome: str
    unseen: bool


def offers(run: InferenceRun) -> list[Offer]:
    """One for each threshold, in one query."""
    return [_offer(run, rows, threshold) for rows in [list(_rows(run))] for threshold in THRESHOLDS]


def _rows(run: InferenceRun) -> Iterator[_Row]:
    rows = run.reads.order_by("first_pts", "number").filter(confidence__gte=THRESHOLDS[0])
    told = rows.exclude(text="").values_list(
        "pk", "number", "confidence", "text", "match__outcome", "match__passage__unseen"
    )
    for pk, number, confidence, text, outcome, unseen in told:
        yield _Row(pk, number, confidence, text, outcome or "", bool(unseen))


def _offer(run: InferenceRun, rows: list[_Row], threshold: float) -> Offer:
    surest = [row for row in rows if row.confidence >= threshold]
    tenth = [row for row in surest if sampled(run.pk, row.number)]
    seen = [row for row in tenth if row.outcome and not row.unseen]
    return Offer(
        threshold=threshold,
        sample=len(tenth),
        reviewed=len(seen),
        wrong=sum(row.outcome != "right" for row in seen),
        open=sum(not row.outcome for row in surest) - sum(not row.outcome for row in tenth),
        rest=len(surest) - len(tenth),
    )


def check(run: InferenceRun, threshold: float) -> None:
    """Whether the surest reads may be accepted unseen from this confidence on.

    Raises:
        ThresholdUnknown: it is none of ``THRESHOLDS``.
        TooFewSampled: not all of the tenth is reviewed, or it is too small.
    """
    if threshold not in THRESHOLDS:
        raise ThresholdUnknown(known=", ".join(f"{one:g}" for one in THRESHOLDS))
    offer = _offer(run, list(_rows(run)), threshold)
    if not offer.ready:
        raise TooFewSampled(reviewed=offer.reviewed, sample=offer.sample, least=LEAST)


def accept(
    run: InferenceRun,
    threshold: float,
    running: Running,
    *,
    by: User | None = None,
    deed: UUID,
) -> int:
    """Accept unseen all waiting reads outside the tenth of at least this confidence.

    They count as truth for searches, not for figures, and teach nothing. Broken off and begun
    again it goes on; returns how many it is by this ``deed``. Raises as :func:`check`.
    """
    check(run, threshold)
    waiting = _waiting(run, threshold)
    for at in range(0, len(waiting), CHUNK):
        running.progress(at, len(waiting), "reads")
        _accept(run, waiting[at : at + CHUNK], by, deed)
    return PassageChange.objects.filter(video=run.video_id, deed=deed).count()


def undo(
    run: InferenceRun, key: UUID, running: Running, *, by: User | None = None, deed: UUID
) -> int:
    """Take back what was accepted unseen in one step, but what somebody decided about since.

    Broken off and begun again it goes on; returns how many it is by this ``deed``.
    """
    standing = list(verdicts.standing(run.video, key).values_list("pk", flat=True))
    for at in range(0, len(standing), CHUNK):
        running.progress(at, len(standing), "reads")
        _undo(run.video, standing[at : at + CHUNK], by, deed)
    return PassageChange.objects.filter(video=run.video_id, deed=deed).count()


@transaction.atomic
def _undo(video: Video, keys: list[int], by: User | None, deed: UUID) -> None:
    gone = verdicts.undo_part(video, keys, by=by, deed=Deed("undo", deed))
    if gone:
        reads.rescore(video, *reviews.around(gone))


def _waiting(run: InferenceRun, threshold: float) -> list[int]:
    open_ = run.reads.filter(match__isnull=True, confidence__gte=threshold).exclude(text="")
    rows = open_.order_by("first_pts", "number").values_list("pk", "number")
    return [pk for pk, number in rows if not sampled(run.pk, number)]


@transaction.atomic
def _accept(run: InferenceRun, keys: list[int], by: User | None, deed: UUID) -> None:
    video = Video.objects.select_for_update().get(pk=run.video_id)
    waiting = list(run.reads.filter(pk__in=keys, match__isnull=True))
    if not waiting:
        return
    made = Passage.objects.bulk_create(
        [
            Passage(
                project_id=run.project_id,
                video=video,
                first_pts=read.first_pts,
                last_pts=read.last_pts,
                key_boxes=read.boxes,
                text=read.text,
                status=PassageStatus.ACCEPTED,
                unseen=True,
                reviewer=by,
            )
            for read in waiting
        ],
        batch_size=settings.BULK_ROWS,
    )
    notes = [passages.note(row, None, by=by, deed=Deed(BULK, deed)) for row in made]
    PassageChange.objects.bulk_create(notes, batch_size=settings.BULK_ROWS)
    reads.rescore(video, *reviews.around(waiting))
