"""Long work left of the dataset version: which queue, and which step does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery import shared_task
from django.utils import timezone

from annotations import crops as crop_steps
from annotations import videos
from annotations.models import Export, Project, Selection, Upload, Video
from lprsite import files
from lprsite.jobs.engine import Running, task


@task("split_video", queue="media")
def split_video(running: Running) -> dict[str, Any]:
    selection = Selection.objects.select_related("video").get(pk=running.parameters["selection"])
    return videos.split(selection, running)


@task("make_preview", queue="media")
def make_preview(running: Running) -> None:
    videos.make_preview(Video.objects.get(pk=running.parameters["video"]), running)


@task("crop_plates", queue="media")
def crop_plates(running: Running) -> dict[str, Any]:
    project = Project.objects.get(pk=running.parameters["project"])
    return crop_steps.make_missing(project, running)


@task("resize_crops", queue="media")
def resize_crops(running: Running) -> dict[str, Any]:
    project = Project.objects.get(pk=running.parameters["project"])
    width, height = running.parameters["size"]
    return crop_steps.resize_all(project, Path(running.parameters["out"]), (width, height), running)


@shared_task(name="annotations.tasks.sweep")
def sweep() -> None:
    """Remove uploads and exports whose time is over."""
    now = timezone.now()
    for upload in Upload.objects.filter(expires_at__lt=now):
        files.delete(upload.file)
        upload.delete()
    for export in Export.objects.filter(expires_at__lt=now).exclude(file=""):
        files.delete(export.file)
        Export.objects.filter(pk=export.pk).update(file="")
