"""A watched folder: settled files once each, refusals once, nothing outside."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from annotations import tasks
from annotations.models import Video, WatchedFile
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.models import Job
from tests.annotations.vision import clips


@pytest.fixture
def watched(project: Any, settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "recordings" / "gate"
    folder.mkdir(parents=True)
    settings.SERVER_FOLDER = str(tmp_path / "recordings")
    settings.WATCH_FOLDER, settings.WATCH_PROJECT = "gate", project.name
    return folder


def settle(path: Path, seconds: float = 120) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def looked() -> list[str]:
    """One look, and its jobs done; returns how each of them ended."""
    before = set(Job.objects.values_list("pk", flat=True))
    tasks.watch()
    fresh = Job.objects.filter(task="ingest_video").exclude(pk__in=before).order_by("pk")
    for job in fresh:
        job_tasks.run(job.pk)
    return [f"{job.parameters['path']} {job.state}" for job in fresh.all()]


def test_settled_recordings_come_in_once(watched: Path, project: Any) -> None:
    clip = clips.write(watched / "hour_1.mp4")
    assert looked() == []  # still being written, perhaps
    settle(clip)
    assert looked() == ["gate/hour_1.mp4 succeeded"]
    assert looked() == []
    assert [video.name for video in Video.objects.filter(project=project)] == ["hour_1.mp4"]
    assert clip.exists()


def test_copy_under_another_name_is_the_same_video(watched: Path) -> None:
    clip = clips.write(watched / "hour_1.mp4")
    copy = watched / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    settle(clip)
    settle(copy)
    assert looked() == ["gate/copy.mp4 succeeded", "gate/hour_1.mp4 succeeded"]
    assert Video.objects.count() == 1


def test_refused_file_is_refused_once_until_it_changes(watched: Path) -> None:
    letter = watched / "letter.mp4"
    letter.write_text("Dear Ana")
    settle(letter)
    assert looked() == ["gate/letter.mp4 failed"]
    assert looked() == []
    letter.write_text("Dear Luis")
    settle(letter)
    assert looked() == ["gate/letter.mp4 failed"]
    assert WatchedFile.objects.count() == 2


def test_hidden_files_links_and_others_are_left_alone(watched: Path, tmp_path: Path) -> None:
    for name in (".part.mp4", "notes.txt", "clip.mp4.tmp"):
        (watched / name).write_text("x")
        settle(watched / name)
    secret = tmp_path / "secret.mp4"
    secret.write_text("x")
    (watched / "link.mp4").symlink_to(secret)
    assert looked() == []


@pytest.mark.parametrize(("name", "given"), [("WATCH_PROJECT", "Nobody"), ("WATCH_FOLDER", "../")])
def test_wrong_settings_are_logged_and_harmless(
    watched: Path, settings: Any, name: str, given: str, caplog: pytest.LogCaptureFixture
) -> None:
    setattr(settings, name, given)
    assert looked() == []
    assert "the watched folder is not looked at" in caplog.text


def test_off_by_default(project: Any) -> None:
    assert looked() == []
