"""Keep what people read on crops."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F

from annotations.errors import (
    CropChanged,
    KeyTaken,
    TextEmpty,
    TextForeign,
    TextNotWanted,
    TextTooLong,
)
from annotations.models import Crop, Suggestion, Transcription
from annotations.models.crops import ReadingRole, Second, Status

LONGEST = 16
UNKNOWN = "?"
SUGGESTION = ("id", "model_name", "text", "characters", "alternatives")
COUNTED_EACH_TIME = 10_000
_many_left: dict[int, tuple[int, int]] = {}  # of a project: in which minute, how many


@dataclass(frozen=True)
class Reading:
    """What a person read on a crop, as it came from the browser."""

    status: str
    text: str
    client_key: UUID
    revision: int
    seconds: float | None = None
    suggestion: int | None = None
    suggestion_outcome: str = ""


def left(project_id: int) -> int:
    """How many crops of the project wait to be read; of many, how many it was a minute ago.

    Counting a million rows takes as long as a hundred leases.
    """
    minute = int(time.monotonic() // 60)
    then, count = _many_left.get(project_id, (-1, 0))
    if then != minute:
        count = Crop.objects.filter(project=project_id).unread().count()
        if count > COUNTED_EACH_TIME:
            _many_left[project_id] = (minute, count)
    return count


def newest_suggestions(crops: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The newest suggestion for each crop's present picture, as the API shows it, in one query."""
    rows = Suggestion.objects.filter(crop__in=list(crops), revision=F("crop__revision"))
    rows = rows.order_by("created_at", "id")
    return {row.pop("crop_id"): row for row in rows.values("crop_id", *SUGGESTION)}


def checked(reading: Reading, alphabet: str) -> str:
    """The text as it will be stored: upper case, no separators, in the project's alphabet.

    Raises:
        TextNotWanted, TextEmpty, TextForeign, TextTooLong
    """
    text = clean(reading.text)
    if reading.status == Status.UNREADABLE:
        if text:
            raise TextNotWanted(text=text)
        return ""
    if not text:
        raise TextEmpty()
    check_text(text, alphabet + (UNKNOWN if reading.status == Status.PARTIAL else ""))
    return text


def check_text(text: str, alphabet: str) -> None:
    """Raises TextForeign or TextTooLong when no plate of the project can read so."""
    if foreign := sorted(set(text) - set(alphabet)):
        raise TextForeign(text=text, characters=" ".join(foreign))
    if len(text) > LONGEST:
        raise TextTooLong(text=text, limit=LONGEST)


def clean(text: str) -> str:
    """Upper case, without the separators people see on plates."""
    return "".join(c for c in text.upper() if not c.isspace() and c not in "-.·_")


def role_of(asked: str, crop: Crop, by: User) -> str:
    """The role of a reading by this person: a second one needs a first one by somebody else, and
    whoever decides must have something to decide."""
    first = crop.current
    if asked == ReadingRole.SECOND and first is not None and first.by_id != by.pk:
        return ReadingRole.SECOND
    if asked == ReadingRole.ADJUDICATION and crop.second == Second.DIFFERS:
        return ReadingRole.ADJUDICATION
    return ReadingRole.FIRST


def save(
    crop: Crop, reading: Reading, *, by: User | None, role: str = ReadingRole.FIRST
) -> tuple[Transcription, bool]:
    """Keep a reading, exactly once per ``client_key``; returns (row, whether it is new).

    Raises:
        CropChanged: the crop has a newer text or picture than the person saw (409, with both).
        Refused: the text cannot be stored; the sentence says why.
    """
    text = checked(reading, crop.project.alphabet)
    row = Transcription(
        crop=crop,
        status=reading.status,
        text=text,
        role=role,
        by=by,
        suggestion=_suggestion(crop, reading),
        suggestion_outcome=reading.suggestion_outcome,
        seconds=reading.seconds,
        client_key=reading.client_key,
        revision_seen=reading.revision,
    )
    try:
        with transaction.atomic():
            row.save()
            if role == ReadingRole.SECOND:
                _compare(crop, row)
            else:
                _make_current(crop, row, reading)
    except IntegrityError:  # the same key came in before
        known = Transcription.objects.filter(client_key=reading.client_key, by=by).first()
        if known is None:
            raise KeyTaken() from None
        return known, False
    return row, True


def _suggestion(crop: Crop, reading: Reading) -> Suggestion | None:
    """The suggestion the person saw, if it is there still."""
    if reading.suggestion is None:
        return None
    return Suggestion.objects.filter(pk=reading.suggestion, crop=crop).first()


def _make_current(crop: Crop, row: Transcription, reading: Reading) -> None:
    moved = Crop.objects.filter(pk=crop.pk, revision=reading.revision, withdrawn=False).update(
        current=row,
        waiting=False,
        recheck=False,
        revision=F("revision") + 1,
        lease_owner=None,
        lease_until=None,
        second=_second(crop, row),
    )
    if not moved:
        crop.refresh_from_db()
        raise CropChanged(yours=reading.text, current=describe(crop))
    crop.revision, crop.current = reading.revision + 1, row


def _second(crop: Crop, row: Transcription) -> str:
    """What the new text means for the second reading, done or still to come."""
    if row.role != ReadingRole.FIRST:
        return Second.DECIDED if crop.second else ""
    if crop.second in (Second.AGREES, Second.DIFFERS):
        seconds = Transcription.objects.filter(crop=crop, role=ReadingRole.SECOND)
        return _verdict(row, seconds.latest("id"))
    return Second.WANTED if row.by_id and drawn(crop) else crop.second


def drawn(crop: Crop) -> bool:
    """Whether the crop belongs to the share of the project that two people read."""
    return zlib.crc32(str(crop.pk).encode()) < crop.project.second_reading_share * 2**32


def _compare(crop: Crop, row: Transcription) -> None:
    """Sets the second reading beside the first, and gives the crop back."""
    held = Crop.objects.select_for_update().select_related("current").get(pk=crop.pk)
    if held.current is not None and held.second != Second.DECIDED:
        held.second = _verdict(held.current, row)
    held.lease_owner = held.lease_until = None
    held.save(update_fields=["second", "lease_owner", "lease_until"])


def _verdict(first: Transcription, second: Transcription) -> str:
    same = (first.status, first.text) == (second.status, second.text)
    return Second.AGREES if same else Second.DIFFERS


def describe(crop: Crop) -> dict[str, Any]:
    """The crop as a conflict shows it."""
    current = crop.current
    return {
        "crop": crop.pk,
        "revision": crop.revision,
        "withdrawn": crop.withdrawn,
        "status": current.status if current else None,
        "text": current.text if current else None,
    }
