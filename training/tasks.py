"""Long work right of the dataset version. No torch here: each job gets a program of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from annotations import lessons, suggestions, verdicts
from annotations.errors import PassageChanged
from annotations.models import DatasetVersion, Export, Frame, Project, Role
from annotations.models.datasets import Kind
from annotations.tasks import start_delete_video
from lprsite.errors import Refused
from lprsite.jobs import engine, supervise
from lprsite.jobs.engine import Cancelled, Running, task
from lprsite.jobs.models import HELD, Job, State
from lprsite.jobs.resident import Resident
from training import (
    camera_runs,
    devices,
    estimates,
    evaluations,
    readings,
    retention,
    reviews,
    runs,
    schedules,
    suggesting,
    sure,
    webhooks,
)
from training.models import CameraRun, InferenceRun, TrainedModel, TrainingRun

log = logging.getLogger(__name__)
WORK = "training.work"
READER = Resident("training.reader")


@contextmanager
def _device(job: Job) -> Iterator[str | None]:
    """A device for a job of the queue "gpu", if one that it may use is free."""
    asked = str(job.parameters.get("device", devices.AUTO))
    if job.task == "train":
        rows = TrainingRun.objects.filter(pk=job.parameters["run"])
        asked = rows.values_list("device", flat=True).first() or devices.AUTO
    cards = [card.name for card in devices.found()]
    if settings.TRAIN_PROCESSES > 1:  # one training has all of them
        asked, cards = devices.AUTO, [devices.AUTO]
    with devices.taken(asked, cards, locks=settings.DATA / "run") as name:
        yield name


@task("train", queue="gpu", max_attempts=5, role=Role.MANAGER, place=_device)
def train(running: Running) -> dict[str, Any]:
    try:
        result = supervise.run(running, WORK)
    except Refused as refusal:
        _tell_webhook(running, error=refusal.sentence())
        _mail(running, refusal.sentence(), refusal.sentence("es"))
        raise
    _tell_webhook(running, **result)
    _mail(running, f"It made model {result['model']}.", f"Hizo el modelo {result['model']}.")
    project = Project.objects.get(pk=running.job.project_id or 0)
    current = runs.current(project, Kind.RECOGNIZER)
    if current is not None and current.pk == result["model"]:
        suggest_as_promoted(project)
    return result


def _mail(running: Running, en: str, es: str) -> None:
    """Tell whoever started the training how it ended, where mail is set up."""
    run = TrainingRun.objects.select_related("created_by").get(pk=running.parameters["run"])
    if not settings.MAILS or run.created_by is None or not run.created_by.email:
        return
    title = f"LPR Studio: {run}"
    try:
        send_mail(title, f"{en}\n\n{es}\n", None, [run.created_by.email])
    except OSError as problem:  # SMTP's own are of this kind
        log.warning("nobody was mailed of run %s: %s", run.pk, problem)


def _tell_webhook(running: Running, **facts: Any) -> None:
    """Tell the address that the settings name how a training ended; it is never waited for long."""
    if not settings.TRAINING_WEBHOOK:
        return
    told = {"run": running.parameters["run"], "project": running.job.project_id, **facts}
    webhooks.tell(settings.TRAINING_WEBHOOK, told)


@task("estimate", queue="gpu", max_attempts=1, role=Role.MANAGER, place=_device)
def estimate(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


@task("evaluate", queue="gpu", role=Role.MANAGER, place=_device)
def evaluate(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


@task("compare", queue="gpu", role=Role.MANAGER, place=_device)
def compare(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


@task("infer", queue="gpu", max_attempts=5, role=Role.REVIEWER, place=_device)
def infer(running: Running) -> dict[str, Any]:
    readings.forget_scratch()
    try:
        return supervise.run(running, WORK)
    except Cancelled:  # the job's row says so only after this
        readings.forget_scratch_of(running.parameters["run"])
        raise


@task("record_camera", queue="cameras", role=Role.MANAGER)
def record_camera(running: Running) -> dict[str, Any]:
    """Record a camera and have its pieces read, until somebody stops it."""
    rows = CameraRun.objects.select_related("camera__project")
    run = rows.get(pk=running.parameters["camera_run"])
    try:
        with closing(camera_runs.record(run, running)) as begun:
            for _ in begun:
                start_reading_pieces(run)
    except Refused as refusal:
        camera_runs.give_up(run, refusal)
        raise
    return {"camera_run": run.pk, "pieces": running.job.done}


@task("read_pieces", queue="gpu", max_attempts=5, role=Role.MANAGER, place=_device)
def read_pieces(running: Running) -> dict[str, Any]:
    """Read what waits of a camera: one job for all its pieces."""
    result = supervise.run(running, WORK)
    running.job.forget_earlier()
    return result


def start_reading_pieces(run: CameraRun) -> Job:
    """Queue the reading of a camera's pieces, unless it is being done."""
    return read_pieces.enqueue(
        project_id=run.camera.project_id,
        dedupe=str(run.pk),
        camera_run=run.pk,
        camera=run.camera_id,
    )


