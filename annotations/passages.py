"""Confirm passages, the truth of a video, and let them teach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotations import boxes, transcriptions
from annotations.errors import (
    KeyTaken,
    PassageBackwards,
    PassageChanged,
    PassageNowhere,
    ReasonUnknown,
    SpanEmpty,
    TextEmpty,
)
from annotations.models import (
    AuditEntry,
    Box,
    CheckedSpan,
    Crop,
    Passage,
    PassageChange,
    Transcription,
    Video,
)
from annotations.models.crops import ReadingRole, Status
from annotations.models.frames import Source
from annotations.models.passages import PassageStatus
from annotations.vision import boxes as geometry

REASONS = ("not_a_plate", "duplicate", "unreadable")
SMALLEST = 1.0  # pixels a side of a key box
TEACHES_WITHIN = 2  # edits between a crop's own read and the confirmed text

FACTS = ("text", "status", "reject_reason", "unseen", "first_pts", "last_pts", "key_boxes",
         "reviewer_id", "revision")  # fmt: skip

KeyBoxes = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Deed:
    """What a person did in one step, to be taken back in one; it may change several passages."""

    kind: str
    key: UUID


@dataclass(frozen=True)
class KeptCrop:
    """A crop that a reading kept, with what was read on it alone."""

    file: str
    sha256: str
    width: int
    height: int
    sharpness: float
    text: str


@dataclass(frozen=True)
class Edit:
    """What a reviewer asks of a passage; None leaves it as it is."""

    text: str | None = None
    first_pts: int | None = None
    last_pts: int | None = None
    key_boxes: KeyBoxes | None = None


def confirm(
    video: Video,
    *,
    first_pts: int,
    last_pts: int,
    key_boxes: KeyBoxes,
    text: str,
    corrected: bool = False,
    known: Passage | None = None,
    revision: int | None = None,
    by: User | None = None,
    deed: Deed | None = None,
) -> Passage:
    """A vehicle passed and its plate reads ``text``. ``known`` is changed instead of doubled.

    Raises:
        PassageChanged: ``known`` is not at the ``revision`` that the reviewer saw (None: any).
        Refused: no plate of the project can read so.
    """
    said = {
        "text": _checked(text, video),
        "status": PassageStatus.CORRECTED if corrected else PassageStatus.ACCEPTED,
        "reject_reason": "",
        "unseen": False,
    }
    where = {"first_pts": first_pts, "last_pts": last_pts, "key_boxes": key_boxes}
    return _write(known or Passage(video=video), {**said, **where}, revision, by, deed)


def reject(
    video: Video,
    *,
    first_pts: int,
    last_pts: int,
    key_boxes: KeyBoxes,
    reason: str,
    known: Passage | None = None,
    revision: int | None = None,
    by: User | None = None,
    deed: Deed | None = None,
) -> Passage:
    """What was read there is no plate, a double, or unreadable. Raises as :func:`confirm`."""
    if reason not in REASONS:
        raise ReasonUnknown(reason=reason, known=", ".join(REASONS))
    said = {
        "text": "",
        "status": PassageStatus.REJECTED,
        "reject_reason": reason,
        "unseen": False,
    }
    where = {"first_pts": first_pts, "last_pts": last_pts, "key_boxes": key_boxes}
    passage = _write(known or Passage(video=video), {**said, **where}, revision, by, deed)
    forget(passage)
    return passage


def add(
    video: Video,
    *,
    first_pts: int,
    last_pts: int,
    key_boxes: KeyBoxes,
    text: str,
    client_key: UUID | None = None,
    by: User | None = None,
) -> Passage:
    """A vehicle that the program missed and a person saw; once for each ``client_key``.

    Raises:
        PassageNowhere, PassageBackwards, KeyTaken, and what a text is refused for.
    """
    if known := _known(video, client_key):
        return known
    deed = Deed("add", client_key) if client_key else None
    facts = {
        "text": _checked(text, video),
        "status": PassageStatus.CORRECTED,
        "key_boxes": clipped(video, key_boxes),
        **_in_order(first_pts, last_pts),
    }
    try:
        return _write(Passage(video=video, client_key=client_key), facts, None, by, deed)
    except IntegrityError:  # the same key came in twice at the same moment
        if known := _known(video, client_key):
            return known
        raise KeyTaken() from None


def change(
    passage: Passage,
    edit: Edit,
    *,
    revision: int,
    by: User | None = None,
    deed: Deed | None = None,
) -> Passage:
    """Correct the text, the times or the boxes of a passage.

    Raises as :func:`add`, and PassageChanged when it is not at ``revision`` any more.
    """
    facts: dict[str, Any] = {}
    if edit.text is not None:
        text = _checked(edit.text, passage.video)
        facts |= {"text": text, "status": PassageStatus.CORRECTED, "reject_reason": ""}
        facts["unseen"] = False
    if edit.key_boxes is not None:
        facts["key_boxes"] = clipped(passage.video, edit.key_boxes)
    first = passage.first_pts if edit.first_pts is None else edit.first_pts
    last = passage.last_pts if edit.last_pts is None else edit.last_pts
    return _write(passage, {**facts, **_in_order(first, last)}, revision, by, deed)


@transaction.atomic
def delete(
    passage: Passage, *, revision: int, by: User | None = None, deed: Deed | None = None
) -> None:
    """Take a passage back; the audit trail keeps what it was. Raises PassageChanged."""
    row = _locked(passage, revision)
    forget(row)
    AuditEntry.objects.create(
        project_id=row.project_id,
        user=by,
        action="delete passage",
        subject=f"{row} of {row.video}"[:255],
        details={**described(row), "first_pts": row.first_pts, "last_pts": row.last_pts},
    )
    before = facts_of(row)
    key, row.revision = row.pk, 0
    note(row, before, by=by, deed=deed or Deed("delete", uuid4())).save()
    Passage.objects.filter(pk=key).delete()


def described(passage: Passage) -> dict[str, Any]:
    """The passage as a conflict shows it."""
    return {
        "passage": passage.pk,
        "revision": passage.revision,
        "status": passage.status,
        "text": passage.text,
        "reject_reason": passage.reject_reason,
        "reviewer": passage.reviewer.username if passage.reviewer else "",
    }


def clipped(video: Video, key_boxes: KeyBoxes) -> list[list[float]]:
    """Key boxes ([pts, x1, y1, x2, y2]) by time, cut at the borders of the upright picture.

    Raises PassageNowhere without a box, and for one of which nothing is left.
    """
    size = {"width": video.width, "height": video.height}
    if abs(video.rotation) % 180 == 90:
        size = {"width": video.height, "height": video.width}
    rows: list[list[float]] = []
    for key in sorted(key_boxes, key=lambda key: key[0]):
        x1, y1, x2, y2 = (round(float(v), 2) for v in geometry.clip([key[1:]], **size)[0])
        if not (x2 - x1 >= SMALLEST and y2 - y1 >= SMALLEST):  # also refuses NaN
            raise PassageNowhere()
        rows.append([int(key[0]), x1, y1, x2, y2])
    if not rows:
        raise PassageNowhere()
    return rows


def _checked(text: str, video: Video) -> str:
    clean = transcriptions.clean(text)
    if not clean:
        raise TextEmpty()
    transcriptions.check_text(clean, video.project.alphabet)
    return clean


def _in_order(first_pts: int, last_pts: int) -> dict[str, int]:
    if last_pts < first_pts:
        raise PassageBackwards()
    return {"first_pts": first_pts, "last_pts": last_pts}


def _known(video: Video, client_key: UUID | None) -> Passage | None:
    if client_key is None:
        return None
    return Passage.objects.filter(client_key=client_key, video=video).first()


@transaction.atomic
def _write(
    passage: Passage,
    facts: dict[str, Any],
    revision: int | None,
    by: User | None,
    deed: Deed | None,
) -> Passage:
    before = None
    if passage.pk:
        passage = _locked(passage, revision)
        before = facts_of(passage)
        passage.revision += 1
    passage.project_id = passage.video.project_id
    for name, value in facts.items():
        setattr(passage, name, value)
    passage.key_boxes = [list(key) for key in passage.key_boxes]
    passage.reviewer = by
    passage.save()
    note(passage, before, by=by, deed=deed or Deed(passage.status, uuid4())).save()
    return passage


def facts_of(passage: Passage) -> dict[str, Any]:
    """What the history keeps of a passage."""
    client_key = passage.client_key and str(passage.client_key)
    return {**{name: getattr(passage, name) for name in FACTS}, "client_key": client_key}


def note(
    passage: Passage, before: dict[str, Any] | None, *, by: User | None, deed: Deed
) -> PassageChange:
    """A line of the history, not saved yet, of a passage that is now as it is."""
    then = before or facts_of(passage)
    return PassageChange(
        video_id=passage.video_id,
        passage=passage.pk,
        deed=deed.key,
        kind=deed.kind,
        before=before,
        revision=passage.revision,
        first_pts=min(then["first_pts"], passage.first_pts),
        last_pts=max(then["last_pts"], passage.last_pts),
        by=by,
    )


def _locked(passage: Passage, revision: int | None) -> Passage:
    """The row as it is now, for the rest of the transaction. Raises PassageChanged."""
    row = Passage.objects.select_for_update(of=("self",)).filter(pk=passage.pk)
    now = row.select_related("video__project", "reviewer").first()
    if now is None or revision not in (None, now.revision):
        raise PassageChanged(current=now and described(now))
    return now


@transaction.atomic
def teach(passage: Passage, kept: Sequence[KeptCrop], *, by: User | None = None) -> int:
    """Make the kept crops of a confirmed passage training material; returns how many.

    Only crops whose own read is within two edits of the confirmed text get it: a track's
    text on a crop that shows something else would poison training. The others wait unread.
    """
    taught = 0
    for crop in {crop.sha256: crop for crop in kept}.values():
        row = _crop_of(passage, crop)
        if edits(crop.text, passage.text) <= TEACHES_WITHIN:
            taught += _transcribe(row, passage, by)
        else:
            _unteach(row)
    return taught


def _crop_of(passage: Passage, kept: KeptCrop) -> Crop:
    """The row of a kept crop; it may have got a box since, when its frame was taken."""
    mine = Crop.objects.filter(
        project_id=passage.project_id, sha256=kept.sha256, group=group_of(passage.pk)
    ).first()
    if mine is not None:
        return mine
    return Crop.objects.get_or_create(
        project_id=passage.project_id,
        sha256=kept.sha256,
        box=None,
        defaults={
            "file": kept.file,
            "width": kept.width,
            "height": kept.height,
            "sharpness": kept.sharpness,
            "group": group_of(passage.pk),
            "name": f"{passage.video.name} passage {passage.pk}",
        },
    )[0]


def group_of(passage: int) -> str:
    """The group of the crops that a passage taught."""
    return f"passage {passage}"


def _unteach(crop: Crop) -> None:
    """Let a crop wait unread whose text came from an earlier verdict on its passage."""
    said = crop.current.role if crop.current else ReadingRole.REVIEW
    if said == ReadingRole.REVIEW:
        Crop.objects.filter(pk=crop.pk, current=crop.current_id).update(
            current=None, waiting=True, recheck=False, withdrawn=False
        )


def _transcribe(crop: Crop, passage: Passage, by: User | None) -> int:
    """Give the crop the passage's text; what a person read on the crop itself stays."""
    now = Crop.objects.select_for_update().get(pk=crop.pk)
    said = now.current
    settled = said and (said.role != ReadingRole.REVIEW or said.text == passage.text)
    if said and settled and not now.withdrawn:
        return int(said.text == passage.text)
    key = uuid5(
        NAMESPACE_URL, f"passage {passage.pk} {passage.revision} crop {now.pk} {now.revision}"
    )
    reading = Transcription(
        crop=now,
        status=Status.READABLE,
        text=passage.text,
        role=ReadingRole.REVIEW,
        by=by,
        client_key=key,
        revision_seen=now.revision,
    )
    reading.save()
    now.current, now.revision = reading, now.revision + 1
    now.waiting = now.recheck = now.withdrawn = False
    now.save(update_fields=["current", "revision", "waiting", "recheck", "withdrawn"])
    return 1


