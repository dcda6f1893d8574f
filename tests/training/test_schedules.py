"""Trainings that start by themselves: at a time, or on every new dataset version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotations.models import DatasetVersion, Project
from lprsite.jobs.models import Job
from tests.annotations.rows import json_of
from tests.training.rows import make_version
from training import tasks
from training.models import TrainingRun, TrainingSchedule


@pytest.fixture
def dataset(project: Project) -> DatasetVersion:
    project.time_zone = "America/Guayaquil"
    project.save()
    version: DatasetVersion = make_version(project, number=1)
    return version


def planned(api: Any, dataset: DatasetVersion, **more: Any) -> Any:
    given = {"dataset": dataset.pk, "at": "02:30", "parent": None, **more}
    status, body = json_of(api, "post", "training-schedules/", given)
    assert status == 201, body
    return body


def tonight() -> None:
    """The time of every schedule has come."""
    rows = TrainingSchedule.objects.exclude(next_at=None)
    rows.update(next_at=timezone.now() - timedelta(seconds=1))
    tasks.begin_scheduled()


def test_training_starts_once_at_its_time(api: Any, dataset: DatasetVersion, user: Any) -> None:
    body = planned(api, dataset, preset="quick", epochs=3, minutes=20)
    row = TrainingSchedule.objects.get(pk=body["id"])
    assert row.next_at is not None and (row.next_at.hour, row.next_at.minute) == (7, 30)
    tasks.begin_scheduled()
    assert not TrainingRun.objects.exists()
    tonight()
    run = TrainingRun.objects.get()
    assert (run.dataset, run.minutes, run.created_by) == (dataset, 20, user)
    assert run.config == {"preset": "quick", "epochs": 3} and run.job == Job.objects.get()
    tonight()
    assert TrainingRun.objects.count() == 1
    assert TrainingSchedule.objects.get().next_at is None


def test_every_night_learns_only_a_new_version(api: Any, dataset: DatasetVersion) -> None:
    planned(api, dataset, nightly=True)
    tonight()
    tonight()
    assert TrainingRun.objects.count() == 1
    newer = make_version(dataset.project, number=2)
    tonight()
    assert TrainingRun.objects.first() is not None
    assert [run.dataset for run in TrainingRun.objects.all()] == [newer, dataset]
    assert TrainingSchedule.objects.get().next_at is not None


def test_refusal_at_night_is_there_in_the_morning(api: Any, dataset: DatasetVersion) -> None:
    planned(api, dataset)
    dataset.items.all().delete()
    tonight()
    assert not TrainingRun.objects.exists()
    _, body = json_of(api, "get", f"training-schedules/?project={dataset.project_id}")
    assert "nothing to train on" in body["results"][0]["error"]


def test_wrong_plan_is_refused_and_a_plan_is_given_up(api: Any, dataset: DatasetVersion) -> None:
    given = {"dataset": dataset.pk, "at": "25:00"}
    assert json_of(api, "post", "training-schedules/", given)[0] == 400
    wrong = {"dataset": dataset.pk, "at": "02:30", "config": {"clip": -1}}
    assert json_of(api, "post", "training-schedules/", wrong)[1]["code"] == "SettingRefused"
    body = planned(api, dataset)
    assert json_of(api, "delete", f"training-schedules/{body['id']}/")[0] == 204
    assert not TrainingSchedule.objects.exists()


def test_queue_is_shown_in_its_order_and_changed(api: Any, dataset: DatasetVersion) -> None:
    made = [
        json_of(api, "post", "training-runs/", {"dataset": dataset.pk, "seed": seed})[1]["id"]
        for seed in range(10)
    ]
    json_of(api, "post", f"training-runs/{made[9]}/move/", {"to": "first"})
    json_of(api, "post", f"training-runs/{made[0]}/move/", {"to": "later"})
    _, body = json_of(api, "get", f"training-runs/queue/?project={dataset.project_id}")
    assert [run["id"] for run in body] == [made[9], made[1], made[0], *made[2:9]]
    json_of(api, "post", f"training-runs/{made[1]}/cancel/")
    assert json_of(api, "post", f"training-runs/{made[1]}/move/", {"to": "last"})[0] == 200
    _, body = json_of(api, "get", f"training-runs/queue/?project={dataset.project_id}")
    assert len(body) == 9
