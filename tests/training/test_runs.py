"""Training runs: what they accept, what they become, and which model is current."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from annotations import projects
from annotations.models import DatasetVersion, Project
from lprsite import files
from lprsite.jobs import supervise
from lprsite.jobs.engine import Cancelled
from lprsite.jobs.models import Job, State, lease_end
from tests.annotations.rows import json_of, make_video
from tests.training.rows import make_run, make_version
from training import checkpoints, readings, runs, starters, tasks
from training.errors import (
    CheckpointMissing,
    CheckpointWrongKind,
    DatasetForOther,
    ModelInUse,
    ModelNotHere,
    ModelRetired,
    NothingToTrainOn,
    OtherNetwork,
    RunFinished,
    RunNotHere,
    RunNotWorking,
    RunOver,
    SettingRefused,
    StarterMissing,
    TrainingDiskFull,
)
from training.models import Metric, Promotion, TrainedModel, TrainingRun


@pytest.fixture
def dataset(project: Project) -> DatasetVersion:
    version: DatasetVersion = make_version(project, number=3)
    return version


def make_model(project: Project | None, kind: str = "recognizer", **facts: Any) -> TrainedModel:
    return TrainedModel.objects.create(
        project=project, kind=kind, name="m", file="models/m.safetensors", **facts
    )


def test_run_keeps_its_settings(dataset: DatasetVersion, user: Any) -> None:
    run = runs.create(dataset, {"epochs": 5, "seed": 9}, by=user)
    assert (run.kind, run.seed, run.created_by) == ("recognizer", 9, user)
    assert run.config == {"preset": "quick", "epochs": 5, "seed": 9}


@pytest.mark.parametrize(
    "wrong",
    [
        {"preset": "magic"},
        {"epochs": 0},
        {"epochs": 10_001},
        {"batch": 0},
        {"batch": "8"},
        {"seed": -1},
        {"epochs": 2.5},
    ],
)
def test_setting_no_training_takes_is_refused_at_once(
    dataset: DatasetVersion, wrong: dict[str, Any]
) -> None:
    with pytest.raises(SettingRefused, match=next(iter(wrong))):
        runs.create(dataset, wrong)
    assert not TrainingRun.objects.exists()


def test_parent_of_another_kind_is_refused(dataset: DatasetVersion, project: Project) -> None:
    with pytest.raises(DatasetForOther):
        runs.create(dataset, {}, parent=make_model(project, "detector"))


def test_training_goes_on_with_the_network_of_its_parent(
    dataset: DatasetVersion, project: Project
) -> None:
    parent = make_model(project, network="lprnet18")
    assert runs.create(dataset, {}, parent=parent).config["network"] == "lprnet18"
    for wrong in ({"network": "lite"}, {"preset": "tao"}):
        with pytest.raises(OtherNetwork, match="“m” is a lprnet18 network"):
            runs.create(dataset, wrong, parent=parent)
    dataset.kind = "detector"
    parent = make_model(project, "detector", network="detectnet_v2-resnet18")
    assert runs.create(dataset, {"preset": "tao"}, parent=parent).config["layers"] == 18
    with pytest.raises(OtherNetwork):
        runs.create(dataset, {"layers": 10}, parent=parent)
    assert TrainingRun.objects.count() == 2


def test_resting_parts_without_a_model_to_start_from_are_refused(dataset: DatasetVersion) -> None:
    with pytest.raises(SettingRefused, match="start from"):
        runs.create(dataset, {"tune": "head"})
    assert runs.create(dataset, {"tune": "full"}).config["tune"] == "full"


def test_killed_command_goes_on_at_once_and_nothing_else_does(dataset: DatasetVersion) -> None:
    project = dataset.project
    with pytest.raises(RunNotHere):
        runs.stopped(project, "recognizer", "last")
    runs.create(dataset, {})
    run = runs.create(dataset, {})
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = socket.gethostname()
    for owner in (f"{host}:{os.getpid()}", "elsewhere:1"):
        held = {"lease_owner": owner, "lease_until": lease_end(), "state": "running"}
        run.job = Job.objects.create(task="train", attempt=1, max_attempts=1, **held)
        run.save()
        with pytest.raises(RunOver):
            runs.stopped(project, "recognizer", str(run.pk))
    job = run.job
    assert job is not None
    Job.objects.filter(pk=job.pk).update(lease_owner=f"{host}:{gone.pid}")
    for given in ("last", str(run.pk)):
        assert runs.stopped(project, "recognizer", given) == run
    job.refresh_from_db()
    assert job.error_code == "WorkerDied"
    for given in ("99", "x", ""):
        with pytest.raises(RunNotHere):
            runs.stopped(project, "recognizer", given)
    runs.finish(run, {"network": "lite"}, {})
    with pytest.raises(RunFinished, match="Recognizer"):
        runs.stopped(project, "recognizer", "last")


def test_resumed_run_takes_no_settings(project: Project) -> None:
    for more in ({"epochs": 3}, {"set": ["rate=1"]}, {"parent": "starter"}, {"preset": "tao"}):
        with pytest.raises(CommandError, match="keeps its settings"):
            call_command("train", "recognizer", resume="last", **more)


def test_epoch_told_twice_is_kept_once(dataset: DatasetVersion) -> None:
    run = runs.create(dataset, {})
    runs.record(run, 1, {"loss": 2.0})
    runs.record(run, 1, {"loss": 9.0, "exact": 0.5})
    runs.record(run, 2, {"loss": 1.0})
    assert runs.curves(run) == {
        "steps": [1, 2],
        "series": {"loss": [2.0, 1.0], "exact": [0.5, None]},
    }
    assert Metric.objects.count() == 3


def test_finished_run_has_one_model_and_the_first_is_current(dataset: DatasetVersion) -> None:
    run = runs.create(dataset, {})
    model = runs.finish(run, {"network": "lite", "alphabet": "AB"}, {"exact": 0.5})
    assert runs.finish(run, {"network": "lite"}, {"exact": 0.9}) == model
    assert (model.network, model.figures, model.dataset) == ("lite", {"exact": 0.5}, dataset)
    assert runs.current(dataset.project, "recognizer") == model
    second = runs.finish(runs.create(dataset, {}), {}, {})
    assert runs.current(dataset.project, "recognizer") == model != second


@pytest.mark.parametrize(
    ("exact", "split", "serves"),
    [(0.7, "val", False), (0.8, "val", True), (0.9, "test", True), (1.0, "train", True)],
)
def test_first_model_is_current_only_if_not_worse_than_the_starter(
    dataset: DatasetVersion, exact: float, split: str, serves: bool
) -> None:
    run = runs.create(dataset, {})
    assert runs.rival(dataset.project, "recognizer") == runs.starter("recognizer")
    figures = {"exact": exact, "split": split}
    model = runs.finish(run, {}, figures, starter={"exact": 0.8})
    assert (runs.current(dataset.project, "recognizer") == model) is serves
    if serves:
        kept = "kept back" if split == "train" else f"{exact:.1%}, the starter 80.0%"
        assert Promotion.objects.get().why.endswith(kept)
        assert runs.rival(dataset.project, "recognizer") is None


def test_stop_keeps_what_there_is(dataset: DatasetVersion) -> None:
    run = runs.create(dataset, {})
    with pytest.raises(RunNotWorking):
        runs.ask_to_stop(run, "now")
    tasks.start_training(run)
    Job.objects.update(state=State.RUNNING, lease_until=lease_end())
    run.refresh_from_db()
    runs.ask_to_stop(run, "epoch")
    assert (runs.wish(run), Job.objects.get().state) == ("epoch", State.RUNNING)
    runs.record(run, 1, {"loss": 1.0})
    runs.ask_to_stop(run, "now")
    assert (runs.wish(run), Job.objects.get().state) == ("now", State.RUNNING)
    run.metrics.all().delete()
    runs.ask_to_stop(run, "now")
    assert Job.objects.get().state == State.CANCELLING  # nothing to keep yet
    Job.objects.update(state=State.CANCELLED, lease_until=None)
    tasks.start_training(run)
    assert runs.wish(run) == ""
    runs.ask_to_stop(run, "epoch")
    waited = Job.objects.first()
    assert waited is not None and waited.state == State.CANCELLED


def test_webhook_hears_how_a_training_ended(
    dataset: DatasetVersion, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRAINING_WEBHOOK = "http://hooks.example/end"
    heard: list[Any] = []

    def urlopen(request: Any, **_: Any) -> Any:
        heard.append(json.loads(request.data))
        raise OSError("nobody there")  # which stops nothing

    def refuse(*_: Any) -> Any:
        raise NothingToTrainOn()

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    monkeypatch.setattr(supervise, "run", lambda *_: {"model": 0, "figures": {"exact": 1}})
    run = runs.create(dataset, {})
    tasks.train.run_here(project_id=dataset.project_id, run=run.pk)
    monkeypatch.setattr(supervise, "run", refuse)
    with pytest.raises(NothingToTrainOn):
        tasks.train.run_here(project_id=dataset.project_id, run=run.pk)
    first, second = heard
    assert first == {
        "run": run.pk, "project": dataset.project_id, "model": 0, "figures": {"exact": 1},
    }  # fmt: skip
    assert "nothing to train on" in second["error"]


def test_training_that_could_only_fail_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = make_version(project, splits=("val",))
    with pytest.raises(NothingToTrainOn):
        runs.create(empty, {})
    assert runs.create(empty, {"synthetic": 100}).config["synthetic"] == 100
    monkeypatch.setattr(files, "free_bytes", lambda: 100 * 1024**2)
    with pytest.raises(TrainingDiskFull, match="100 MB are free"):
        runs.create(make_version(project, number=4), {})


def test_retired_model_leaves_its_record(
    dataset: DatasetVersion, django_capture_on_commit_callbacks: Any
) -> None:
    run = runs.create(dataset, {})
    file = files.local_path(f"{runs.folder_key(run)}/best.safetensors")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    model = runs.finish(run, {}, {"exact": 0.5})
    with pytest.raises(ModelInUse, match="current one"):
        runs.retire(model)
    runs.promote(make_model(dataset.project))
    later = runs.create(dataset, {}, parent=model)
    tasks.start_training(later)
    with pytest.raises(ModelInUse, match="at work"):
        runs.retire(model)
    Job.objects.update(state=State.CANCELLED)
    with django_capture_on_commit_callbacks(execute=True):
        runs.retire(model)
    model.refresh_from_db()
    assert not file.parent.exists() and model.retired_at and model.figures == {"exact": 0.5}
    for refused in (lambda: runs.retire(model), lambda: runs.promote(model)):
        with pytest.raises(ModelRetired):
            refused()


def test_retiring_leaves_a_file_that_another_model_has(
    project: Project, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = make_model(project), make_model(project)
    file = files.local_path(first.file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"weights")
    for model, kept in ((first, True), (second, False)):
        with django_capture_on_commit_callbacks(execute=True):
            runs.retire(model)
        assert file.exists() is kept


def test_model_card_tells_what_the_model_is(dataset: DatasetVersion, user: Any) -> None:
    run = runs.create(dataset, {"seed": 7}, by=user)
    run.environment = {"torch": "2.9", "config": {"rate": 0.003}}
    run.save()
    figures = {"exact": 0.51234, "report": {"worst": []}}
    card = runs.card(runs.finish(run, {"alphabet": "AB", "network": "lite"}, figures))
    told = ("- exact: 0.5123", "- Seed: 7", "- torch: 2.9", "- rate: 0.003", "recognizer v3")
    assert all(line in card for line in told) and "worst" not in card


def test_promotion_keeps_its_history(project: Project, user: Any) -> None:
    first, second = make_model(project), make_model(project)
    runs.promote(first)
    runs.promote(second, by=user, why="reads motorcycles")
    assert runs.current(project, "recognizer") == second
    assert runs.current(project, "detector") is None
    ended = Promotion.objects.get(model=first)
    assert ended.ended_at is not None and Promotion.objects.count() == 2


def test_two_current_models_are_impossible(project: Project) -> None:
    model = make_model(project)
    runs.promote(model)
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.create(project=project, kind="recognizer", model=model)


def test_retired_model_is_not_promoted(project: Project) -> None:
    from django.utils import timezone

    with pytest.raises(ModelRetired):
        runs.promote(make_model(project, retired_at=timezone.now()))


def test_models_are_found_by_number_and_name(project: Project, user: Any) -> None:
    mine, starter = make_model(project), make_model(None)
    other = make_model(projects.create("Other", by=user))
    runs.promote(mine)
    assert runs.find(project, "recognizer", "current") == mine
    assert runs.find(project, "recognizer", str(starter.pk)) == starter
    for given in (str(other.pk), "999999", "²", "best", ""):
        with pytest.raises(ModelNotHere):
            runs.find(project, "recognizer", given)
    with pytest.raises(ModelNotHere):
        runs.find(project, "detector", str(mine.pk))


def test_checkpoint_of_a_number_is_its_file(project: Project) -> None:
    model = make_model(project)
    found = runs.checkpoint_of(project, "recognizer", str(model.pk))
    assert found == files.local_path(model.file)
    with pytest.raises(ModelNotHere):
        runs.checkpoint_of(None, "recognizer", "3")


def test_reading_needs_both_kinds(project: Project) -> None:
    video, detector = make_video(project), make_model(project, "detector")
    with pytest.raises(DatasetForOther):
        readings.create(video, detector=detector, recognizer=detector)


# --- MODEL: a number, a folder, a file, current or starter


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """The folder of a training elsewhere."""
    folder = tmp_path / "night model"
    metadata = {
        "kind": "recognizer",
        "network": "lite",
        "alphabet": "AB",
        "figures": {"exact": 0.5},
    }
    checkpoints.save(folder / "best.safetensors", {"w": torch.ones(2)}, metadata)
    return folder


def test_folder_becomes_a_trained_model_once(project: Project, trained: Path) -> None:
    model = runs.find(project, "recognizer", str(trained), paths=True)
    assert (model.name, model.network, model.project) == ("night model", "lite", project)
    assert (model.figures, model.metadata["from"]) == ({"exact": 0.5}, "night model")
    kept = files.local_path(model.file)
    assert kept.read_bytes() == (trained / "best.safetensors").read_bytes()
    file = str(trained / "best.safetensors")
    assert runs.find(project, "recognizer", file, paths=True) == model


def test_training_from_a_folder_has_it_as_parent(dataset: DatasetVersion, trained: Path) -> None:
    parent = runs.find(dataset.project, "recognizer", str(trained), paths=True)
    run = runs.create(dataset, {}, parent=parent)
    assert runs.finish(run, {}, {}).parent == parent


def test_checkpoint_of_a_model_that_is_here_is_that_model(
    dataset: DatasetVersion, trained: Path
) -> None:
    run = runs.create(dataset, {})
    shutil.copytree(trained, files.local_path(runs.folder_key(run)))
    model = runs.finish(run, {"network": "lite"}, {})
    for given in (trained, files.local_path(runs.folder_key(run))):
        assert runs.find(dataset.project, "recognizer", str(given), paths=True) == model


def test_web_never_opens_paths(project: Project, trained: Path) -> None:
    with pytest.raises(ModelNotHere):
        runs.find(project, "recognizer", str(trained))


def test_checkpoint_of_another_kind_is_refused(project: Project, trained: Path) -> None:
    with pytest.raises(CheckpointWrongKind, match="recognizer"):
        runs.find(project, "detector", str(trained), paths=True)
    with pytest.raises(CheckpointWrongKind):
        runs.checkpoint_of(None, "detector", str(trained))
    assert runs.checkpoint_of(None, "recognizer", str(trained)) == trained


def test_folder_without_a_checkpoint_is_refused(project: Project, tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissing):
        runs.find(project, "recognizer", str(tmp_path), paths=True)


def test_starter_belongs_to_no_project(
    project: Project, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starters, "_HERE", trained)
    monkeypatch.setattr(starters, "_HERE", trained)
    with pytest.raises(StarterMissing):
        runs.find(project, "recognizer", "starter")
    assert runs.needs_project("current") and runs.needs_project("3") and runs.needs_project("x")
    assert not runs.needs_project("starter") and not runs.needs_project(str(trained))
    (trained / "best.safetensors").rename(trained / "recognizer.safetensors")
    model = runs.find(project, "recognizer", "starter")
    assert (model.project, model.name) == (None, "Starter recognizer")
    assert runs.checkpoint_of(None, "recognizer", "starter").parent == trained
    runs.offer_starters()
    assert TrainedModel.objects.get() == model


@pytest.mark.parametrize("given", ["current", "7", "best"])
def test_unknown_parent_is_a_sentence(api: Any, dataset: DatasetVersion, given: str) -> None:
    body = {"dataset": dataset.pk, "parent": given}
    status, answer = json_of(api, "post", "training-runs/", body)
    assert (status, bool(answer["message"])) == (400, True)


def test_training_is_started_from_the_current_model(api: Any, dataset: DatasetVersion) -> None:
    model = make_model(dataset.project)
    runs.promote(model)
    for named in ("current", str(model.pk), model.pk):
        body = {"dataset": dataset.pk, "parent": named}
        assert json_of(api, "post", "training-runs/", body)[1]["parent"] == model.pk


def test_left_out_a_recognizer_starts_from_the_current_else_the_starter(
    api: Any, dataset: DatasetVersion
) -> None:
    def parent(**more: Any) -> Any:
        status, run = json_of(api, "post", "training-runs/", {"dataset": dataset.pk, **more})
        assert status == 202
        return run["parent"]

    starter = runs.find(dataset.project, "recognizer", "starter")
    assert parent() == starter.pk
    assert parent(parent=None) is None
    assert parent(preset="tao") is None
    assert parent(config={"network": "lprnet18"}) is None
    model = make_model(dataset.project)
    TrainedModel.objects.filter(pk=model.pk).update(network="lite")
    runs.promote(model)
    assert parent() == model.pk
    assert runs.usual_parent(dataset.project, "detector", {}) == runs.starter("detector")
    assert runs.usual_parent(dataset.project, "detector", {"preset": "tao"}) is None
    assert runs.usual_parent(dataset.project, "detector", {"stride": 16}) is None
    same = runs.usual_parent(dataset.project, "detector", {"stride": 8})
    assert same == runs.starter("detector")


def test_only_the_toolkits_preset_keeps_its_stride_beside_a_start_model(
    project: Project,
) -> None:
    frames = make_version(project, kind="detector")
    starter = runs.starter("detector")
    for preset, stride in (("standard", 8), ("quick", 8), ("tao", None)):
        run = runs.create(frames, parent=starter, config={"preset": preset}, by=None)
        assert run.config.get("stride") == stride


# --- what readings leave behind


def test_folders_of_ended_readings_are_removed(project: Project) -> None:
    kept, made = [], {}
    for state in ("queued", "running", "cancelling", "succeeded", "failed", "cancelled", None):
        until = lease_end() if state in ("running", "cancelling") else None
        facts = {"task": "infer", "queue": "gpu", "state": state, "lease_until": until}
        job = Job.objects.create(**facts) if state else None
        run = make_run(project)
        run.job = job
        run.save()
        made[state] = readings.scratch_of(run.pk)
        kept += [state] if state in ("queued", "running", "cancelling", None) else []
    made["deleted"] = readings.scratch_of(999_999)
    for folder in made.values():
        folder.mkdir(parents=True)
        (folder / "0_0.png").touch()
    assert readings.forget_scratch() == 4
    assert [state for state, folder in made.items() if folder.exists()] == kept


def test_cancelled_reading_removes_its_folder(
    project: Project, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(project)
    folder = readings.scratch_of(run.pk)

    def stopped(*_: Any) -> None:
        folder.mkdir(parents=True)
        raise Cancelled

    monkeypatch.setattr("training.tasks.supervise.run", stopped)
    running.parameters = {"run": run.pk}
    with pytest.raises(Cancelled):
        tasks.infer.work(running)
    assert not folder.exists()


def test_training_that_ran_twice_has_one_curve_and_one_model(dataset: DatasetVersion) -> None:
    """The worker was killed after its last write: the second attempt tells everything again."""
    run = runs.create(dataset, {})
    made = []
    for _attempt in range(2):
        for epoch in (1, 2):
            runs.record(run, epoch, {"loss": 1.0 / epoch, "exact": 0.5})
        made.append(runs.finish(run, {"network": "lite"}, {"exact": 0.5}))
    assert made[0] == made[1] == TrainedModel.objects.get()
    assert Metric.objects.count() == 4 and Promotion.objects.count() == 1
