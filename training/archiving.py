"""The tables right of the dataset version in the archive of a project.

``annotations.archive`` writes and reads them; the app adds them to its list when it starts.
Detections are left out: they serve a reading while it runs, and its reads hold what came of it.
So are plans of trainings: nothing begins by itself in a copy.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from annotations import shapes
from annotations.archive import NewId, Table
from annotations.models import DatasetItem, Project
from lprsite import files
from lprsite.errors import Refused
from lprsite.jobs.models import ACTIVE, Job, State
from training import headers
from training.models import (
    EpochSamples,
    Evaluation,
    InferenceRun,
    Match,
    Metric,
    Promotion,
    Read,
    ReadCrop,
    TrainedModel,
    TrainingRun,
)

_TASKS = ("train", "infer")


def _jobs_of_runs(project: Project) -> Q:
    trainings = TrainingRun.objects.filter(project=project).values("job")
    readings = InferenceRun.objects.filter(project=project).values("job")
    return Q(pk__in=trainings) | Q(pk__in=readings)


def _models(project: Project) -> Q:
    """Those of the project, and the starters that something of it came from."""
    trainings = TrainingRun.objects.filter(project=project)
    readings = InferenceRun.objects.filter(project=project)
    children = TrainedModel.objects.filter(project=project)
    used = Q(pk__in=trainings.values("parent")) | Q(pk__in=children.values("parent"))
    used |= Q(pk__in=Evaluation.objects.filter(dataset__project=project).values("model"))
    used |= Q(pk__in=readings.values("detector")) | Q(pk__in=readings.values("recognizer"))
    return Q(project=project) | (Q(project=None) & used)


def _over(job: Any) -> None:
    """A job of an archive is history: nothing starts it."""
    if job.task not in _TASKS:
        raise ValueError(f"task is {job.task!r}, which is no run's")
    if job.state in ACTIVE:
        job.state = State.CANCELLED


def _is_checkpoint(model: Any) -> None:
    """The file of a trained model is a checkpoint of its kind, if it came along."""
    path = files.local_path(model.file)
    if path.exists():
        try:
            headers.read_of_kind(path, model.kind)
        except Refused as refusal:
            raise ValueError(str(refusal)) from refusal


def _found(said: Any) -> bool:
    """What a network said on a picture: a text, or boxes with label, corners and confidence."""
    return (
        isinstance(said, dict)
        and isinstance(said.get("item"), int)
        and isinstance(said.get("text", ""), str)
        and shapes.list_of(_detection)(said.get("boxes", []))
    )


def _detection(said: Any) -> bool:
    return (
        isinstance(said, list)
        and len(said) == 6
        and isinstance(said[0], str)
        and all(map(shapes.is_number, said[1:]))
    )


def _number_found(row: Any, new_id: NewId) -> None:
    row.found = [{**each, "item": new_id(DatasetItem, each["item"])} for each in row.found]


def _number_figures(row: Any, new_id: NewId) -> None:
    """A report names pictures by their dataset items."""

    def told(said: Any) -> Any:
        if isinstance(said, list):
            return [told(each) for each in said]
        if isinstance(said, dict):
            return {
                name: new_id(DatasetItem, each)
                if name in ("crop", "frame") and isinstance(each, int)
                else told(each)
                for name, each in said.items()
            }
        return said

    if "report" in row.figures:
        row.figures["report"] = told(row.figures["report"])


def _number_evaluation(row: Any, new_id: NewId) -> None:
    _number_found(row, new_id)
    _number_figures(row, new_id)


def _alternative(said: Any) -> bool:
    return (
        isinstance(said, list)
        and len(said) == 2
        and isinstance(said[0], str)
        and shapes.is_number(said[1])
    )


TABLES = (
    Table(
        "jobs",
        Job,
        ("project_id",),
        leave=(
            "project_id", "parameters", "result", "dedupe_key", "lease_owner", "lease_until",
            "sent_at", "sendings", "rank",
        ),
        which=_jobs_of_runs,
        settle=_over,
    ),
    Table(
        "trained_models",
        TrainedModel,
        leave=("onnx",),
        late=("parent",),
        which=_models,
        settle=_is_checkpoint,
        renumber=_number_figures,
        shapes={"metadata": shapes.is_mapping, "figures": shapes.is_mapping},
    ),
    Table("promotions", Promotion),
    Table(
        "training_runs",
        TrainingRun,
        leave=("stop",),
        shapes={"config": shapes.is_mapping, "environment": shapes.is_mapping},
    ),
    Table("metrics", Metric, ("run__project",)),
    Table(
        "epoch_samples",
        EpochSamples,
        ("run__project",),
        renumber=_number_found,
        shapes={"found": shapes.list_of(_found)},
    ),
    Table(
        "evaluations",
        Evaluation,
        ("dataset__project",),
        renumber=_number_evaluation,
        shapes={"found": shapes.list_of(_found), "figures": shapes.is_mapping},
    ),
    Table(
        "inference_runs",
        InferenceRun,
        leave=("camera_run",),
        shapes={"options": shapes.is_mapping, "throughput": shapes.is_mapping},
    ),
    Table(
        "reads",
        Read,
        ("run__project",),
        leave=("continues",),
        shapes={
            "boxes": shapes.list_of(shapes.numbers(5)),
            "alternatives": shapes.list_of(_alternative),
        },
    ),
    Table(
        "read_crops",
        ReadCrop,
        ("read__run__project",),
        shapes={"box": shapes.list_of(shapes.is_number)},
    ),
    Table("matches", Match, ("read__run__project",)),
)  # fmt: skip
