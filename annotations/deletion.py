"""Taking videos and projects away, with their files, so that a kill at any moment is harmless.

Rows go from the leaves up, a few at a time, each few in one transaction that also notes the
files they named (``DoomedFile``). Files go afterwards, those that no other row names: storage
is by content, so a frame may also belong to another project or to a frozen dataset version. A
job that was killed goes on with what is left, and ``sweep`` finishes what nobody finished.

Which columns name files is said by the rows themselves (``file_columns``); Django's own
collector says what a deletion takes with it. So the rows right of the dataset version are
found without being named here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousFileOperation
from django.db import models, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.deletion import (
    CASCADE,
    PROTECT,
    RESTRICT,
    Collector,
    get_candidate_relations_to_delete,
)
from django.utils import timezone

from annotations import thumbnails
from annotations.errors import BeingDeleted, NameNotTyped, WorkStillRunning
from annotations.models import (
    AuditEntry,
    Box,
    Crop,
    DatasetItem,
    DoomedFile,
    Project,
    Transcription,
    Video,
)
from lprsite import files
from lprsite.jobs import engine
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE, HELD, Job

PATIENCE_SECONDS = 90.0  # for running jobs to see that they shall stop
FILES_AT_ONCE = 2000
YOUNG_SECONDS = 600.0
LOOKED_AT = 1000  # files of a kind, to say about how large all are
NAME_LENGTH = 120


# --- what would be lost


def losses_of_video(video: Video) -> dict[str, int]:
    """How many rows of each kind go with the video, its bytes, and its active jobs."""
    frames = video.frames.all()
    boxes = Box.objects.present().filter(frame__video=video)
    texts = Transcription.objects.filter(crop__box__frame__video=video)
    kept = DatasetItem.objects.filter(Q(frame__video=video) | Q(crop__box__frame__video=video))
    return {
        "frames": frames.count(),
        "boxes": boxes.count(),
        "crops": Crop.objects.filter(box__frame__video=video).count(),
        "transcriptions": texts.count(),
        "passages": video.passages.count(),
        "readings": _from_the_right(video=video),
        "kept_in_datasets": kept.count(),
        "bytes": _bytes_of(
            Video.objects.filter(pk=video.pk), frames, Crop.objects.filter(box__frame__video=video)
        ),
        "jobs": jobs_of_video(video).count(),
    }


def losses_of_project(project: Project) -> dict[str, int]:
    """How many rows of each kind go with the project, its bytes, and its active jobs."""
    return {
        "videos": project.videos.count(),
        "frames": project.frames.count(),
        "boxes": Box.objects.present().filter(frame__project=project).count(),
        "crops": Crop.objects.filter(project=project).count(),
        "transcriptions": Transcription.objects.filter(crop__project=project).count(),
        "passages": project.passages.count(),
        "readings": _from_the_right(project=project),
        "datasets": project.datasets.count(),
        "bytes": _bytes_of(
            project.videos.all(), project.frames.all(), Crop.objects.filter(project=project)
        ),
        "jobs": Job.objects.active().filter(project_id=project.pk).count(),
    }


def _bytes_of(*tables: QuerySet[Any]) -> int:
    """About how many bytes the files of the rows have on the disk.

    Of many rows a thousand, spread over all, speak for the rest; the dialog must not wait.
    """
    total = 0
    for rows in tables:
        count = rows.count()
        step = max(1, count // LOOKED_AT)
        columns = rows.model.file_columns
        spread = rows.annotate(turn=F("pk") % step).filter(turn=0) if step > 1 else rows
        found = list(spread.order_by("pk").values_list(*columns)[: 2 * LOOKED_AT])
        size = sum(_size(key) for keys in found for key in keys if key)
        total += size * count // max(len(found), 1)
    return total


def _size(key: str) -> int:
    try:
        return files.local_path(key).stat().st_size
    except (OSError, SuspiciousFileOperation):
        return 0  # gone, or somebody's own file outside the storage


def _from_the_right(**of: Any) -> int:
    """How many readings there are: whatever rows of other apps hang on videos."""
    relations = [r for r in _cascades(Video) if r.related_model._meta.app_label != "annotations"]
    return sum(r.related_model._base_manager.filter(**of).count() for r in relations)


def jobs_of_video(video: Video) -> QuerySet[Job]:
    """The active jobs that work on the video, whatever they do."""
    named = Q(parameters__video=video.pk)
    for relation in _cascades(Video):
        fields = {field.name for field in relation.related_model._meta.concrete_fields}
        if "job" in fields:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: video})
            named |= Q(pk__in=rows.values("job"))
    return Job.objects.active().filter(named, project_id=video.project_id)


# --- beginning


@transaction.atomic
def begin_video(video: Video, *, by: User | None) -> None:
    """Mark the video, note who did it, and stop the jobs that work on it.

    Raises BeingDeleted.
    """
    now = timezone.now()
    if not Video.objects.filter(pk=video.pk, deleting_at=None).update(deleting_at=now):
        raise BeingDeleted(name=video.name)
    lost = losses_of_video(video)
    AuditEntry.objects.create(
        project_id=video.project_id,
        user=by,
        action="deleted video",
        subject=video.name,
        details=lost,
    )
    for job in jobs_of_video(video):
        engine.cancel(job)


@transaction.atomic
def begin_project(project: Project, typed: str, *, by: User) -> None:
    """Hide the project from everybody and free its name; note who did it; stop its jobs.

    Raises NameNotTyped, BeingDeleted.
    """
    if typed.strip() != project.name:
        raise NameNotTyped(name=project.name)
    lost = losses_of_project(project)
    hidden = f"{project.name[: NAME_LENGTH - 40]} (being deleted, {project.pk})"
    marks = {"deleting_at": timezone.now(), "name": hidden}
    if not Project.objects.filter(pk=project.pk, deleting_at=None).update(**marks):
        raise BeingDeleted(name=project.name)
    AuditEntry.objects.create(
        project=project, user=by, action="deleted project", subject=project.name, details=lost
    )
    engine.delete_of_project(project.pk)


# --- doing it


def take_video(pk: int, running: Running) -> dict[str, int]:
    """Delete a marked video with everything that hangs on it; returns how many rows and files.

    Raises WorkStillRunning.
    """
    video = Video.objects.filter(pk=pk).first()
    rows = 0
    if video is not None:
        _wait_for(jobs_of_video(video).exclude(pk=running.job.pk), video.name, running)
        rows = _delete(Video.objects.filter(pk=pk), running)
    return {"rows": rows, "files": remove_files(running)}


def take_project(pk: int, name: str, running: Running) -> dict[str, int]:
    """Delete a marked project with everything in it; returns how many rows and files.

    Raises WorkStillRunning.
    """
    engine.delete_of_project(pk)
    _wait_for(Job.objects.filter(project_id=pk), name, running)
    rows = _delete(Project.objects.filter(pk=pk), running)
    engine.delete_of_project(pk)
    return {"rows": rows, "files": remove_files(running)}


def take_rows(rows: QuerySet[Any], running: Running) -> int:
    """Delete rows with all that hangs on them and note their files; returns how many."""
    return _delete(rows, running)


def _wait_for(jobs: QuerySet[Job], name: str, running: Running) -> None:
    """Wait until the jobs, which were asked to stop, have stopped. Raises WorkStillRunning."""
    end = time.monotonic() + PATIENCE_SECONDS
    for job in jobs.filter(state__in=ACTIVE):
        engine.cancel(job)
    while count := jobs.filter(state__in=HELD).count():
        if time.monotonic() > end:
            raise WorkStillRunning(name=name, count=count)
        running.progress(0, None, "", "waiting for running work to stop")
        time.sleep(0.5)


def _delete(rows: QuerySet[Any], running: Running) -> int:
    """Delete rows and what hangs on them, the deepest first. Returns how many were taken."""
    count = 0
    for part in _parts(rows):
        for relation in _cascades(rows.model):
            below = relation.related_model._base_manager.filter(
                **{f"{relation.field.name}__in": part}
            )
            count += _delete(below, running)
        # What others must not lose goes with them, in the cascade of what they hang on.
        if not _restricted(rows.model):
            count += _take_away(rows.model._base_manager.filter(pk__in=part))
            running.progress(running.job.done + len(part), None, "rows")
    return count


def _parts(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The keys of the rows, a few at a time; rows may vanish meanwhile."""
    last: Any = None
    while True:
        ahead = rows if last is None else rows.filter(pk__gt=last)
        part = list(ahead.order_by("pk").values_list("pk", flat=True)[: settings.BULK_ROWS])
        if not part:
            return
        yield part
        last = part[-1]


