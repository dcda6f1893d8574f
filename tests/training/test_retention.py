"""What a project does not want to keep goes; what people labelled stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotations import boxes
from annotations.models import AuditEntry, Video
from lprsite import files
from lprsite.jobs.models import Job, State
from tests.annotations.rows import make_frame, make_video
from tests.training.rows import make_read, make_run
from training import retention, tasks
from training.models import InferenceRun, ReadCrop

OLD = timezone.now() - timedelta(days=40)


@pytest.fixture
def old(project: Any) -> InferenceRun:
    run = make_run(project)
    Video.objects.filter(pk=run.video_id).update(recorded_at=OLD)
    make_read(run, "PBA1234", 0, 500, crops=("PBA1234",))
    return run


def test_nothing_goes_unless_the_project_says_so(old: InferenceRun) -> None:
    assert retention.due() == []
    old.project.retention_days = 60
    old.project.save()
    assert retention.due() == []


def test_old_readings_go_with_their_crops(old: InferenceRun, running: Any) -> None:
    new = make_run(old.project, make_video(old.project))
    kept = make_frame(old.project, video=old.video, pts=0)
    boxes.draw(kept, label="car", xyxy=(0, 0, 20, 20))
    old.project.retention_days = 30
    old.project.save()
    key = ReadCrop.objects.get().file
    assert retention.due() == [old.project_id]
    assert retention.expire_readings(old.project, running)["readings"] == 1
    assert list(InferenceRun.objects.all()) == [new]
    assert not files.local_path(key).exists()
    assert retention.expire_videos(old.project) == []  # somebody labelled something of it
    assert AuditEntry.objects.filter(action="expired readings").count() == 1
    assert retention.due() == []


def test_old_videos_without_labels_go(old: InferenceRun, running: Any) -> None:
    old.project.retention_days = 30
    old.project.save()
    assert retention.expire_videos(old.project) == [old.video]
    assert Video.objects.get(pk=old.video_id).deleting_at is not None


def test_reading_that_is_under_way_is_left(old: InferenceRun) -> None:
    old.job = Job.objects.create(task="infer", queue="gpu", state=State.QUEUED)
    old.save()
    boxes.draw(make_frame(old.project, video=old.video, pts=0), label="car", xyxy=(0, 0, 20, 20))
    old.project.retention_days = 30
    old.project.save()
    assert retention.due() == []


def test_beat_queues_one_job(old: InferenceRun) -> None:
    old.project.retention_days = 30
    old.project.save()
    tasks.retain()
    tasks.retain()
    assert Job.objects.filter(task="expire_readings").count() == 1
