"""Trainings, models and readings in the archive of a project."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from annotations import archive, restoring
from annotations.errors import ArchiveRowWrong
from annotations.models import DatasetItem, Passage, Project
from lprsite import files
from lprsite.jobs.models import Job, State, lease_end
from tests.annotations.archives import repacked, rows_of, with_row
from tests.training.rows import make_read
from training import evaluations, runs
from training.models import (
    Evaluation,
    InferenceRun,
    Match,
    Metric,
    Promotion,
    ReadCrop,
    TrainedModel,
    TrainingRun,
)


def checkpoint(path: Path, kind: str, weights: bytes = b"weights") -> Path:
    """A file that says that it is a checkpoint of a kind, as ``headers`` reads it."""
    said = {"kind": kind, "network": "small"}
    head = json.dumps({"__metadata__": {"lpr": json.dumps(said)}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(head).to_bytes(8, "little") + head + weights)
    return path


@pytest.fixture
def trained(full: Project, user: Any, tmp_path: Path) -> Project:
    """A project with a row of every kind, a model of its own and a starter."""
    version = full.datasets.get(kind="detector")
    starter = runs.register(
        checkpoint(tmp_path / "s.safetensors", "recognizer"), "recognizer", None, name="Starter"
    )
    run = runs.create(version, {"preset": "quick"}, by=user)
    run.job = Job.objects.create(
        task="train", queue="gpu", project_id=full.pk, state=State.SUCCEEDED, created_by=user,
        parameters={"run": run.pk}, log="epoch 1", done=2, total=2, unit="epochs",
    )  # fmt: skip
    run.save()
    runs.record(run, 1, {"loss": 0.5, "map": 0.25})
    item = version.items.order_by("-pk")[0].pk
    found = [{"item": item, "boxes": [["car", 1, 2, 3, 4, 0.5]]}]
    runs.keep_samples(run, 1, found)
    checkpoint(files.local_path(f"{runs.folder_key(run)}/best.safetensors"), "detector", b"best")
    detector = runs.finish(run, {"network": "small", "classes": ["car"]}, {"map": 0.25})
    report = {"labels": {"car": {"missed": [{"frame": item, "size": [2, 2]}]}}}
    for model in (detector, starter):
        evaluations.keep(model, version, "val", {"map": 0.5, "report": report}, found)
    TrainedModel.objects.filter(pk=detector.pk).update(parent=starter)
    reading = InferenceRun.objects.create(
        project=full, video=full.videos.get(original=None), detector=detector, recognizer=starter,
        options={"fps": 5}, throughput={"frames": 10}, created_by=user,
        job=Job.objects.create(
            task="infer", queue="gpu", project_id=full.pk, state=State.RUNNING,
            lease_until=lease_end(), lease_owner="here",
        ),
    )  # fmt: skip
    read = make_read(reading, "ABC123", 0, 900, crops=("ABC123", "ABC128"))
    read.characters, read.alternatives = [0.5] * 6, [["8", 0.25]] * 6
    read.save()
    Match.objects.create(read=read, passage=Passage.objects.get(), outcome="right")
    make_read(reading, "XYZ999", 1000, 1100)
    return full


def everything(project: Project) -> dict[str, list[Any]]:
    """Every value of every row right of the dataset version, with places instead of ids."""
    told: dict[str, list[Any]] = {}
    places: dict[Any, dict[int, int]] = {}
    for table in archive.TABLES:
        found = list(table.rows.filter(table.of(project)).order_by("pk"))
        places[table.model] = {row.pk: place for place, row in enumerate(found)}
        told[table.name] = found
    left = {"file", "state"}  # kept by content; what ran is over

    def value(column: Any, said: Any) -> Any:
        if column.related_model in places and said:
            return places[column.related_model][said]
        return inner(said) if column.name in ("found", "figures") else said

    def inner(said: Any, name: str = "") -> Any:
        """Of JSON, the ids of dataset items as places."""
        if isinstance(said, list):
            return [inner(each) for each in said]
        if isinstance(said, dict):
            return {key: inner(each, key) for key, each in said.items()}
        return places[DatasetItem][said] if name in ("item", "frame") else said

    def values(table: archive.Table, row: Any) -> dict[str, Any]:
        columns = [column for column in table.columns if column.name not in left]
        return {column.name: value(column, getattr(row, column.attname)) for column in columns}

    return {t.name: [values(t, row) for row in told[t.name]] for t in archive.TABLES}


def test_deleted_project_comes_back_with_its_models_and_readings(trained, running, tmp_path, user):
    archive.write(trained, tmp_path / "a.zip", running, videos=True)
    before = everything(trained)
    assert all(before.values())
    weights = files.local_path(TrainedModel.objects.get(kind="detector").file).read_bytes()
    crops = sorted(files.local_path(c.file).read_bytes() for c in ReadCrop.objects.all())
    restoring.forget(trained)
    assert not TrainedModel.objects.exclude(project=None).exists()
    assert not Job.objects.exclude(task="test").exists()
    for path in files.root().rglob("*.*"):
        path.unlink()
    again = Project.objects.get(
        pk=restoring.restore(tmp_path / "a.zip", running, by=user)["project"]
    )
    assert everything(again) == before
    model = runs.current(again, "detector")
    assert model is not None and files.local_path(model.file).read_bytes() == weights
    assert runs.find(again, "detector", "current") == model
    assert sorted(files.local_path(c.file).read_bytes() for c in ReadCrop.objects.all()) == crops
    assert TrainedModel.objects.filter(project=None).count() == 1


def test_starter_that_is_not_here_becomes_a_model_of_the_project(trained, running, tmp_path, user):
    archive.write(trained, tmp_path / "a.zip", running, videos=True)
    restoring.forget(trained)
    TrainedModel.objects.all().delete()
    pk = restoring.restore(tmp_path / "a.zip", running, by=user)["project"]
    assert not TrainedModel.objects.filter(project=None).exists()
    assert InferenceRun.objects.get(project=pk).recognizer.project_id == pk


def test_restored_job_is_history(trained, running, tmp_path, user):
    archive.write(trained, tmp_path / "a.zip", running, videos=True)
    pk = restoring.restore(tmp_path / "a.zip", running, by=user)["project"]
    jobs = {job.task: job for job in Job.objects.filter(project_id=pk)}
    assert {task: job.state for task, job in jobs.items()} == {
        "train": State.SUCCEEDED, "infer": State.CANCELLED,
    }  # fmt: skip
    assert jobs["train"].parameters == {} and jobs["infer"].lease_until is None
    assert TrainingRun.objects.get(project=pk).job == jobs["train"]


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        ("jobs", {"task": "import_project"}, "which is no run's"),
        ("trained_models", {"kind": "recognizer", "shared": False}, "jobs|trained_models, line 1"),
        ("trained_models", {"metadata": []}, "another shape"),
        ("epoch_samples", {"found": [{"item": 12345}]}, "refers to 12345"),
        ("evaluations", {"found": [{"text": "A"}]}, "another shape"),
        ("evaluations", {"figures": {"report": {"worst": [{"crop": 7777}]}}}, "refers to 7777"),
        ("reads", {"boxes": [[1, 2]]}, "another shape"),
        ("reads", {"alternatives": [[1, 2]]}, "another shape"),
        ("matches", {"outcome": "maybe"}, "matches, line 1"),
        ("inference_runs", {"detector": 12345}, "refers to 12345"),
    ],
)
def test_changed_row_is_refused_and_leaves_no_project(
    trained, running, tmp_path, user, table, values, said
):
    if table == "trained_models":  # the starter comes first, and may not be here
        InferenceRun.objects.all().delete()
        Evaluation.objects.all().delete()
        TrainedModel.objects.update(parent=None)
    archive.write(trained, tmp_path / "a.zip", running, videos=True)
    before = [model.objects.count() for model in (TrainedModel, Metric, Promotion, Job)]
    with pytest.raises(ArchiveRowWrong, match=said):
        restoring.restore(with_row(tmp_path / "a.zip", table, **values), running, by=user)
    assert Project.objects.count() == 1
    assert [model.objects.count() for model in (TrainedModel, Metric, Promotion, Job)] == before


def test_archive_of_the_first_layout_is_still_read(packed, running, user):
    with zipfile.ZipFile(packed) as whole:
        assert b'"version": 2' in whole.read("project.json")

    def older(name: str, data: bytes) -> tuple[str, bytes] | None:
        later = {f"rows/{table.name}.jsonl" for table in archive.TABLES[17:]}
        if name == "project.json":
            data = data.replace(b'"version": 2', b'"version": 1')
        return None if name in later else (name, data)

    pk = restoring.restore(repacked(packed, older), running, by=user)["project"]
    assert rows_of(Project.objects.get(pk=pk))["boxes"]