def _cascades(model: type[models.Model]) -> list[Any]:
    relations: Iterable[Any] = get_candidate_relations_to_delete(model._meta)
    return [one for one in relations if one.on_delete is CASCADE]


def _restricted(model: type[models.Model]) -> bool:
    relations: Iterable[Any] = get_candidate_relations_to_delete(model._meta)
    return any(one.on_delete in (RESTRICT, PROTECT) for one in relations)


def _take_away(rows: QuerySet[Any]) -> int:
    """Delete these rows with their cascade, and note the files that all of them named."""
    with transaction.atomic():
        collector = Collector(using=rows.db, origin=rows)
        collector.collect(rows)
        keys = set(_keys_of(collector))
        DoomedFile.objects.bulk_create(
            [DoomedFile(key=key) for key in keys],
            ignore_conflicts=True,
            batch_size=settings.BULK_ROWS,
        )
        return int(collector.delete()[0])


def _keys_of(collector: Collector) -> Iterator[str]:
    """The keys in the storage that the rows of a deletion name; "/..." is somebody's own file."""
    sets = [
        model._base_manager.filter(pk__in=[row.pk for row in instances])
        for model, instances in collector.data.items()
    ]
    for rows in [*sets, *collector.fast_deletes]:
        model: Any = rows.model
        if columns := getattr(model, "file_columns", ()):
            for row in rows.values_list(*columns):
                yield from (key for key in row if key and not key.startswith("/"))
        if folder := getattr(model, "file_folder", ""):
            yield from (folder.format(pk=pk) for pk in rows.values_list("pk", flat=True))


