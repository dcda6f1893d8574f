"""Lease crops to people and keep what they read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from annotations.errors import (
    CropChanged,
    KeyTaken,
    TextEmpty,
    TextForeign,
    TextNotWanted,
    TextTooLong,
)
from annotations.models import Crop, Project, Suggestion, Transcription
from annotations.models.crops import ReadingRole, Status

LEASE = timedelta(minutes=10)
LONGEST = 16
UNKNOWN = "?"


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


def lease(
    project: Project, user: User, *, count: int = 30, exclude: Sequence[int] = ()
) -> list[Crop]:
    """The next ``count`` crops to read, held for this person for ten minutes.

    One conditional UPDATE decides who gets a crop, so two people never get the same.
    """
    with transaction.atomic():
        free = Crop.objects.filter(project=project).unread().free_for(user)
        ids = list(free.exclude(pk__in=exclude).order_by("id").values_list("pk", flat=True)[:count])
        Crop.objects.filter(pk__in=ids).free_for(user).update(
            lease_owner=user, lease_until=timezone.now() + LEASE
        )
    rows = Crop.objects.filter(pk__in=ids, lease_owner=user).select_related(
        "box__frame__video", "current"
    )
    return sorted(rows, key=lambda crop: crop.pk)


def release(project: Project, user: User, ids: Iterable[int]) -> int:
    """Give crops back that were not read; returns how many were held."""
    held = Crop.objects.filter(project=project, pk__in=list(ids), lease_owner=user)
    return held.update(lease_owner=None, lease_until=None)


def newest_suggestions(crops: Iterable[Crop]) -> dict[int, Suggestion]:
    """The newest suggestion of each crop, in one query."""
    rows = Suggestion.objects.filter(crop__in=[crop.pk for crop in crops]).order_by("id")
    return {row.crop_id: row for row in rows if row.crop_id is not None}


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


def save(
    crop: Crop, reading: Reading, *, by: User | None, role: str = ReadingRole.FIRST
) -> tuple[Transcription, bool]:
    """Keep a reading, exactly once per ``client_key``; returns (row, whether it is new).

    Raises:
        CropChanged: the crop has a newer text or picture than the person saw (409, with both).
        Refused: the text cannot be stored; the sentence says why.
    """
    if known := Transcription.objects.filter(client_key=reading.client_key, by=by).first():
        return known, False
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
            if role != ReadingRole.SECOND:
                _make_current(crop, row, reading)
    except IntegrityError:  # the same key came in twice at the same moment
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
    )
    if not moved:
        crop.refresh_from_db()
        raise CropChanged(yours=reading.text, current=describe(crop))
    crop.revision, crop.current = reading.revision + 1, row


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
