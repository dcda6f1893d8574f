"""Confirm passages, the truth of a video, and let them teach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.models import User
from django.db import transaction

from annotations import transcriptions
from annotations.errors import ReasonUnknown, TextEmpty
from annotations.models import CheckedSpan, Crop, Passage, Transcription, Video
from annotations.models.crops import ReadingRole, Status
from annotations.models.passages import PassageStatus

REASONS = ("not_a_plate", "duplicate", "unreadable")
TEACHES_WITHIN = 2  # edits between a crop's own read and the confirmed text

KeyBoxes = Sequence[Sequence[float]]


@dataclass(frozen=True)
class KeptCrop:
    """A crop that a reading kept, with what was read on it alone."""

    file: str
    sha256: str
    width: int
    height: int
    sharpness: float
    text: str


def confirm(
    video: Video,
    *,
    first_pts: int,
    last_pts: int,
    key_boxes: KeyBoxes,
    text: str,
    corrected: bool = False,
    known: Passage | None = None,
    by: User | None = None,
) -> Passage:
    """A vehicle passed and its plate reads ``text``. ``known`` is changed instead of doubled."""
    clean = transcriptions.clean(text)
    if not clean:
        raise TextEmpty()
    transcriptions.check_text(clean, video.project.alphabet)
    status = PassageStatus.CORRECTED if corrected else PassageStatus.ACCEPTED
    return _write(known, video, first_pts, last_pts, key_boxes, clean, status, "", by)


def reject(
    video: Video,
    *,
    first_pts: int,
    last_pts: int,
    key_boxes: KeyBoxes,
    reason: str,
    known: Passage | None = None,
    by: User | None = None,
) -> Passage:
    """What was read there is no plate, a double, or unreadable."""
    if reason not in REASONS:
        raise ReasonUnknown(reason=reason, known=", ".join(REASONS))
    passage = _write(
        known, video, first_pts, last_pts, key_boxes, "", PassageStatus.REJECTED, reason, by
    )
    forget(passage)
    return passage


def _write(
    known: Passage | None,
    video: Video,
    first_pts: int,
    last_pts: int,
    key_boxes: KeyBoxes,
    text: str,
    status: str,
    reason: str,
    by: User | None,
) -> Passage:
    passage = known or Passage(project_id=video.project_id, video=video)
    passage.first_pts, passage.last_pts = first_pts, last_pts
    passage.key_boxes = [list(key) for key in key_boxes]
    passage.text, passage.status, passage.reject_reason = text, status, reason
    passage.reviewer = by
    passage.revision = passage.revision + 1 if passage.pk else 1
    passage.save()
    return passage


@transaction.atomic
def teach(passage: Passage, kept: Sequence[KeptCrop], *, by: User | None = None) -> int:
    """Make the kept crops of a confirmed passage training material; returns how many.

    Only crops whose own read is within two edits of the confirmed text get it: a track's
    text on a crop that shows something else would poison training. The others wait unread.
    """
    taught = 0
    for crop in {crop.sha256: crop for crop in kept}.values():
        row, _ = Crop.objects.get_or_create(
            project_id=passage.project_id,
            sha256=crop.sha256,
            box=None,
            defaults={
                "file": crop.file,
                "width": crop.width,
                "height": crop.height,
                "sharpness": crop.sharpness,
                "group": f"passage {passage.pk}",
                "name": f"{passage.video.name} passage {passage.pk}",
            },
        )
        if edits(crop.text, passage.text) <= TEACHES_WITHIN:
            taught += _transcribe(row, passage, by)
        else:
            _unteach(row)
    return taught


def _unteach(crop: Crop) -> None:
    """Let a crop wait unread whose text came from an earlier verdict on its passage."""
    said = crop.current.role if crop.current else ReadingRole.REVIEW
    if said == ReadingRole.REVIEW:
        Crop.objects.filter(pk=crop.pk, current=crop.current_id).update(
            current=None, waiting=True, recheck=False, withdrawn=False
        )


def _transcribe(crop: Crop, passage: Passage, by: User | None) -> int:
    key = uuid5(NAMESPACE_URL, f"passage {passage.pk} {passage.revision} crop {crop.pk}")
    reading = Transcription(
        crop=crop,
        status=Status.READABLE,
        text=passage.text,
        role=ReadingRole.REVIEW,
        by=by,
        client_key=key,
        revision_seen=crop.revision,
    )
    reading.save()
    Crop.objects.filter(pk=crop.pk).update(
        current=reading,
        waiting=False,
        recheck=False,
        withdrawn=False,
        revision=crop.revision + 1,
    )
    return 1


def forget(passage: Passage) -> None:
    """What a rejected passage taught does not count any more."""
    Crop.objects.filter(
        project_id=passage.project_id, box=None, group=f"passage {passage.pk}"
    ).update(withdrawn=True, waiting=False, recheck=False)


def check_span(
    video: Video, first_pts: int, last_pts: int, *, by: User | None = None
) -> CheckedSpan:
    """Say that the passages of this stretch are complete, so that "missed" can be counted."""
    return CheckedSpan.objects.create(video=video, first_pts=first_pts, last_pts=last_pts, by=by)


def edits(first: str, second: str) -> int:
    """Insertions, deletions and replacements that make one text the other (Levenshtein)."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        above, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]
