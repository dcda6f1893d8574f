"""Review reads: every decision is one on the truth of the video, and teaches.

The truth are passages; a decision on a read makes or changes the one that it is of.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction

from annotations import passages, verdicts
from annotations.errors import PassageChanged, TracksApart
from annotations.lessons import Lesson
from annotations.models import Passage, PassageChange, Video
from annotations.models.passages import PassageStatus
from annotations.passages import Deed
from annotations.transcriptions import clean
from training.models import InferenceRun, Match, Read
from training.reads import CONFIRMED, MIN_IOU, KeyBox, Span, overlap, rescore


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
    _lock(read)
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
    _lock(read)
    known, is_double = _own_passage(read)
    if known is not None and known.reject_reason == reason:
        return known
    if not is_double:
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


def _lock(read: Read) -> Video:
    """The read's video, whose reviewers decide one after the other."""
    return Video.objects.select_for_update(of=("self",)).get(pk=read.run.video_id)


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
    video = _lock(read)
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
    video = _lock(read)
    done = Deed("split", deed or uuid4())
    known, is_double = _own_passage(read)
    if not is_double:
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
    rows = run.reads.filter(**confirmed).select_related("match__passage").prefetch_related("crops")
    found: dict[tuple[int, int], Lesson] = {}
    keys: list[tuple[int, KeyBox]] = []
    for read in rows:
        of = read.match.passage
        assert of is not None
        keys += [(of.pk, key) for key in read.boxes if of.first_pts <= key[0] <= of.last_pts]
        for crop in read.crops.all():
            if of.first_pts <= crop.pts <= of.last_pts:  # of a split track only its part
                box = (crop.box[0], crop.box[1], crop.box[2], crop.box[3])
                found[of.pk, crop.pts] = Lesson(of.pk, crop.pts, box, crop.sha256)
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
    for passage_id, key in keys:
        place = passage_id, int(key[0])
        if place[1] in moments and place not in found:
            found[place] = Lesson(*place, (key[1], key[2], key[3], key[4]))
    return list(found.values())


def _passage_of(read: Read) -> Passage | None:
    match = Match.objects.filter(read=read).select_related("passage").first()
    return match.passage if match else None


def _own_passage(read: Read) -> tuple[Passage | None, bool]:
    """The passage that a verdict on this read may take back, and whether it is a double.

    A double's passage is the truth that another read found: rejecting the double must not
    touch it.
    """
    passage = _passage_of(read)
    double = Match.objects.filter(read=read, outcome="double").exists()
    if double and passage is not None and passage.status != PassageStatus.REJECTED:
        return None, True
    return passage, False
