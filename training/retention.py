"""What a project does not want to keep: readings, and recordings that nobody labelled.

Plates are personal data. After ``retention_days`` from the day of the recording (of its coming
in, where nobody knows that) its readings go with their reads and crops. So does the video, unless
something of it was labelled: what people typed is lost by their own deed only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotations import deletion
from annotations.models import AuditEntry, Box, Project, Video
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE
from training.models import InferenceRun


def due() -> list[int]:
    """The projects that have something to delete."""
    keeping = Project.objects.filter(retention_days__isnull=False, deleting_at=None)
    return [p.pk for p in keeping if _readings(p).exists() or _unlabelled(p).exists()]


def expire_readings(project: Project, running: Running) -> dict[str, Any]:
    """Delete the readings whose time is over; returns how many, and the rows that went."""
    readings = list(_readings(project).values_list("pk", flat=True))
    if not readings:
        return {"readings": 0, "rows": 0, "videos": 0}
    AuditEntry.objects.create(
        project=project,
        action="expired readings",
        subject=f"{len(readings)} readings older than {project.retention_days} days",
        details={"readings": readings},
    )
    rows = deletion.take_rows(InferenceRun.objects.filter(pk__in=readings), running)
    deletion.remove_files(running)
    return {"readings": len(readings), "rows": rows, "videos": 0}


def expire_videos(project: Project) -> list[Video]:
    """Mark the videos whose time is over; whoever calls starts the deletion of each."""
    videos = list(_unlabelled(project))
    for video in videos:
        deletion.begin_video(video, by=None)
    return videos


def _old(project: Project) -> QuerySet[Video]:
    if project.retention_days is None:
        return Video.objects.none()
    limit = timezone.now() - timedelta(days=project.retention_days)
    dated = Video.objects.filter(project=project, deleting_at=None)
    return dated.annotate(day=Coalesce(F("recorded_at"), F("created_at"))).filter(day__lt=limit)


def _readings(project: Project) -> QuerySet[InferenceRun]:
    rows = InferenceRun.objects.filter(video__in=_old(project).values("pk"))
    return rows.exclude(job__state__in=ACTIVE)


def _unlabelled(project: Project) -> QuerySet[Video]:
    """Old videos without a box; crops that review kept do not need the video."""
    boxes = Box.objects.filter(frame__video=OuterRef("pk"))
    return _old(project).filter(~Exists(boxes))