def forget(passage: Passage) -> None:
    """What a rejected passage taught does not count any more: its crops, its boxes on frames."""
    drawn = Box.objects.present().filter(passage=passage, source=Source.REVIEW)
    for box in drawn.select_related("frame", "label"):
        boxes.delete(box, revision=box.revision)
    Crop.objects.filter(project_id=passage.project_id, group=group_of(passage.pk)).update(
        withdrawn=True, waiting=False, recheck=False
    )


@transaction.atomic
def check_span(
    video: Video, first_pts: int, last_pts: int, *, by: User | None = None
) -> CheckedSpan:
    """Say that the passages of this stretch are complete, so that "missed" can be counted.

    Spans that it touches become one with it. Raises SpanEmpty.
    """
    if last_pts <= first_pts:
        raise SpanEmpty()
    Video.objects.select_for_update().get(pk=video.pk)  # one at a time for each video
    touched = CheckedSpan.objects.filter(
        video=video, first_pts__lte=last_pts, last_pts__gte=first_pts
    )
    ends = [(first_pts, last_pts), *touched.values_list("first_pts", "last_pts")]
    first, last = min(a for a, _ in ends), max(b for _, b in ends)
    known = touched.filter(first_pts=first, last_pts=last).first()
    if known is not None:
        return known
    touched.delete()
    return CheckedSpan.objects.create(video=video, first_pts=first, last_pts=last, by=by)


def edits(first: str, second: str) -> int:
    """Insertions, deletions and replacements that make one text the other (Levenshtein)."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        above, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]
