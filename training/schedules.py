"""Trainings that start by themselves, at a time or every night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone

from annotations.models import DatasetVersion, Project
from lprsite.errors import Refused
from training import runs
from training.models import TrainedModel, TrainingRun, TrainingSchedule

USUAL = "usual"


def create(
    project: Project,
    kind: str,
    config: Mapping[str, Any],
    *,
    at: time,
    nightly: bool,
    dataset: DatasetVersion | None = None,
    parent: str = USUAL,
    device: str = "auto",
    minutes: int | None = None,
    by: User | None = None,
) -> TrainingSchedule:
    """A training that starts when the project's clock says ``at``; ``parent`` "": from nothing.

    ``nightly``: then every day, on the newest dataset version, if it is a new one.
    Raises what a training with these settings is refused for, data aside.
    """
    runs.check_settings(kind, config, started=bool(parent), device=device)
    return TrainingSchedule.objects.create(
        project=project,
        kind=kind,
        dataset=None if nightly else dataset,
        config=dict(config),
        parent=parent,
        device=device,
        minutes=minutes,
        at=at,
        nightly=nightly,
        next_at=_next(project, at),
        created_by=by,
    )


def begin_due() -> Iterator[TrainingRun]:
    """Make the runs whose time has come, each once; a refusal is kept in its schedule."""
    now = timezone.now()
    due = TrainingSchedule.objects.filter(next_at__lte=now)
    for schedule in due.select_related("project", "run", "dataset", "created_by"):
        after = _next(schedule.project, schedule.at) if schedule.nightly else None
        same = TrainingSchedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at)
        if not same.update(next_at=after):
            continue  # another process has it
        if run := _begin(schedule):
            yield run


def _begin(schedule: TrainingSchedule) -> TrainingRun | None:
    version = schedule.dataset or _newest(schedule)
    if version is None or (schedule.run and schedule.run.dataset_id == version.pk):
        return None  # nothing new to learn
    rows = TrainingSchedule.objects.filter(pk=schedule.pk)
    try:
        run = runs.create(
            version,
            schedule.config,
            parent=_parent(schedule),
            by=schedule.created_by,
            device=schedule.device,
            minutes=schedule.minutes,
        )
    except Refused as refusal:
        rows.update(error=refusal.sentence(), error_es=refusal.sentence("es"))
        return None
    rows.update(run=run, error="", error_es="")
    return run


def _newest(schedule: TrainingSchedule) -> DatasetVersion | None:
    rows = DatasetVersion.objects.filter(project=schedule.project, kind=schedule.kind)
    return rows.exclude(manifest_hash="").order_by("-number").first()


def _parent(schedule: TrainingSchedule) -> TrainedModel | None:
    if schedule.parent == USUAL:
        return runs.usual_parent(schedule.project, schedule.kind, schedule.config)
    if not schedule.parent:
        return None
    return runs.find(schedule.project, schedule.kind, schedule.parent)


def _next(project: Project, at: time) -> datetime:
    """When the project's clock says ``at`` for the next time."""
    here = timezone.now().astimezone(ZoneInfo(project.time_zone))
    today = here.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > here else today + timedelta(days=1)
