"""How much people read, how fast, and how alike."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from annotations.models import Project, Transcription
from annotations.models.crops import ReadingRole

DAYS = 30
LONGEST = 60.0  # seconds; over a plate that took longer somebody fetched coffee


@dataclass
class Person:
    """What one person read; shares are 0..1, None where nothing was compared."""

    person: str
    readings: int = 0
    compared: int = 0
    alike: int = 0
    shares: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    days: Counter[str] = field(default_factory=Counter)

    @property
    def median_seconds(self) -> float | None:
        return round(statistics.median(self.seconds), 2) if self.seconds else None

    @property
    def exact(self) -> float | None:
        return self.alike / self.compared if self.compared else None

    @property
    def characters(self) -> float | None:
        return statistics.fmean(self.shares) if self.shares else None


def people(project: Project) -> list[Person]:
    """Everybody who read in the last thirty days, the most diligent first."""
    told: dict[str, Person] = defaultdict(lambda: Person(""))
    rows = Transcription.objects.filter(crop__project=project, by__isnull=False)
    recent = rows.filter(created_at__gte=timezone.now() - timedelta(days=DAYS))
    columns = ("by__username", "seconds", "created_at")
    for name, seconds, at in recent.values_list(*columns).iterator():
        one = told[name]
        one.person, one.readings = name, one.readings + 1
        one.days[at.date().isoformat()] += 1
        if seconds is not None and seconds < LONGEST:
            one.seconds.append(seconds)
    for name, text, other, its in _pairs(project):
        for reader in {name, other} & set(told):
            one = told[reader]
            one.compared += 1
            one.alike += text == its
            one.shares.append(likeness(text, its))
    return sorted(told.values(), key=lambda one: -one.readings)


def _pairs(project: Project) -> list[tuple[str, str, str, str]]:
    """Second readings beside the first ones of their crops: who, what, who, what."""
    firsts = Transcription.objects.filter(
        crop=OuterRef("crop"), role=ReadingRole.FIRST, pk__lt=OuterRef("pk"), by__isnull=False
    ).order_by("-id")
    rows = Transcription.objects.filter(
        crop__project=project, role=ReadingRole.SECOND, by__isnull=False
    ).annotate(
        other=Subquery(firsts.values("by__username")[:1]), its=Subquery(firsts.values("text")[:1])
    )
    return list(rows.exclude(other=None).values_list("by__username", "text", "other", "its"))


def likeness(one: str, other: str) -> float:
    """The share of characters that agree: 1 less the edit distance by the longer text."""
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, start=1):
        above, row = row, [at]
        for place, against in enumerate(other):
            row.append(min(above[place] + (char != against), above[place + 1] + 1, row[-1] + 1))
    return 1.0 - row[-1] / max(len(one), len(other), 1)