def start_recording(run: CameraRun, *, by: Any = None) -> Job:
    """Queue the recording of a camera; the run then names its job."""
    job = record_camera.enqueue(
        project_id=run.camera.project_id,
        by=by,
        dedupe=str(run.pk),
        camera_run=run.pk,
        camera=run.camera_id,
    )
    CameraRun.objects.filter(pk=run.pk).update(job=job)
    return job


@shared_task(name="training.tasks.go_on_recording")
def go_on_recording() -> None:
    """Queue what nobody works on: recordings that are wanted, pieces that wait to be read.

    Of one that was killed on this machine the lease is not waited for: what comes meanwhile is
    lost.
    """
    for job in Job.objects.filter(task=record_camera.name, state__in=HELD):
        engine.free_if_abandoned(job)
    camera_runs.heed_cancelled()
    for run in camera_runs.wanted():
        start_recording(run)
    broken = Job.objects.filter(task=read_pieces.name, state=State.FAILED)
    broken = broken.filter(ended_at__gt=timezone.now() - camera_runs.AGAIN)
    waits = set(broken.values_list("parameters__camera_run", flat=True))
    for run in camera_runs.with_unread().exclude(pk__in=waits):
        start_reading_pieces(run)


@task("learn_frames", queue="media", role=Role.REVIEWER)
def learn_frames(running: Running) -> dict[str, Any]:
    """Frames and boxes of what was reviewed of a reading, for the next dataset version."""
    rows = InferenceRun.objects.select_related("video__camera")
    run = rows.get(pk=running.parameters["run"])
    found = reviews.lessons_of(run)
    return lessons.learn(run.video, found, running, by=running.job.created_by)


@task("accept_sure", queue="default", role=Role.REVIEWER)
def accept_sure(running: Running) -> dict[str, Any]:
    """Accept the surest reads of a reading unseen."""
    given = running.parameters
    run = InferenceRun.objects.select_related("video").get(pk=given["run"])
    by, deed = running.job.created_by, UUID(given["deed"])
    return {"accepted": sure.accept(run, given["threshold"], running, by=by, deed=deed)}


@task("undo_sure", queue="default", role=Role.REVIEWER)
def undo_sure(running: Running) -> dict[str, Any]:
    """Take back what was accepted unseen."""
    given = running.parameters
    run = InferenceRun.objects.select_related("video").get(pk=given["run"])
    by, undone, deed = running.job.created_by, UUID(given["undone"]), UUID(given["deed"])
    return {"undone": sure.undo(run, undone, running, by=by, deed=deed)}


@task("expire_readings", queue="media", role=Role.MANAGER)
def expire_readings(running: Running) -> dict[str, Any]:
    """Delete the readings of a project that are older than it keeps them, with their crops."""
    project = Project.objects.get(pk=running.parameters["project"])
    result = retention.expire_readings(project, running)
    for video in retention.expire_videos(project):
        start_delete_video(video)
        result["videos"] += 1
    return result


@shared_task(name="training.tasks.retain")
def retain() -> None:
    """Queue the deletion of what projects do not want to keep any longer."""
    for pk in retention.due():
        expire_readings.enqueue(project_id=pk, dedupe=str(pk), project=pk)


def of_run(run: InferenceRun) -> dict[str, Any]:
    """What a job on a reading is given; whoever deletes the video stops the jobs that name it."""
    return {"run": run.pk, "video": run.video_id}


def start_learning(run: InferenceRun, *, by: Any = None) -> Job:
    """Queue the taking of frames from what was reviewed of a reading."""
    return learn_frames.enqueue(
        project_id=run.project_id, by=by, dedupe=str(run.video_id), **of_run(run)
    )


def start_accepting(run: InferenceRun, threshold: float, *, deed: UUID, by: Any = None) -> Job:
    """Queue the acceptance of the surest reads, once for each ``deed``. Raises as sure.check."""
    begun = Job.objects.filter(task=accept_sure.name, project_id=run.project_id)
    if known := begun.filter(parameters__deed=str(deed)).first():
        return known
    sure.check(run, threshold)
    asked = {**of_run(run), "threshold": threshold, "deed": str(deed)}
    return accept_sure.enqueue(project_id=run.project_id, by=by, dedupe=str(run.pk), **asked)


def start_undoing(run: InferenceRun, undone: UUID, *, deed: UUID, by: Any = None) -> Job:
    """Queue the taking back of what was accepted unseen, once for each ``deed``.

    Raises PassageChanged where nothing of it stands any more.
    """
    begun = Job.objects.filter(task=undo_sure.name, project_id=run.project_id)
    if known := begun.filter(parameters__deed=str(deed)).first():
        return known
    if not verdicts.standing(run.video, undone).exists():
        raise PassageChanged(current=None)
    asked = {**of_run(run), "undone": str(undone), "deed": str(deed)}
    return undo_sure.enqueue(project_id=run.project_id, by=by, dedupe=str(undone), **asked)


@shared_task(name="training.tasks.begin_scheduled")
def begin_scheduled() -> None:
    """Queue the trainings whose time has come."""
    for run in schedules.begin_due():
        start_training(run, by=run.created_by)


