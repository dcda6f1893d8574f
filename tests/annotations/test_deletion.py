"""Deleting takes everything that hangs on a video or project, its files too, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps

from annotations import boxes, deletion, projects, tasks, transcriptions
from annotations.models import (
    AuditEntry,
    Box,
    Crop,
    DatasetItem,
    DatasetVersion,
    DoomedFile,
    Frame,
    ImportBatch,
    Passage,
    Project,
    Role,
    Upload,
    Video,
)
from lprsite import files
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.models import Job, State, lease_end
from tests.annotations.rows import client_of, json_of, make_frame, make_member, make_video
from training.models import InferenceRun, Read, ReadCrop, TrainedModel, TrainingRun


def stored(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def filled(project: Project, *, seed: int = 0, frames: int = 3) -> Video:
    """A video with frames, boxes, crops, texts, a passage and a reading, files and all."""
    film = files.put_bytes("videos", b"film %d" % seed, ".mp4")[0]
    still = files.put_bytes("thumbnails", b"still %d" % seed, ".jpg")[0]
    video = make_video(project, file=film, thumbnail=still)
    for pts in range(frames):
        frame = make_frame(project, seed=seed * 100 + pts, video=video, pts=pts)
        boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40))
        boxes.draw(frame, label="car", xyxy=(0, 0, 90, 90))
        crop = Crop.objects.get(box__frame=frame)
        transcriptions.save(
            crop, transcriptions.Reading("readable", "PBA1234", uuid4(), crop.revision), by=None
        )
    Passage.objects.create(project=project, video=video, first_pts=0, last_pts=2)
    both = [
        TrainedModel.objects.create(project=project, kind=kind, name=kind, file=f"models/{kind}")
        for kind in ("detector", "recognizer")
    ]
    run = InferenceRun.objects.create(
        project=project, video=video, detector=both[0], recognizer=both[1]
    )
    read = Read.objects.create(run=run, number=1, first_pts=0, last_pts=2, confidence=1)
    key, sha256 = files.put_bytes("crops", b"read %d" % seed, ".png")
    given = {"file": key, "sha256": sha256, "width": 9, "height": 9, "sharpness": 1.0}
    ReadCrop.objects.create(read=read, pts=1, confidence=1, **given)
    return video


def run(address: str, api: Any) -> Job:
    status, job = json_of(api, "delete", address)
    assert status == 202, job
    job_tasks.run(job["id"])
    done = Job.objects.get(pk=job["id"])
    assert done.state == State.SUCCEEDED, done.error
    return done


def test_losses_count_every_file_that_goes(project: Project, api: Any, monkeypatch: Any) -> None:
    video = filled(project, frames=3)
    keys = [video.file, video.thumbnail]
    keys += [key for row in (Frame, Crop) for key in row.objects.values_list("file", flat=True)]
    whole = sum(files.local_path(key).stat().st_size for key in keys)
    counts = api.get(f"/api/v1/videos/{video.pk}/losses/").json()["counts"]
    assert counts["bytes"] == whole
    assert (counts["frames"], counts["boxes"], counts["crops"]) == (3, 6, 3)
    assert api.get(f"/api/v1/projects/{project.pk}/losses/").json()["counts"]["bytes"] == whole
    monkeypatch.setattr(deletion, "LOOKED_AT", 1)
    about = api.get(f"/api/v1/videos/{video.pk}/losses/").json()["counts"]["bytes"]
    assert about == pytest.approx(whole, rel=0.2)


def test_video_goes_with_everything_and_its_files(api: Any, project: Any, storage: Path) -> None:
    kept = filled(project, seed=1)
    before = stored(storage)
    video = filled(project, seed=2)
    status, said = json_of(api, "get", f"videos/{video.pk}/losses/")
    counts = said["counts"]
    assert (status, counts["frames"], counts["boxes"], counts["transcriptions"]) == (200, 3, 6, 3)
    assert (counts["passages"], counts["readings"], counts["kept_in_datasets"]) == (1, 1, 0)
    job = run(f"videos/{video.pk}/", api)
    assert stored(storage) == before and job.result["files"] == len(before)
    assert list(Video.objects.all()) == [kept] and Frame.objects.count() == 3
    assert Box.objects.count() == 6 and ReadCrop.objects.count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.details["frames"]) == (
        "deleted video",
        "gate.mp4",
        3,
    )
    assert not DoomedFile.objects.exists()


def test_files_that_others_name_stay(api: Any, project: Any, user: Any, storage: Path) -> None:
    """The same recording in another project, and a frozen dataset version."""
    other = projects.create("Other", by=user)
    video, twin = filled(project, seed=1), filled(other, seed=1)
    frame = video.frames.order_by("id")[0]
    version = DatasetVersion.objects.create(project=project, kind="detector", number=1)
    item = {"file": frame.file, "sha256": frame.sha256, "width": 9, "height": 9}
    DatasetItem.objects.create(version=version, position=0, split="train", frame=frame, **item)
    before = stored(storage)
    counts = json_of(api, "get", f"videos/{video.pk}/losses/")[1]["counts"]
    assert counts["kept_in_datasets"] == 1
    run(f"videos/{video.pk}/", api)
    assert stored(storage) == before
    run(f"videos/{twin.pk}/", api)
    assert stored(storage) == {frame.file} and DatasetItem.objects.get().frame is None


def test_project_goes_with_everything(
    api: Any, project: Any, user: Any, storage: Path, tmp_path: Path
) -> None:
    kept = filled(projects.create("Other", by=user), seed=1)
    before = stored(storage)
    filled(project, seed=2)
    make_frame(project, seed=900)
    version = DatasetVersion.objects.create(project=project, kind="detector", number=1)
    key, sha256 = files.put_bytes("frames", b"frozen", ".jpg")
    item = {"file": key, "sha256": sha256, "width": 9, "height": 9}
    DatasetItem.objects.create(version=version, position=0, split="train", **item)
    training = TrainingRun.objects.create(project=project, kind="detector", dataset=version)
    checkpoint = storage / f"models/run_{training.pk:06d}" / "state.safetensors"
    zipped = storage / "imports" / "abc" / "boxes.zip"
    for path in (checkpoint, zipped):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    ImportBatch.objects.create(project=project, name="boxes.zip", path="imports/abc/boxes.zip")
    server = tmp_path / "theirs.zip"
    server.write_bytes(b"x")
    ImportBatch.objects.create(project=project, name="theirs", path=str(server), stored=False)
    Job.objects.create(task="old", queue="media", project_id=project.pk, state="succeeded")
    name = project.name
    status, refusal = json_of(api, "delete", f"projects/{project.pk}/?name=Entranc")
    assert (status, refusal["code"]) == (400, "NameNotTyped")
    run(f"projects/{project.pk}/?name={name}", api)
    assert stored(storage) == before and server.exists()
    assert not zipped.parent.exists() and not checkpoint.parent.exists()
    assert list(Video.objects.all()) == [kept] and Project.objects.count() == 1
    for model in apps.get_app_config("annotations").get_models():
        if model not in (Project, AuditEntry) and hasattr(model, "project_id"):
            assert not model._base_manager.filter(project_id=project.pk).exists(), model
    entry = AuditEntry.objects.get(action="deleted project")
    assert (entry.project, entry.subject, entry.details["frames"]) == (None, "Entrance", 4)
    assert not Job.objects.filter(project_id=project.pk).exists()


def test_deleted_project_is_gone_at_once_and_its_name_is_free(api: Any, project: Any) -> None:
    assert json_of(api, "delete", f"projects/{project.pk}/?name=Entrance")[0] == 202
    assert json_of(api, "get", f"projects/{project.pk}/")[0] == 404
    assert json_of(api, "get", "projects/")[1]["results"] == []
    assert json_of(api, "get", f"videos/?project={project.pk}")[1]["results"] == []
    assert json_of(api, "post", "projects/", {"name": "Entrance"})[0] == 201


@pytest.mark.parametrize("stop_after", [0, 1, 3, 7])
def test_a_killed_deletion_completes(
    api: Any,
    project: Any,
    storage: Path,
    settings: Any,
    stop_after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.BULK_ROWS = 2
    video = filled(project, seed=3, frames=5)
    _, job = json_of(api, "delete", f"videos/{video.pk}/")
    calls = iter(range(1000))
    delete = files.delete

    def killed(key: str) -> None:
        if next(calls) >= stop_after:
            raise KeyboardInterrupt
        delete(key)

    with monkeypatch.context() as patch:
        patch.setattr(files, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            job_tasks.run(job["id"])
    Job.objects.update(state="queued")
    job_tasks.run(job["id"])
    assert stored(storage) == set() and not Video.objects.exists()


def test_what_nobody_finished_is_swept(api: Any, project: Any, storage: Path) -> None:
    video = filled(project, seed=4)
    json_of(api, "delete", f"videos/{video.pk}/")
    Job.objects.update(state="failed")
    tasks.sweep()
    again = Job.objects.get(state="queued")
    job_tasks.run(again.pk)
    assert stored(storage) == set() and not Video.objects.exists()
    tasks.sweep()
    assert not Job.objects.filter(state="queued").exists()


def test_running_work_is_stopped_first(
    api: Any, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = filled(project)
    facts = {"queue": "media", "project_id": project.pk}
    waits = Job.objects.create(task="split_video", parameters={"video": video.pk}, **facts)
    elsewhere = {**facts, "queue": "gpu"}  # else its turn would come before the deletion's
    other = Job.objects.create(task="split_video", parameters={"video": 999}, **elsewhere)
    held = Job.objects.create(
        task="infer", state=State.RUNNING, attempt=1, lease_until=lease_end(), **facts
    )
    InferenceRun.objects.update(job=held)
    assert json_of(api, "get", f"videos/{video.pk}/losses/")[1]["counts"]["jobs"] == 2
    _, job = json_of(api, "delete", f"videos/{video.pk}/")
    states = [Job.objects.get(pk=one.pk).state for one in (waits, other, held)]
    assert states == ["cancelled", "queued", "cancelling"]
    monkeypatch.setattr(deletion, "PATIENCE_SECONDS", -1.0)
    job_tasks.run(job["id"])
    assert Job.objects.get(pk=job["id"]).error_code == "WorkStillRunning"
    assert Video.objects.filter(pk=video.pk).exists()
    held.mine().update(state=State.CANCELLED, lease_until=None)
    run(f"videos/{video.pk}/", api)
    assert not Video.objects.exists()


def test_a_file_stored_again_meanwhile_is_left_alone(project: Any, storage: Path) -> None:
    key = files.put_bytes("frames", b"again", ".jpg")[0]
    DoomedFile.objects.create(key=key)
    path, later = files.local_path(key), time.time() + 1
    os.utime(path, (later, later))  # as storing the same bytes does
    assert deletion.remove_files() == 0 and path.exists()
    make_frame(project)
    Frame.objects.update(file=key)
    assert deletion.remove_files() == 0 and path.exists() and not DoomedFile.objects.exists()


def test_young_files_wait_while_others_work(storage: Path, db: None) -> None:
    key = files.put_bytes("frames", b"young", ".jpg")[0]
    DoomedFile.objects.create(key=key)
    job = Job.objects.create(
        task="x", queue="media", state=State.RUNNING, attempt=1, lease_until=lease_end()
    )
    assert deletion.remove_files() == 0
    job.mine().update(state=State.SUCCEEDED, lease_until=None)
    assert deletion.remove_files() == 1 and stored(storage) == set()


def test_only_managers_delete(api: Any, project: Any) -> None:
    video = filled(project)
    reviewer = client_of(make_member(project, "rita", Role.REVIEWER))
    assert json_of(reviewer, "delete", f"videos/{video.pk}/")[0] == 403
    assert json_of(reviewer, "delete", f"projects/{project.pk}/?name=Entrance")[0] == 403
    assert json_of(reviewer, "get", f"videos/{video.pk}/losses/")[0] == 200
    assert not Job.objects.exists()


def test_a_video_being_deleted_says_so_and_takes_no_more_work(api: Any, project: Any) -> None:
    video = filled(project)
    json_of(api, "delete", f"videos/{video.pk}/")
    assert json_of(api, "get", f"videos/{video.pk}/")[1]["deleting"] is True
    status, refusal = json_of(api, "post", f"videos/{video.pk}/split/", {"fps": 1})
    assert (status, refusal["code"]) == (409, "BeingDeleted")
    again = json_of(api, "delete", f"videos/{video.pk}/")
    assert again[0] == 202 and Job.objects.filter(task="delete_video").count() == 1


def test_unfinished_uploads_go_with_their_project(api: Any, project: Any, user: Any) -> None:
    part = files.local_path("uploads/a.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    from django.utils import timezone

    Upload.objects.create(
        project=project,
        user=user,
        name="a",
        size=9,
        file="uploads/a.part",
        expires_at=timezone.now(),
    )
    run(f"projects/{project.pk}/?name=Entrance", api)
    assert not part.exists()
