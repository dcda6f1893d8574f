"""Which crops come to whom, and in which order; two people never hold the same one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from annotations import frames, plate_formats
from annotations.models import Crop, Project, Suggestion, Transcription
from annotations.models.crops import CropQuerySet, Second

LEASE = timedelta(minutes=10)
MATES = 100  # of the vehicles leased, at most so many more crops
ONE_IN = 5  # of a lease, at most so many are second readings


class Kind(models.TextChoices):
    WAITING = "waiting"  # nobody has read them
    READ = "read"  # to be looked at again
    DISAGREEMENTS = "disagreements"  # two people read them differently


class Order(models.TextChoices):
    ADDED = "added"
    TIME = "time"
    DOUBTFUL = "doubtful"  # where the recognizer is least sure
    STRANGE = "strange"  # texts that fit no format of the project
    DIFFERENT = "different"  # the recognizer says something else than people


@dataclass(frozen=True)
class Wanted:
    """Which crops somebody wants to read; what is left out does not matter.

    ``text`` is as in :class:`annotations.frames.Sought`: of what people read, else of what was
    suggested. ``by``, ``since`` and ``until`` are about the present text. Heights are pixels.
    """

    kind: str = Kind.WAITING
    order: str = Order.ADDED
    video: int | None = None
    text: str = ""
    min_height: int | None = None
    max_height: int | None = None
    min_sharpness: float | None = None
    by: str | None = None
    since: date | None = None
    until: date | None = None


ALL_WAITING = [Wanted(order=order) for order in (Order.ADDED, Order.TIME, Order.DOUBTFUL)]


def lease(
    project: Project, user: User, *, count: int = 30, exclude: Sequence[int] = ()
) -> list[Crop]:
    """The next ``count`` crops to read, and the others of their vehicles, held for this person
    for ten minutes."""
    ids = lease_ids(project, user, count=count, exclude=exclude)
    return list(Crop.objects.filter(pk__in=ids).order_by("id"))


def lease_ids(
    project: Project,
    user: User,
    *,
    count: int = 30,
    exclude: Sequence[int] = (),
    wanted: Wanted | None = None,
) -> list[int]:
    """As :func:`lease`, but only the ids, in order: first some that a second person should read.

    PostgreSQL passes over rows that another lease has locked, and SQLite has one writer at a time.
    """
    wanted = wanted or Wanted()
    with transaction.atomic():
        ids: list[int] = []
        if wanted in ALL_WAITING:
            seconds = second_readings(project, user).order_by("id")
            ids += _free(seconds, user, exclude)[: count // ONE_IN]
        ids += _free(sought(project, wanted), user, exclude)[: count - len(ids)]
        if wanted.kind == Kind.WAITING:
            ids += _of_the_same_vehicles(project, ids, user, exclude)
        _hold(ids, user)
    return ids


def renew(project: Project, user: User, ids: Sequence[int], kind: str) -> list[int]:
    """Hold these crops for ten minutes more; those that nobody else has or has read by now."""
    with transaction.atomic():
        kinds = [_kind(project, kind)]
        if kind == Kind.WAITING:
            kinds.append(second_readings(project, user))
        free = {pk for rows in kinds for pk in _free(rows.filter(pk__in=ids), user, ())}
        kept = [pk for pk in ids if pk in free]
        _hold(kept, user)
    return kept


def _hold(ids: Sequence[int], user: User) -> None:
    if ids:
        until = timezone.now() + LEASE
        Crop.objects.filter(pk__in=ids).update(lease_owner=user, lease_until=until)


def _free(rows: CropQuerySet, user: User, exclude: Sequence[int]) -> models.QuerySet[Crop, int]:
    free = rows.free_for(user).exclude(pk__in=exclude)
    return free.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)


def _of_the_same_vehicles(
    project: Project, ids: Sequence[int], user: User, exclude: Sequence[int]
) -> list[int]:
    """The other waiting crops of the vehicles that these show: they are read together."""
    rows = Crop.objects.filter(project=project)
    groups = set(rows.filter(pk__in=ids).exclude(group="").values_list("group", flat=True))
    mates = rows.unread().filter(group__in=groups).exclude(pk__in=ids).order_by("id")
    return list(_free(mates, user, exclude)[:MATES]) if groups else []


def second_readings(project: Project, user: User) -> CropQuerySet:
    """The crops that somebody else read and that wait for another pair of eyes."""
    rows = Crop.objects.filter(project=project, second=Second.WANTED, waiting=False)
    return rows.filter(withdrawn=False).exclude(current__by=user)


def disagreements(project: Project) -> CropQuerySet:
    """The crops that two people read differently."""
    return Crop.objects.filter(project=project, second=Second.DIFFERS, withdrawn=False)


def sought(project: Project, wanted: Wanted) -> CropQuerySet:
    """The crops in their order."""
    rows = _kind(project, wanted.kind)
    newest = Suggestion.objects.filter(crop=OuterRef("pk"), revision=OuterRef("revision"))
    newest = newest.order_by("-created_at", "-id")
    rows = rows.annotate(proposed=Subquery(newest.values("text")[:1]))
    text = "proposed" if wanted.kind == Kind.WAITING else "current__text"
    rows = rows.filter(*_conditions(wanted))
    if wanted.text:
        rows = rows.filter(frames.alike(text, wanted.text))
    match wanted.order:
        case Order.TIME:
            return rows.order_by("box__frame__video", "box__frame__pts", "id")
        case Order.DOUBTFUL:
            sure = Subquery(newest.values("confidence")[:1])
            return rows.annotate(sure=sure).order_by(F("sure").asc(nulls_last=True), "id")
        case Order.STRANGE:
            there = rows.exclude(**{text: None}).exclude(**{text: ""})
            return there.exclude(**{f"{text}__regex": _any_format(project)}).order_by("id")
        case Order.DIFFERENT:
            same = Q(("proposed", None)) | Q(("proposed", F("current__text")))
            return rows.exclude(same).order_by("id")
    return rows.order_by("id")


def _kind(project: Project, kind: str) -> CropQuerySet:
    if kind == Kind.DISAGREEMENTS:
        return disagreements(project)
    rows = Crop.objects.filter(project=project)
    return rows.unread() if kind == Kind.WAITING else rows.filter(waiting=False, withdrawn=False)


def _conditions(wanted: Wanted) -> Iterable[Q]:
    said = {
        "box__frame__video": wanted.video,
        "height__gte": wanted.min_height,
        "height__lte": wanted.max_height,
        "sharpness__gte": wanted.min_sharpness,
        "current__by__username": wanted.by,
        "current__created_at__date__gte": wanted.since,
        "current__created_at__date__lte": wanted.until,
    }
    return [Q((name, value)) for name, value in said.items() if value is not None]


def _any_format(project: Project) -> str:
    """What matches a text of any of the project's formats, ``?`` anywhere; "" matches all."""
    forms = [
        "".join(f"[{''.join(sorted(place))}?]" for place in plate_formats.parse(pattern))
        for pattern in project.plate_formats.values_list("pattern", flat=True)
    ]
    return f"^({'|'.join(forms)})$" if forms else ""


def release(project: Project, user: User, ids: Iterable[int]) -> int:
    """Give crops back that were not read; returns how many were held."""
    held = Crop.objects.filter(project=project, pk__in=list(ids), lease_owner=user)
    return held.update(lease_owner=None, lease_until=None)


def both_texts(ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Of crops in disagreement: the readings to decide between, the first first."""
    rows = Transcription.objects.filter(crop__in=list(ids), crop__second=Second.DIFFERS)
    rows = rows.filter(Q(role="second") | Q(pk=F("crop__current")))
    told: dict[int, list[dict[str, Any]]] = {}
    columns = ("crop_id", "status", "text", "by__username")
    for crop, status, text, by in rows.order_by("role", "id").values_list(*columns):
        told.setdefault(crop, []).append({"status": status, "text": text, "by": by or ""})
    return told
