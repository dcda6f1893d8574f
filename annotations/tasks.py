"""Long work left of the dataset version: which queue, and which step does it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import shared_task
from django.db import transaction

from annotations import (
    activities,
    copies,
    datasets,
    deletion,
    exports,
    imports,
    restoring,
    selections,
    splits,
    tracks,
    uploads,
    videos,
    watching,
)
from annotations import crops as crop_steps
from annotations.models import (
    DatasetVersion,
    Export,
    ImportBatch,
    Project,
    Purpose,
    Role,
    Selection,
    Upload,
    Video,
    WatchedFile,
)
from annotations.vision.activity import MOVES
from lprsite import files
from lprsite.errors import Refused
from lprsite.jobs.engine import Cancelled, Running, task
from lprsite.jobs.models import Job

log = logging.getLogger(__name__)


@task("ingest_video", queue="media")
def ingest_video(running: Running) -> dict[str, Any]:
    """A finished ``upload``, or a file below the folder opened for this (``path``)."""
    given = running.parameters
    if "upload" in given:
        video, new = uploads.become_video(_upload(running), running)
    else:
        project = Project.objects.get(pk=running.job.project_id or 0)
        path, by = videos.allowed_path(given["path"]), running.job.created_by
        video, new = videos.bring(path, project=project, by=by, running=running)
    if not video.preview:
        make_preview.enqueue(
            project_id=video.project_id, by=video.created_by, dedupe=str(video.pk), video=video.pk
        )
    return {"video": video.pk, "new": new}


@task("receive_import", queue="media")
def receive_import(running: Running) -> dict[str, Any]:
    """A finished upload becomes an import batch, which is then looked at."""
    upload = _upload(running)
    batch = uploads.become_batch(upload)
    with transaction.atomic():
        job = examine_import.enqueue(
            project_id=batch.project_id, by=upload.user, dedupe=str(batch.pk), batch=batch.pk
        )
        ImportBatch.objects.filter(pk=batch.pk, job_id=None).update(job_id=job.pk)
    return {"batch": batch.pk}


def _upload(running: Running) -> Upload:
    rows = Upload.objects.select_related("project", "user", "video", "batch")
    upload = rows.filter(pk=running.parameters["upload"]).first()
    if upload is None:
        raise Cancelled  # given up while the job waited
    return upload


def check_upload(upload: Upload) -> Job:
    """Start the job that looks at a file that has come whole."""
    kinds: dict[str, Any] = {
        Purpose.VIDEO: ingest_video,
        Purpose.IMPORT: receive_import,
        Purpose.ARCHIVE: import_project,
    }
    job: Job = kinds[upload.purpose].enqueue(
        project_id=upload.project_id,
        by=upload.user,
        dedupe=str(upload.pk),
        upload=upload.pk,
        name=upload.name,
    )
    Upload.objects.filter(pk=upload.pk).update(job_id=job.pk)
    return job


@task("split_video", queue="media")
def split_video(running: Running) -> dict[str, Any]:
    rows = Selection.objects.select_related("video__camera")
    selection = rows.get(pk=running.parameters["selection"])
    with _preview_kept_playable(selection.video):
        return selections.split(selection, running)


@task("make_preview", queue="media")
def make_preview(running: Running) -> dict[str, Any]:
    made = copies.make_preview(_video(running), running)
    row = _video(running)
    if made["copied"] and row.broken:  # found while it was copied
        made = copies.make_preview(row, running)
    return made


@contextmanager
def _preview_kept_playable(row: Video) -> Iterator[None]:
    """Have the preview made again where the work finds damage of which nobody knew.

    It was copied then, and players stop where a copy of the damage begins.
    """
    known = row.broken
    yield
    if row.broken and not known and Video.objects.filter(pk=row.pk).exclude(preview="").exists():
        make_preview.enqueue(project_id=row.project_id, dedupe=str(row.pk), video=row.pk)


@task("measure_activity", queue="media")
def measure_activity(running: Running) -> dict[str, Any]:
    row = _video(running)
    with _preview_kept_playable(row):
        track = activities.measured(row, running)
    return {"frames": len(track.rows), "seconds": round(track.duration, 3)}


@task("condense_video", queue="media")
def condense_video(running: Running) -> dict[str, Any]:
    """Into a new video of the project; into the file ``out`` for a command."""
    given, row = running.parameters, _video(running)
    motion = given.get("motion") or MOVES
    if "out" in given:
        out = Path(given["out"])
        with _preview_kept_playable(row):
            made = copies.condense_to(row, out, running, motion=motion)
        copies.write_map(copies.map_path(out), made)
        return _summary(made)
    by = running.job.created_by
    with _preview_kept_playable(row):
        video, made = copies.condense(row, running, motion=motion, by=by)
    if not video.preview:
        make_preview.enqueue(
            project_id=video.project_id, by=by, dedupe=str(video.pk), video=video.pk
        )
    return {"video": video.pk, **_summary(made)}


def _summary(made: dict[str, Any]) -> dict[str, Any]:
    return {
        "seconds": round(made["seconds"], 3),
        "of": round(made["of"], 3),
        "stretches": len(made["map"]),
        "copied": made["copied"],
    }


def _video(running: Running) -> Video:
    return Video.objects.select_related("project", "camera").get(pk=running.parameters["video"])


@task("delete_video", queue="media", role=Role.MANAGER)
def delete_video(running: Running) -> dict[str, Any]:
    return deletion.take_video(running.parameters["video"], running)


@task("delete_project", queue="media", role=Role.MANAGER)
def delete_project(running: Running) -> dict[str, Any]:
    return deletion.take_project(running.parameters["project"], running.parameters["name"], running)


def start_delete_video(video: Video, by: Any = None) -> Job:
    """Enqueue what takes the marked video away."""
    return delete_video.enqueue(
        project_id=video.project_id, by=by, dedupe=str(video.pk), video=video.pk, name=video.name
    )


def start_delete_project(project: Project, by: Any = None) -> Job:
    """Enqueue what takes the marked project away. The job belongs to no project: it outlives it."""
    return delete_project.enqueue(
        project_id=None, by=by, dedupe=str(project.pk), project=project.pk, name=project.name
    )


@task("crop_plates", queue="media")
def crop_plates(running: Running) -> dict[str, Any]:
    project = Project.objects.get(pk=running.parameters["project"])
    return crop_steps.make_missing(project, running)


@task(tracks.TASK, queue="media")
def link_crops(running: Running) -> dict[str, Any]:
    """Follow plates through a video, so that the crops of each vehicle are read once."""
    result = tracks.link(_video(running), running)
    running.job.forget_earlier()
    return result


@shared_task(name="annotations.tasks.link_new")
def link_new() -> None:
    """Queue the linking of crops that were made since."""
    for video in tracks.due():
        link_crops.enqueue(project_id=video.project_id, dedupe=str(video.pk), video=video.pk)


@task("resize_crops", queue="media")
def resize_crops(running: Running) -> dict[str, Any]:
    project = Project.objects.get(pk=running.parameters["project"])
    width, height = running.parameters["size"]
    return crop_steps.resize_all(project, Path(running.parameters["out"]), (width, height), running)


@task("examine_import", queue="media")
def examine_import(running: Running) -> dict[str, Any]:
    given = running.parameters
    return imports.examine(
        _batch(running), running, given.get("mapping"), texts=bool(given.get("texts"))
    )


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
        rule = splits.Rule.of(
            given["shares"], seed=given["seed"], whole_videos=given["whole_videos"]
        )
        version = datasets.freeze(
            project,
            given["kind"],
            rule,
            only=datasets.Filter.of(given.get("filter")),
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
        rows = Export.objects.select_related("created_by", "project")
        return exports.make_zip(rows.get(pk=given["export"]), running)
    project = Project.objects.get(pk=running.job.project_id or 0)
    order = exports.order_from(project, given["format"], given["order"])
    counts = exports.write(order, Path(given["out"]), running)
    exports.record(project, "exported", order.title, by=running.job.created_by, **given["order"])
    return counts


@task("export_project", queue="media", role=Role.MANAGER)
def export_project(running: Running) -> dict[str, Any]:
    """The whole project as an archive, for a command."""
    given, project = running.parameters, Project.objects.get(pk=running.job.project_id or 0)
    counts = exports.archive_to(project, Path(given["out"]), running, videos=given["videos"])
    exports.record(project, "exported", "the whole project", by=running.job.created_by)
    return counts


@task("import_project", queue="media", role=Role.MANAGER)
def import_project(running: Running) -> dict[str, Any]:
    """A project from an archive: an ``upload``, a ``file`` of the storage, or a ``path``."""
    given, job = running.parameters, running.job
    if half := given.get("made"):  # an attempt before this one was killed
        for project in Project.objects.filter(pk=half):
            restoring.forget(project)

    def began(project: Project) -> None:
        given["made"] = project.pk
        Job.objects.filter(pk=job.pk).update(parameters=given)

    with _archive(running) as path:
        result = restoring.restore(
            path,
            running,
            name=given["name"],
            by=job.created_by,
            called=given.get("called", ""),
            began=began,
        )
        restoring.record(result, given["name"], by=job.created_by)
    return result


@contextmanager
def _archive(running: Running) -> Iterator[Path]:
    """The file to restore from; one that was sent for this goes when it is done or refused."""
    given = running.parameters
    if "upload" in given:
        with uploads.spent(_upload(running)) as path:
            yield path
    elif "file" in given:
        path = files.local_path(given["file"])
        yield path
        shutil.rmtree(path.parent, ignore_errors=True)
    else:
        yield Path(given["path"])


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
    uploads.sweep()
    deletion.remove_files()
    videos_left, projects_left = deletion.unfinished()
    for video in videos_left:
        start_delete_video(video)
    for project in projects_left:
        start_delete_project(project)
    exports.expire()


@shared_task(name="annotations.tasks.watch")
def watch() -> None:
    """Take up what is new in the watched folder."""
    try:
        with transaction.atomic():
            for project, row in watching.new_files():
                job = ingest_video.enqueue(
                    project_id=project.pk, path=row.path, name=Path(row.path).name
                )
                WatchedFile.objects.filter(pk=row.pk).update(job_id=job.pk)
    except Refused as refusal:
        log.warning("the watched folder is not looked at: %s", refusal)
