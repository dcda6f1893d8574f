"""Long work right of the dataset version. No torch here: each job gets a program of its own."""

from __future__ import annotations

from typing import Any

from annotations.models import Role
from lprsite.jobs import supervise
from lprsite.jobs.engine import Cancelled, Running, task
from lprsite.jobs.models import Job
from training import readings
from training.models import InferenceRun, TrainedModel, TrainingRun

WORK = "training.work"


@task("train", queue="gpu", max_attempts=5, role=Role.MANAGER)
def train(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


@task("evaluate", queue="gpu", role=Role.MANAGER)
def evaluate(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


@task("infer", queue="gpu", max_attempts=5, role=Role.REVIEWER)
def infer(running: Running) -> dict[str, Any]:
    readings.forget_scratch()
    try:
        return supervise.run(running, WORK)
    except Cancelled:  # the job's row says so only after this
        readings.forget_scratch_of(running.parameters["run"])
        raise


@task("export_model", queue="gpu", role=Role.MANAGER)
def export_model(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


def start_training(run: TrainingRun, *, by: Any = None) -> Job:
    """Queue the run's training; the run then names its job."""
    job = train.enqueue(project_id=run.project_id, by=by, dedupe=str(run.pk), run=run.pk)
    run.job = job
    run.save(update_fields=["job"])
    return job


def start_reading(run: InferenceRun, *, by: Any = None) -> Job:
    """Queue the reading of a video; the run then names its job."""
    job = infer.enqueue(project_id=run.project_id, by=by, dedupe=str(run.pk), run=run.pk)
    run.job = job
    run.save(update_fields=["job"])
    return job


def start_export(model: TrainedModel, *, by: Any = None) -> Job:
    """Queue the making of a model's ONNX file."""
    return export_model.enqueue(
        project_id=model.project_id, by=by, dedupe=str(model.pk), model=model.pk
    )