@task("annotate_video", queue="media", role=Role.REVIEWER)
def annotate_video(running: Running) -> dict[str, Any]:
    """The video of a reading with its reads drawn on it, into the storage for an ``export`` row;
    into the file ``out`` for a command."""
    given, rows = running.parameters, InferenceRun.objects.select_related("video__camera")
    run = rows.get(pk=given["run"])
    if "export" not in given:
        return readings.annotate(run, Path(given["out"]), running)
    export = Export.objects.select_related("created_by", "project").get(pk=given["export"])
    return readings.keep_annotated(export, run, running)


def start_annotating(run: InferenceRun, *, by: Any = None) -> Job:
    """Queue the making of a reading's annotated video; of one at a time. Raises ReadingNotDone."""
    for job in Job.objects.active().filter(pk__in=readings.annotated(run).values("job_id")):
        return job
    export = readings.request_annotated(run, by=by)
    job = annotate_video.enqueue(project_id=run.project_id, by=by, export=export.pk, **of_run(run))
    Export.objects.filter(pk=export.pk).update(job_id=job.pk)
    return job


@task("export_model", queue="gpu", role=Role.MANAGER, place=_device)
def export_model(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


@task("suggest", queue="suggest")
def suggest(running: Running) -> dict[str, Any]:
    """Read the waiting crops of a project that have no suggestion, or ``again`` none of the
    present recognizer."""
    project = Project.objects.get(pk=running.parameters["project"])
    result = suggesting.suggest(project, running, READER.ask, again=running.parameters["again"])
    running.job.forget_earlier()
    return result


@task("suggest_boxes", queue="suggest")
def suggest_boxes(running: Running) -> dict[str, Any]:
    """Propose boxes on a frame and the next ones of its video that have none."""
    frame = Frame.objects.select_related("project").get(pk=running.parameters["frame"])
    result = suggesting.suggest_boxes(frame, running, READER.ask)
    running.job.forget_earlier()
    return result


def start_suggesting_boxes(frame: Frame) -> Job | None:
    """Queue suggestions of boxes for whoever has this frame on screen, where they are due."""
    if not suggesting.boxes_due(frame):
        return None
    return suggest_boxes.enqueue(project_id=frame.project_id, dedupe=str(frame.pk), frame=frame.pk)


def start_suggesting(project: Project, *, by: Any = None) -> Job:
    """Queue new suggestions for the crops that the present recognizer has not read."""
    return suggest.enqueue(
        project_id=project.pk,
        by=by,
        dedupe=f"{project.pk}:{suggesting.source_of(project).name}",
        project=project.pk,
        again=True,
    )


def suggest_as_promoted(project: Project, *, by: Any = None) -> None:
    """Another recognizer is current: have it read what waits, if anything does."""
    if suggesting.wanted(project, suggesting.source_of(project), again=True).exists():
        start_suggesting(project, by=by)


@shared_task(name="training.tasks.suggest_new")
def suggest_new() -> None:
    """Queue suggestions for crops that were made since: drawn, moved, imported or restored."""
    for pk in suggesting.due(suggestions.projects_lacking()):
        suggest.enqueue(project_id=pk, dedupe=str(pk), project=pk, again=False)


def start_training(run: TrainingRun, *, by: Any = None) -> Job:
    """Queue the run's training; the run then names its job."""
    job = train.enqueue(project_id=run.project_id, by=by, dedupe=str(run.pk), run=run.pk)
    run.job, run.stop = job, ""
    run.save(update_fields=["job", "stop"])
    return job


def start_estimate(
    version: DatasetVersion,
    settings: Mapping[str, Any],
    *,
    parent: TrainedModel | None,
    device: str,
    by: Any = None,
) -> Job:
    """Queue a few steps of a training, to know what all of them will take.

    It goes before what waits: somebody looks at the form.
    """
    job = estimate.enqueue(
        project_id=version.project_id,
        by=by,
        dedupe=estimates.key_of(version, settings, parent=parent, device=device),
        dataset=version.pk,
        config=dict(settings),
        parent=parent and parent.pk,
        device=device,
    )
    Job.objects.filter(pk=job.pk).update(rank=0.0)
    return job


def start_comparison(
    version: DatasetVersion, models: Sequence[int] | None = None, *, by: Any = None
) -> Job:
    """Judge models on the held part of a version: those given, else all that lack it."""
    chosen = evaluations.lacking(version.project, version) if models is None else list(models)
    return compare.enqueue(
        project_id=version.project_id,
        by=by,
        dedupe=str(version.pk),
        dataset=version.pk,
        models=chosen,
    )


def start_reading(run: InferenceRun, *, by: Any = None) -> Job:
    """Queue the reading of a video; the run then names its job."""
    job = infer.enqueue(project_id=run.project_id, by=by, dedupe=str(run.pk), **of_run(run))
    run.job = job
    run.save(update_fields=["job"])
    return job


def start_export(model: TrainedModel, *, by: Any = None) -> Job:
    """Queue the making of a model's ONNX file."""
    return export_model.enqueue(
        project_id=model.project_id, by=by, dedupe=str(model.pk), model=model.pk
    )
