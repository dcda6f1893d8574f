"""Verdicts on more than one passage: two become one, one becomes two, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotations import passages
from annotations.errors import NothingToUndo, PassageChanged, SplitAtEdge
from annotations.models import Box, Crop, Passage, PassageChange, Video
from annotations.passages import Deed, KeyBoxes

BULK = "bulk"  # the kind of a deed whose passages have nothing to do with one another


def joined(first: KeyBoxes, second: KeyBoxes) -> list[list[float]]:
    """The key boxes of two tracks of one vehicle; where both see it, those of the first."""
    start, end = first[0][0], first[-1][0]
    beside = [key for key in second if not start <= key[0] <= end]
    return sorted((list(key) for key in [*first, *beside]), key=lambda key: key[0])


def parted(keys: KeyBoxes, at: int) -> tuple[list[list[float]], list[list[float]]]:
    """The key boxes before ``at`` (pts), and from there on. Raises SplitAtEdge."""
    before = [list(key) for key in keys if key[0] < at]
    after = [list(key) for key in keys if key[0] >= at]
    if not before or not after:
        raise SplitAtEdge()
    return before, after


def hand_over(passage: Passage, sha256s: Iterable[str], *, among: Iterable[int]) -> None:
    """What other passages taught within this one's time is this one's: crops, boxes on frames."""
    others = set(among) - {passage.pk}
    groups = [passages.group_of(pk) for pk in others]
    crops = Crop.objects.filter(project_id=passage.project_id, group__in=groups)
    crops.filter(sha256__in=list(sha256s)).update(group=passages.group_of(passage.pk))
    within = (passage.first_pts, passage.last_pts)
    Box.objects.filter(passage__in=others, frame__pts__range=within).update(passage=passage)


@transaction.atomic
def undo(video: Video, key: UUID, *, by: User | None, deed: Deed) -> list[PassageChange]:
    """Take back what was done in one step; returns its changes. Once for each ``deed``.

    Raises:
        NothingToUndo: it was not done.
        PassageChanged: somebody decided otherwise since.
    """
    Video.objects.select_for_update().get(pk=video.pk)
    changes = list(PassageChange.objects.filter(video=video, deed=key))
    if not changes:
        raise NothingToUndo()
    if PassageChange.objects.filter(video=video, deed=deed.key).exists():
        return []
    now = _locked(changes)
    for change in changes:
        current = now.get(change.passage)
        if not _as_it_left(change, current):
            raise PassageChanged(current=current and passages.described(current))
    _restore(video, changes, now, by, deed)
    return changes


def is_bulk(video: Video, key: UUID) -> bool:
    """Whether it was the making of many passages in one step."""
    return PassageChange.objects.filter(video=video, deed=key, kind=BULK).exists()


def standing(video: Video, key: UUID) -> QuerySet[PassageChange]:
    """The passages made in bulk in one step about which nobody decided otherwise since."""
    same = Passage.objects.filter(pk=OuterRef("passage"), revision=OuterRef("revision"))
    return PassageChange.objects.filter(Exists(same), video=video, deed=key).order_by("pk")


@transaction.atomic
def undo_part(
    video: Video, keys: Sequence[int], *, by: User | None, deed: Deed
) -> list[PassageChange]:
    """Take back those changes of a bulk that stand; returns them."""
    Video.objects.select_for_update().get(pk=video.pk)
    changes = list(PassageChange.objects.filter(pk__in=keys))
    now = _locked(changes)
    fresh = [one for one in changes if _as_it_left(one, now.get(one.passage))]
    _restore(video, fresh, now, by, deed)
    return fresh


def _locked(changes: Iterable[PassageChange]) -> dict[int, Passage]:
    rows = Passage.objects.select_for_update(of=("self",)).select_related("reviewer")
    return rows.in_bulk([change.passage for change in changes])


def _as_it_left(change: PassageChange, now: Passage | None) -> bool:
    return (now.revision if now else 0) == change.revision


def _restore(
    video: Video,
    changes: Sequence[PassageChange],
    now: dict[int, Passage],
    by: User | None,
    deed: Deed,
) -> None:
    notes: list[PassageChange] = []
    gone: list[Passage] = []
    for change in changes:
        row = now.get(change.passage)
        was: dict[str, Any] | None
        if change.before is None:
            assert row is not None
            was, row.revision = passages.facts_of(row), 0
            gone.append(row)
        else:
            was = passages.facts_of(row) if row else None
            row = _as_before(row or Passage(pk=change.passage, video=video), change.before)
            row.project_id = video.project_id
            row.save()  # one or two: a bulk only makes passages
            # It is as an earlier deed left it, which can be taken back next.
            earlier = PassageChange.objects.filter(video=video, passage=row.pk)
            earlier.filter(revision=change.before["revision"]).update(revision=row.revision)
        notes.append(passages.note(row, was, by=by, deed=deed))
    PassageChange.objects.bulk_create(notes, batch_size=settings.BULK_ROWS)
    for row in gone:
        if not row.unseen:  # what nobody looked at taught nothing
            passages.forget(row)
    Passage.objects.filter(pk__in=[row.pk for row in gone]).delete()


def _as_before(row: Passage, before: dict[str, Any]) -> Passage:
    revision = max(row.revision, before["revision"]) + 1
    for name, value in before.items():
        setattr(row, name, value)
    row.revision = revision
    return row
