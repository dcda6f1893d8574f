"""Trainings, models and readings through the API."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.models import AuditEntry, Camera, DatasetVersion, Project
from lprsite.jobs.models import Job, State
from tests.annotations.rows import json_of, make_video
from tests.training.rows import make_read, make_run, make_version
from training import runs, tasks
from training.models import TrainedModel, TrainingRun


@pytest.fixture
def dataset(project: Project) -> DatasetVersion:
    version: DatasetVersion = make_version(project, number=1)
    return version


def start(api: Any, dataset: DatasetVersion, **more: Any) -> tuple[int, Any]:
    return json_of(api, "post", "training-runs/", {"dataset": dataset.pk, **more})


def test_training_starts_as_a_job(api: Any, dataset: DatasetVersion) -> None:
    status, run = start(api, dataset, epochs=3, config={"network": "lite"})
    assert (status, run["job"]["state"], run["dataset_name"]) == (202, "queued", "recognizer v1")
    assert run["config"] == {"preset": "quick", "epochs": 3, "network": "lite"}
    assert Job.objects.get().parameters == {"run": run["id"]}


@pytest.mark.parametrize("wrong", [{"preset": "magic"}, {"epochs": 0}, {"config": 3}])
def test_wrong_setting_starts_nothing(
    api: Any, dataset: DatasetVersion, wrong: dict[str, Any]
) -> None:
    status, body = start(api, dataset, **wrong)
    assert status == 400 and body["message"]
    assert not Job.objects.exists() and not TrainingRun.objects.exists()


def test_version_still_being_written_cannot_be_trained_on(
    api: Any, dataset: DatasetVersion
) -> None:
    DatasetVersion.objects.update(manifest_hash="")
    assert start(api, dataset)[0] == 404


def test_stopped_run_is_resumed_and_a_finished_one_is_not(
    api: Any, dataset: DatasetVersion
) -> None:
    _, run = start(api, dataset)
    address = f"training-runs/{run['id']}"
    assert json_of(api, "post", f"{address}/resume/")[1]["code"] == "RunOver"
    assert json_of(api, "post", f"{address}/cancel/")[1]["job"]["state"] == State.CANCELLED
    status, resumed = json_of(api, "post", f"{address}/resume/")
    assert (status, resumed["job"]["state"]) == (202, "queued")
    assert resumed["job"]["id"] != run["job"]["id"]
    Job.objects.update(state=State.SUCCEEDED)
    runs.finish(TrainingRun.objects.get(), {}, {})
    assert json_of(api, "post", f"{address}/resume/")[0] == 409


def test_curves_have_a_value_or_null_per_step(api: Any, dataset: DatasetVersion) -> None:
    run = runs.create(dataset, {})
    runs.record(run, 1, {"loss": 2.0, "exact": 0.1})
    runs.record(run, 2, {"loss": 1.0})
    status, body = json_of(api, "get", f"training-runs/{run.pk}/metrics/")
    assert (status, body) == (
        200,
        {"steps": [1, 2], "series": {"loss": [2.0, 1.0], "exact": [0.1, None]}},
    )


def test_csv_has_every_epoch_of_a_run_whose_curves_are_thinned(
    api: Any, dataset: DatasetVersion, monkeypatch: Any
) -> None:
    monkeypatch.setattr(runs, "MOST_STEPS", 2)
    run = runs.create(dataset, {})
    for epoch in range(1, 6):
        runs.record(run, epoch, {"loss": 1 / epoch, **({"exact": 0.5} if epoch == 5 else {})})
    assert len(runs.curves(run)["steps"]) < 5
    answer = api.get(f"/api/v1/training-runs/{run.pk}/csv/")
    assert answer.content.decode().splitlines()[::5] == ["epoch,exact,loss", "5,0.5,0.2"]


def test_person_is_mailed_when_a_training_ends(
    dataset: DatasetVersion, user: Any, settings: Any, mailoutbox: Any, monkeypatch: Any
) -> None:
    user.email = "ana@example.org"
    user.save()
    run = runs.create(dataset, {}, by=user)
    model = TrainedModel.objects.create(project=run.project, kind="recognizer", name="a", file="x")
    monkeypatch.setattr("training.tasks.supervise.run", lambda *_: {"run": 1, "model": model.pk})
    for mails in (False, True):
        settings.MAILS = mails
        tasks.train.run_here(project_id=run.project_id, run=run.pk)
    assert [mail.to for mail in mailoutbox] == [["ana@example.org"]]
    assert f"It made model {model.pk}." in mailoutbox[0].body


@pytest.mark.parametrize(
    "table", ["trainingrun", "evaluation", "trainingschedule", "promotion", "inferencerun"]
)
def test_admin_lists_what_right_of_the_datasets_there_is(
    admin_client: Any, dataset: DatasetVersion, table: str
) -> None:
    run = runs.create(dataset, {})
    answer = admin_client.get(f"/admin/training/{table}/")
    assert answer.status_code == 200
    if table == "trainingrun":
        assert f"/p/{run.project_id}/training/{run.pk}".encode() in answer.content


def test_curves_of_a_long_run_are_thinned_evenly_and_keep_their_ends(
    dataset: DatasetVersion, monkeypatch: Any
) -> None:
    monkeypatch.setattr(runs, "MOST_STEPS", 3)
    run = runs.create(dataset, {})
    for step in range(1, 12):
        runs.record(run, step, {"loss": 1 / step})
    assert runs.curves(run)["steps"] == [1, 4, 8, 11]


def test_models_show_which_is_current(api: Any, project: Project) -> None:
    first, second, starter = (
        TrainedModel.objects.create(project=owner, kind="recognizer", name=name, file="x")
        for owner, name in ((project, "a"), (project, "b"), (None, "starter"))
    )
    runs.promote(first)
    status, body = json_of(api, "post", f"models/{second.pk}/promote/", {"why": "better"})
    assert (status, body["is_current"]) == (200, True)
    _, body = json_of(api, "get", f"models/?project={project.pk}")
    found = {row["id"]: row["is_current"] for row in body["results"]}
    # Beside those that come with the program.
    assert found | {first.pk: False, second.pk: True, starter.pk: False} == found
    assert {row["dataset_name"] for row in body["results"]} == {""}
    assert json_of(api, "post", f"models/{starter.pk}/promote/")[0] == 404


def test_only_one_models_page_gets_its_long_report(api: Any, project: Project) -> None:
    figures = {"exact": 0.5, "report": {"worst": []}}
    model = TrainedModel.objects.create(
        project=project, kind="recognizer", name="a", file="x", figures=figures
    )
    _, listed = json_of(api, "get", f"models/?project={project.pk}")
    shown = next(row for row in listed["results"] if row["id"] == model.pk)
    assert shown["figures"] == {"exact": 0.5}
    assert json_of(api, "get", f"models/{model.pk}/")[1]["figures"] == figures


def test_reading_starts_with_the_current_models(api: Any, project: Project) -> None:
    video = make_video(project)
    status, body = json_of(api, "post", "inference-runs/", {"video": video.pk})
    assert (status, body["code"]) == (400, "ModelNotHere")
    for kind in ("detector", "recognizer"):
        runs.promote(TrainedModel.objects.create(project=project, kind=kind, name=kind, file="x"))
    given = {"video": video.pk, "fps": 2, "tiles": 3, "around_cars": True}
    assert json_of(api, "post", "inference-runs/", {**given, "detect_every": 0})[0] == 400
    assert json_of(api, "post", "inference-runs/", {**given, "tiles": 6})[0] == 400
    status, run = json_of(api, "post", "inference-runs/", given)
    assert (status, run["detector_name"], run["options"]["fps"]) == (202, "detector", 2.0)
    assert (run["options"]["tiles"], run["options"]["around_cars"]) == (3, True)
    assert run["options"]["detect_every"] == 2
    assert Job.objects.get().task == "infer"


def test_readings_of_a_camera_and_of_no_camera(api: Any, project: Project) -> None:
    gate = Camera.objects.create(project=project, name="Gate")
    of_gate, other = make_run(project, make_video(project, camera=gate)), make_run(project)

    def listed(asked: str) -> list[int]:
        rows = api.get(f"/api/v1/inference-runs/?project={project.pk}&{asked}").json()["results"]
        return [row["id"] for row in rows]

    assert listed(f"video__camera={gate.pk}") == [of_gate.pk]
    assert listed("video__camera__isnull=true") == [other.pk]
    assert listed("") == [other.pk, of_gate.pk]


def test_table_of_reads_is_audited(api: Any, project: Project, user: Any) -> None:
    run = make_run(project)
    make_read(run, "PBA1234", 0, 1000)
    answer = api.get(f"/api/v1/inference-runs/{run.pk}/csv/")
    assert answer.status_code == 200 and b"PBA1234" in answer.content
    assert AuditEntry.objects.get().user == user


def test_stats_count_the_whole_line(api: Any, project: Project) -> None:
    run = make_run(project)
    make_read(run, "PBA1234", 0, 1000)
    _, body = json_of(api, "get", f"stats/?project={project.pk}")
    assert (body["videos"], body["models"], body["readings"]) == (1, 2, 1)
    assert (body["reads"], body["reads_open"], body["frames"]) == (1, 1, 0)


def test_starters_have_a_name_in_each_language(api, project):
    TrainedModel.objects.create(
        project=None, kind="recognizer", name="Starter recognizer", file="-"
    )
    for language, name in (("en", "Starter recognizer"), ("es", "Reconocedor inicial")):
        rows = api.get("/api/v1/models/", HTTP_ACCEPT_LANGUAGE=language).json()["results"]
        assert {row["name"] for row in rows if row["kind"] == "recognizer"} == {name}


def test_model_names_its_parent(api: Any, project: Project) -> None:
    facts = {"project": project, "kind": "recognizer", "file": "none"}
    parent = TrainedModel.objects.create(name="First", **facts)
    child = TrainedModel.objects.create(name="Second", parent=parent, **facts)
    _, body = json_of(api, "get", f"models/{child.pk}/")
    assert (body["parent"], body["parent_name"]) == (parent.pk, "First")
    assert json_of(api, "get", f"models/{parent.pk}/")[1]["parent_name"] == ""
