"""Texts become transcriptions of crops, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import transaction

from annotations import transcriptions
from annotations.bringing.held import Errand
from annotations.errors import EntryRefused, EntryTextAlreadyHere, EntryTextRefused
from annotations.models import Crop, Transcription
from annotations.models.crops import ReadingRole, Status
from lprsite.errors import Refused


@dataclass(frozen=True)
class Said:
    """A text for a crop; in a dry run the crop may not be there yet."""

    crop: Crop | None
    text: str
    name: str


class Texts:
    """Keeps the texts of one import."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._taken: set[UUID] = set()

    def keep(self, said: Sequence[Said]) -> list[EntryRefused | None]:
        """Make texts transcriptions; for each, why it was not kept, or None."""
        if self._errand.dry:
            return [self._judged(one) for one in said]
        answers: list[EntryRefused | None] = []
        for start in range(0, len(said), settings.BULK_ROWS // 2):
            answers += self._keep_some(said[start : start + settings.BULK_ROWS // 2])
        return answers

    def _judged(self, one: Said) -> EntryRefused | None:
        """What would become of a text, as far as a dry run can tell."""
        try:
            text = self._checked(one)
        except Refused as reason:
            return EntryTextRefused(file=one.name, line=0, reason=reason)
        current = one.crop.current if one.crop is not None else None
        same = current is not None and current.text == text
        return EntryTextAlreadyHere(file=one.name, line=0) if same else None

    def _checked(self, one: Said) -> str:
        """The text as it is stored. Raises what ``transcriptions.checked`` refuses."""
        reading = transcriptions.Reading(status_of(one.text), one.text, NAMESPACE_URL, 1)
        return transcriptions.checked(reading, self._errand.project.alphabet)

    @transaction.atomic
    def _keep_some(self, said: Sequence[Said]) -> list[EntryRefused | None]:
        wanted = [one.crop.pk for one in said if one.crop is not None]
        locked = Crop.objects.select_for_update(of=("self",)).select_related("current")
        crops = {crop.pk: crop for crop in locked.filter(pk__in=wanted)}
        keys = [text_key(one) for one in said]
        known = dict(
            Transcription.objects.filter(client_key__in=keys).values_list(
                "client_key", "created_at"
            )
        )
        answers: list[EntryRefused | None] = []
        rows: list[Transcription] = []
        for one, key in zip(said, keys, strict=True):
            assert one.crop is not None, "only a dry run has texts without crops"
            crop = crops[one.crop.pk]
            try:
                row = self._reading(one, crop, key)
            except Refused as reason:
                answers.append(EntryTextRefused(file=one.name, line=0, reason=reason))
                continue
            again = self._said_again(row, crop, known)
            answers.append(EntryTextAlreadyHere(file=one.name, line=0) if again else None)
            if not again and key not in known:
                rows.append(row)
                if row.role == ReadingRole.FIRST:
                    crop.current = row
        Transcription.objects.bulk_create(rows)
        self._make_current([row for row in rows if row.role == ReadingRole.FIRST])
        return answers

    def _reading(self, one: Said, crop: Crop, key: UUID) -> Transcription:
        """The row for a text. A text that the crop already has is not replaced by an import's."""
        text = self._checked(one)
        first = crop.current is None and not crop.withdrawn
        return Transcription(
            crop=crop,
            status=status_of(one.text),
            text=text,
            role=ReadingRole.FIRST if first else ReadingRole.SECOND,
            client_key=key,
            revision_seen=crop.revision,
        )

    def _said_again(self, row: Transcription, crop: Crop, known: Mapping[UUID, datetime]) -> bool:
        """Whether the text was there before this batch, or comes twice in it."""
        if row.client_key in self._taken:
            return True
        self._taken.add(row.client_key)
        if row.client_key in known:  # by this batch's earlier attempt, or by another import
            return known[row.client_key] < self._errand.batch.created_at
        return crop.current is not None and crop.current.text == row.text

    def _make_current(self, rows: Sequence[Transcription]) -> None:
        for row in rows:
            crop = row.crop
            crop.current, crop.waiting, crop.recheck = row, False, False
            crop.revision += 1
            crop.lease_owner, crop.lease_until = None, None
        Crop.objects.bulk_update(
            [row.crop for row in rows],
            ["current", "waiting", "recheck", "revision", "lease_owner", "lease_until"],
        )


def text_key(said: Said) -> UUID:
    """The same text for the same crop has the same key in every import."""
    assert said.crop is not None, "only a dry run has texts without crops"
    text = transcriptions.clean(said.text)
    return uuid5(NAMESPACE_URL, f"lpr import text {said.crop.pk} {text}")


def status_of(text: str) -> Status:
    """Whether a text says all its characters."""
    return Status.PARTIAL if transcriptions.UNKNOWN in text else Status.READABLE