# --- the files


def remove_files(running: Running | None = None) -> int:
    """Remove the doomed files that no row names any more; returns how many.

    A file that was stored again after it was doomed, or whose row may not be written yet by
    other work, is left for the next sweep.
    """
    removed, last = 0, 0
    held = Job.objects.filter(state__in=HELD)
    while True:
        part = list(DoomedFile.objects.filter(pk__gt=last).order_by("pk")[:FILES_AT_ONCE])
        if not part:
            return removed
        last = part[-1].pk
        used = _named({one.key for one in part})
        others = held.exclude(pk=running.job.pk if running else 0).exists()
        gone = [one for one in part if one.key in used or not _young(one, others=others)]
        removed += _unlink([one.key for one in gone if one.key not in used])
        for start in range(0, len(gone), settings.BULK_ROWS):
            keys = [one.pk for one in gone[start : start + settings.BULK_ROWS]]
            DoomedFile.objects.filter(pk__in=keys).delete()
        if running:
            running.progress(running.job.done + len(part), None, "files")


def _named(keys: set[str]) -> set[str]:
    """Those of the keys that some row names."""
    found: set[str] = set()
    for model in apps.get_models():
        for column in getattr(model, "file_columns", ()):
            rows = model._base_manager.filter(**{f"{column}__in": keys})
            found.update(rows.values_list(column, flat=True))
            for folder in (key for key in keys if key.endswith("/")):
                if model._base_manager.filter(**{f"{column}__startswith": folder}).exists():
                    found.add(folder)
    return found


def _young(doomed: DoomedFile, *, others: bool) -> bool:
    """Whether somebody may be about to name the file: it was stored a moment ago."""
    try:
        stored = files.local_path(doomed.key).stat().st_mtime
    except FileNotFoundError:
        return False
    again = stored > doomed.at.timestamp()
    return time.time() - stored < YOUNG_SECONDS and (again or others)


def _unlink(keys: list[str]) -> int:
    for key in keys:
        files.delete(key)
    thumbnails.forget([key for key in keys if key.startswith("frames/")])
    return len(keys)


# --- what nobody finished


def unfinished() -> tuple[list[Video], list[Project]]:
    """Marked videos and projects that no active job is taking away."""
    active = Job.objects.active()
    videos = Video.objects.filter(deleting_at__isnull=False, project__deleting_at=None)
    busy = active.filter(task="delete_video").values_list("parameters__video", flat=True)
    projects = Project.objects.filter(deleting_at__isnull=False)
    held = active.filter(task="delete_project").values_list("parameters__project", flat=True)
    return list(videos.exclude(pk__in=list(busy))), list(projects.exclude(pk__in=list(held)))
