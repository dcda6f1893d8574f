"""Long work left of the dataset version: which queue, and which step does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery import shared_task
from django.utils import timezone

from annotations import crops as crop_steps
from annotations import datasets, exports, imports, videos
from annotations.models import (
    DatasetVersion,
    Export,
    ImportBatch,
    Project,
    Role,
    Selection,
    Upload,
    Video,
)
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


@task("examine_import", queue="media")
def examine_import(running: Running) -> dict[str, Any]:
    return imports.examine(_batch(running), running, running.parameters.get("mapping"))


@task("run_import", queue="media")
def run_import(running: Running) -> dict[str, Any]:
    return imports.run(_batch(running), running)


def _batch(running: Running) -> ImportBatch:
    batch = ImportBatch.objects.select_related("project", "created_by").get(
        pk=running.parameters["batch"]
    )
    batch.job_id = running.job.pk
    batch.save(update_fields=["job_id"])
    return batch


@task("freeze_dataset", queue="media", role=Role.REVIEWER)
def freeze_dataset(running: Running) -> dict[str, Any]:
    job, given = running.job, running.parameters
    version = None
    project = Project.objects.get(pk=job.project_id or 0)
    if job.attempt > 1:  # the attempt before may have died after its last write
        frozen = DatasetVersion.objects.filter(
            project=project, kind=given["kind"], created_at__gte=job.created_at
        )
        version = frozen.filter(note=given["note"]).exclude(manifest_hash="").first()
    if version is None:
        rule = datasets.Rule.of(
            given["shares"], seed=given["seed"], whole_videos=given["whole_videos"]
        )
        version = datasets.freeze(
            project,
            given["kind"],
            rule,
            note=given["note"],
            by=job.created_by,
            running=running,
        )
    return {"dataset": version.pk, "number": version.number, "counts": version.counts}


@task("export_dataset", queue="media", role=Role.REVIEWER)
def export_dataset(running: Running) -> dict[str, Any]:
    """Into the storage for an ``export`` row; into the folder ``out`` for a command."""
    given = running.parameters
    if "export" in given:
        export = Export.objects.select_related("created_by").get(pk=given["export"])
        return exports.make_zip(export, running)
    version = DatasetVersion.objects.select_related("project").get(pk=given["dataset"])
    size = given.get("size")
    order = exports.Order(version, given["format"], (size[0], size[1]) if size else None)
    counts = exports.write(order, Path(given["out"]), running)
    exports.record(order, by=running.job.created_by)
    return counts


@task("resize_boxes", queue="media")
def resize_boxes(running: Running) -> dict[str, Any]:
    project = Project.objects.get(pk=running.job.project_id or 0)
    width, height = running.parameters["size"]
    return exports.resize_boxes(project, Path(running.parameters["out"]), (width, height), running)


@shared_task(name="annotations.tasks.sweep")
def sweep() -> None:
    """Remove uploads, imported files, exports and scratch files whose time is over."""
    imports.forget_old()
    files.sweep_scratch()
    now = timezone.now()
    for upload in Upload.objects.filter(expires_at__lt=now):
        files.delete(upload.file)
        upload.delete()
    for export in Export.objects.filter(expires_at__lt=now).exclude(file=""):
        files.delete(export.file)
        Export.objects.filter(pk=export.pk).update(file="")
