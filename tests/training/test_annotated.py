"""A reading's video with its reads drawn on it, for download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from annotations import deletion, exports, videos
from annotations.errors import BeingDeleted
from annotations.models import AuditEntry, Export, Project, Role
from lprsite import files
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.models import Job, State
from tests.annotations.rows import make_member
from tests.annotations.vision import clips
from tests.training.rows import make_read, make_run
from training import readings, tasks
from training.models import InferenceRun


@pytest.fixture
def run(project: Project, tmp_path: Path) -> InferenceRun:
    clip = clips.write(tmp_path / "gate.mp4", frames=10)
    run = make_run(project, videos.ingest(clip, project=project, name="gate.mp4")[0])
    make_read(run, "PBA1234", 0, run.video.pts(0.5))
    run.throughput = {"frames": 10}
    run.save()
    return run


def test_annotated_video_is_made_kept_and_handed_out(
    run: InferenceRun, api: Any, client: Any, user: Any
) -> None:
    address = f"/api/v1/inference-runs/{run.pk}/annotated/"
    assert api.get(address).json() == []
    first = api.post(address)
    assert (first.status_code, api.post(address).json()["id"]) == (202, first.json()["id"])
    (waiting,) = api.get(address).json()
    assert (waiting["state"], waiting["file"], waiting["job"]) == (
        "queued", None, first.json()["id"],
    )  # fmt: skip
    job_tasks.run(first.json()["id"])
    (ready,) = api.get(address).json()
    assert (ready["state"], ready["counts"]) == ("ready", {"frames": 6})
    client.force_login(user)
    answer = client.get(ready["file"])
    assert 'filename="gate_reads_' in answer["Content-Disposition"]
    with av.open(str(files.local_path(Export.objects.get().file))) as made:
        assert made.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in made.decode(video=0)) == 10
    assert set(AuditEntry.objects.values_list("action", "user")) == {
        ("exported", user.pk), ("downloaded", user.pk),
    }  # fmt: skip
    again = api.post(f"/api/v1/exports/{ready['id']}/again/")
    assert (again.status_code, again.json()["code"]) == (409, "ExportOfOthers")
    exports.remove(Export.objects.get(), by=user)
    assert api.get(address).json() == []


def test_why_an_annotated_video_failed_is_told(run: InferenceRun, api: Any) -> None:
    files.delete(run.video.file)
    job = tasks.start_annotating(run)
    job_tasks.run(job.pk)
    (failed,) = api.get(f"/api/v1/inference-runs/{run.pk}/annotated/").json()
    assert failed["state"] == "failed" and "is not on the disk any more" in failed["error"]


def test_deleting_a_video_stops_what_works_on_its_readings_and_begins_nothing_new(
    run: InferenceRun,
) -> None:
    jobs = {tasks.start_annotating(run).pk, tasks.start_learning(run).pk}
    by_command = tasks.infer.enqueue(project_id=run.project_id, **tasks.of_run(run))
    deletion.begin_video(run.video, by=None)
    states = Job.objects.filter(pk__in={*jobs, by_command.pk}).values_list("state", flat=True)
    assert set(states) == {State.CANCELLED}
    run.video.refresh_from_db()
    with pytest.raises(BeingDeleted):
        readings.create(run.video, detector=run.detector, recognizer=run.recognizer)


def test_only_reviewers_have_an_annotated_video_made_and_only_of_a_whole_reading(
    run: InferenceRun, api: Any, client: Any
) -> None:
    address = f"/api/v1/inference-runs/{run.pk}/annotated/"
    client.force_login(make_member(run.project, "ann", Role.ANNOTATOR))
    assert client.post(address).status_code == 403
    run.throughput = {}
    run.save()
    answer = api.post(address)
    assert (answer.status_code, answer.json()["code"]) == (409, "ReadingNotDone")
    assert not Export.objects.exists() and not Job.objects.exists()
