"""How much people read, how fast, and how alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    IntegerField,
    OuterRef,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils import timezone

from annotations.models import Project, Transcription
from annotations.models.crops import ReadingRole

DAYS = 30
LONGEST = 60.0  # seconds; over a plate that took longer somebody fetched coffee
STEPS = 20  # of a second; so exact is the median


@dataclass
class Person:
    """What one person read; shares are 0..1, None where nothing was compared."""

    person: str
    readings: int = 0
    compared: int = 0
    alike: int = 0
    likeness: float = 0.0  # sum over what was compared
    days: Counter[str] = field(default_factory=Counter)
    steps: Counter[int] = field(default_factory=Counter)

    @property
    def median_seconds(self) -> float | None:
        middle, passed = (self.steps.total() + 1) // 2, 0
        for step in sorted(self.steps):
            passed += self.steps[step]
            if passed >= middle:
                return step / STEPS
        return None

    @property
    def exact(self) -> float | None:
        return self.alike / self.compared if self.compared else None

    @property
    def characters(self) -> float | None:
        return self.likeness / self.compared if self.compared else None


def people(project: Project) -> list[Person]:
    """Everybody who read in the last thirty days, the most diligent first.

    A day is one of the project's time zone.
    """
    told: dict[str, Person] = defaultdict(lambda: Person(""))
    midnights = _midnights(ZoneInfo(project.time_zone))
    day = Case(
        *[When(created_at__gte=at, then=Value(name)) for name, at in midnights],
        output_field=CharField(),
    )
    rows = Transcription.objects.filter(
        crop__project=project, by__isnull=False, created_at__gte=midnights[-1][1]
    )
    step = Cast(F("seconds") * STEPS, IntegerField())
    grouped = (
        rows.order_by().annotate(day=day, step=step).values_list("by__username", "day", "step")
    )
    for name, day_, step_, count in grouped.annotate(n=Count("*")).iterator():
        one = told[name]
        one.person, one.readings = name, one.readings + count
        one.days[day_] += count
        if step_ is not None and step_ < LONGEST * STEPS:
            one.steps[step_] += count
    for name, text, other, its in _pairs(project):
        for reader in {name, other} & set(told):
            one = told[reader]
            one.compared += 1
            one.alike += text == its
            one.likeness += likeness(text, its)
    return sorted(told.values(), key=lambda one: -one.readings)


def _midnights(zone: ZoneInfo) -> list[tuple[str, datetime]]:
    """The last thirty days there, today first: date and beginning."""
    today = timezone.now().astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS)]
    return [(day.isoformat(), datetime.combine(day, time(), zone)) for day in days]


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
    if one == other:
        return 1.0
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, start=1):
        above, row = row, [at]
        for place, against in enumerate(other):
            row.append(min(above[place] + (char != against), above[place + 1] + 1, row[-1] + 1))
    return 1.0 - row[-1] / max(len(one), len(other), 1)
