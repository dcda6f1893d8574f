"""What a training will take is measured, shown with its uncertainty, and kept."""

from __future__ import annotations

import os
from typing import Any

import pytest

from annotations.models import DatasetVersion, Project
from lprsite.jobs.models import Job, State
from tests.annotations.rows import json_of
from tests.training.rows import make_version
from training import devices, estimates, preparations, runs, tasks
from training.errors import MeasuredToFail, NoSuchDevice, TrainingDiskFull
from training.models import TrainingRun

PACE: dict[str, Any] = {
    "epoch_seconds": 60.0, "once_seconds": 30.0, "spread": 0.05, "steps": 10,
    "memory_mb": 500.0, "memory_total_mb": 8000.0, "device": "CPU",
}  # fmt: skip
BODY = {"parent": None, "preset": "quick"}


@pytest.fixture
def dataset(project: Project) -> DatasetVersion:
    version: DatasetVersion = make_version(project, number=1)
    return version


def measured(dataset: DatasetVersion, state: State = State.SUCCEEDED, **facts: Any) -> Job:
    """The measuring of a quick training from nothing, over."""
    settings = runs.plan(dataset, {"preset": "quick"}, parent=None)
    job = tasks.start_estimate(dataset, settings, parent=None, device="auto")
    Job.objects.filter(pk=job.pk).update(state=state, **facts)
    return job


def check(api: Any, dataset: DatasetVersion, **more: Any) -> Any:
    status, body = json_of(
        api, "post", "training-runs/check/", {"dataset": dataset.pk, **BODY, **more}
    )
    assert status == 200 and not TrainingRun.objects.exists()
    return body


def test_estimate_has_a_range_and_serves_any_number_of_epochs(
    api: Any, dataset: DatasetVersion
) -> None:
    assert check(api, dataset)["estimate"] is None
    status, job = json_of(api, "post", "training-runs/estimate/", {"dataset": dataset.pk, **BODY})
    assert (status, job["state"], job["task"]) == (202, "queued", "estimate")
    assert check(api, dataset)["measuring"]["id"] == job["id"]
    Job.objects.update(state=State.SUCCEEDED, result=PACE)
    told = check(api, dataset)["estimate"]
    assert (told["epochs"], told["seconds"], told["memory_mb"]) == (12, 750.0, 500.0)
    assert told["seconds_low"] < told["seconds"] < told["seconds_high"]
    assert check(api, dataset, epochs=2)["estimate"]["seconds"] == 150.0
    assert check(api, dataset, batch=8)["estimate"] is None


def test_minutes_decide_the_epochs(api: Any, dataset: DatasetVersion) -> None:
    measured(dataset, result=PACE)
    assert check(api, dataset, minutes=5)["estimate"]["epochs"] == 4
    pace = estimates.Measured(**PACE)
    assert (pace.epochs_within(0.1, 12), pace.epochs_within(600, 12)) == (1, 12)


def test_what_was_measured_to_fail_does_not_start(api: Any, dataset: DatasetVersion) -> None:
    measured(dataset, State.FAILED, error="No memory.", error_es="Sin memoria.", error_code="M")
    assert "cannot work: No memory." in check(api, dataset)["refusal"]
    with pytest.raises(MeasuredToFail, match="No memory"):
        runs.create(dataset, {"preset": "quick"})
    assert runs.create(dataset, {"preset": "quick", "batch": 8})


def test_accident_of_a_measuring_forbids_nothing(dataset: DatasetVersion) -> None:
    measured(dataset, State.FAILED, error="Ended.", error_code="ChildKilled")
    assert runs.create(dataset, {"preset": "quick"})


def test_warnings_are_sentences_and_a_refusal_names_its_setting(
    api: Any, dataset: DatasetVersion
) -> None:
    dataset.counts = {
        "train": {"items": 9, "groups": 7}, "leaks": 2, "characters": {"A": 3, "1": 90},
    }  # fmt: skip
    dataset.save()
    told = " ".join(check(api, dataset)["warnings"])
    for said in ("2 vehicles are on both sides", "learn from: 7", "Rare: A,", "held out"):
        assert said in told
    assert "Rare" not in " ".join(preparations.warnings(dataset, {"synthetic": 100}))
    body = check(api, dataset, config={"clip": -1})
    assert body["setting"] == "clip" and "“clip” cannot be -1" in body["refusal"]


def test_empty_training_part_and_unknown_device_are_refused(
    api: Any, dataset: DatasetVersion
) -> None:
    assert "“cuda:7”" in check(api, dataset, device="cuda:7")["refusal"]
    with pytest.raises(NoSuchDevice):
        runs.create(dataset, {}, device="cuda:7")
    assert runs.create(dataset, {}, device="cpu", minutes=5).minutes == 5
    dataset.items.update(split="val")
    TrainingRun.objects.all().delete()
    assert "nothing to train on" in check(api, dataset)["refusal"]


def test_frames_of_a_detector_must_fit_on_the_disk(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = make_version(project, kind="detector")
    need = 640 * 384 * 3
    monkeypatch.setattr("lprsite.files.free_bytes", lambda: runs.NEEDED_BYTES + need - 1)
    with pytest.raises(TrainingDiskFull):
        runs.create(version, {"preset": "standard"})
    assert runs.create(version, {"preset": "quick"})


def test_graphics_cards_are_those_the_driver_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho '0, NVIDIA H100, 81559'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    devices.found.cache_clear()
    assert devices.names() == ("auto", "cpu", "cuda:0")
    assert devices.found()[0].memory_mb == 81559
    devices.found.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    assert devices.names() == ("auto", "cpu")
    devices.found.cache_clear()


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("cpu", "0,1", ""), ("cuda:1", "4,6", "6"), ("cuda:1", None, "1"), ("auto", "2", "2")],
)
def test_process_sees_only_the_chosen_device(
    monkeypatch: pytest.MonkeyPatch, name: str, before: str | None, after: str
) -> None:
    import os

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", before or "")
    if before is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    devices.restrict(name)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == after


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system confines nobody")
def test_a_confined_process_counts_only_the_cores_it_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert devices.cores() == 1
