"""Recordings: brought in once, refused with a sentence, split without loss or doubles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotations import boxes, errors, videos
from annotations.models import Crop, Frame, Selection, Video
from annotations.vision.crops import read_picture
from lprsite import files
from lprsite.errors import Refused
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.engine import Cancelled, Running
from lprsite.jobs.models import Job
from tests.annotations.rows import json_of
from tests.annotations.vision import clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, ten frames each; the bar in frame k tells k."""
    return clips.write(tmp_path_factory.mktemp("clips") / "gate.mp4")


@pytest.fixture
def video(project: Any, clip: Path) -> Video:
    return videos.ingest(clip, project=project, name="gate.mp4")[0]


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def taken(video: Video) -> list[int]:
    """The numbers of the frames that are there, read from their pictures."""
    rows = video.frames.order_by("pts")
    return [clips.bar_of(read_picture(files.local_path(row.file))) for row in rows]


# --- bringing in


def test_recording_is_probed_and_kept(video: Video, clip: Path) -> None:
    assert (video.width, video.height, video.fps, video.duration) == (160, 96, 10.0, 4.0)
    assert files.local_path(video.file).read_bytes() == clip.read_bytes()
    assert files.local_path(video.thumbnail).read_bytes()[:2] == b"\xff\xd8"
    assert (video.codec, video.frames_expected) == ("h264", 40)


def test_same_bytes_are_the_same_video(video: Video, clip: Path, tmp_path: Path) -> None:
    copy = tmp_path / "other name.mov"
    copy.write_bytes(clip.read_bytes())
    again, new = videos.ingest(copy, project=video.project, name="other", move=True)
    assert (again, new, copy.exists()) == (video, False, False)
    assert Video.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "refusal"),
    [(b"", errors.EmptyFile), (b"this is a letter\n" * 99, errors.NotAVideo), (None, Refused)],
)
def test_what_is_no_video_leaves_nothing_behind(
    project: Any, storage: Path, tmp_path: Path, data: bytes | None, refusal: type[Refused]
) -> None:
    path = tmp_path / "letter.mp4"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(refusal, match=r"letter\.mp4"):
        videos.ingest(path, project=project, name="letter.mp4")
    assert not Video.objects.exists() and stored(storage) == []


def test_too_big_and_no_space_are_told_before_copying(
    project: Any, storage: Path, clip: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "free_bytes", lambda: 10)
    with pytest.raises(errors.DiskFull):
        videos.ingest(clip, project=project, name="gate.mp4")
    settings.MAX_VIDEO_BYTES = 100
    with pytest.raises(errors.VideoTooBig):
        videos.ingest(clip, project=project, name="gate.mp4")
    assert stored(storage) == []


def test_server_paths_stay_below_the_opened_folder(settings: Any, tmp_path: Path) -> None:
    opened = tmp_path / "recordings"
    opened.mkdir()
    (opened / "a.mp4").touch()
    (tmp_path / "secret.mp4").touch()
    (opened / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    with pytest.raises(errors.PathNotAllowed):
        videos.allowed_path("a.mp4")
    settings.SERVER_FOLDER = str(opened)
    assert videos.allowed_path("a.mp4") == opened / "a.mp4"
    for path in ("../secret.mp4", str(tmp_path / "secret.mp4"), "link.mp4"):
        with pytest.raises(errors.PathNotAllowed):
            videos.allowed_path(path)
    with pytest.raises(errors.VideoFileMissing):
        videos.allowed_path("b.mp4")


# --- splitting


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"fps": 1.0}, [0, 10, 20, 30]),
        ({"fps": 5.0, "end": 1.0}, [0, 2, 4, 6, 8]),
        ({"every": 15}, [0, 15, 30]),
        ({"fps": 2.0, "start": 1.0, "end": 2.2}, [10, 15, 20]),
        ({}, [0, 10, 20, 30]),
    ],
)
def test_frames_are_taken_by_the_rule(
    video: Video, running: Running, rule: dict[str, Any], expected: list[int]
) -> None:
    counts = videos.split(videos.choose(video, **rule), running)
    assert taken(video) == expected
    assert (counts["selected"], counts["made"], counts["known"]) == (len(expected),) * 2 + (0,)
    assert [round((row.seconds() or 0) * 10) for row in video.frames.order_by("pts")] == expected


@pytest.mark.parametrize(
    "rule",
    [
        {"fps": 1.0, "every": 2},
        {"fps": 0.0},
        {"every": 0},
        {"start": 5.0, "end": 5.0},
        {"start": -1.0},
        {"fps": float("nan")},
    ],
)
def test_impossible_rule_is_refused(video: Video, rule: dict[str, Any]) -> None:
    with pytest.raises(errors.SelectionWrong):
        videos.choose(video, **rule)
    assert not Selection.objects.exists()


def test_splitting_again_adds_only_what_is_missing(video: Video, running: Running) -> None:
    videos.split(videos.choose(video, fps=1), running)
    frame = Frame.objects.order_by("pts")[1]
    box = boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40))
    again = videos.split(videos.choose(video, fps=1), running)
    assert (again["made"], again["known"]) == (0, 4)
    finer = videos.split(videos.choose(video, fps=2), running)
    assert (finer["made"], finer["known"]) == (4, 4)
    assert taken(video) == [0, 5, 10, 15, 20, 25, 30, 35]
    assert list(frame.boxes.all()) == [box] and Crop.objects.count() == 1


@pytest.mark.parametrize("stop_at", [1, 3, 6])
def test_interrupted_split_is_completed_without_doubles(
    video: Video, running: Running, settings: Any, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    settings.BULK_ROWS = 8  # two frames a batch
    calls = iter(range(100))

    def progress(*_: Any) -> None:
        if next(calls) == stop_at:
            raise Cancelled

    monkeypatch.setattr(running, "progress", progress)
    selection = videos.choose(video, fps=2)
    with pytest.raises(Cancelled):
        videos.split(selection, running)
    assert 0 <= video.frames.count() <= stop_at + 1
    monkeypatch.setattr(running, "progress", lambda *_: None)
    videos.split(selection, running)
    assert taken(video) == [0, 5, 10, 15, 20, 25, 30, 35]


def test_damage_is_reported_and_passed_over(project: Any, running: Running, tmp_path: Path) -> None:
    broken = clips.damage(clips.write(tmp_path / "broken.mp4"), start=0.4, end=0.6)
    video, _ = videos.ingest(broken, project=project, name="broken.mp4")
    counts = videos.split(videos.choose(video, fps=10), running)
    video.refresh_from_db()
    assert 20 <= counts["made"] < 40 or video.damage["corrupt"]
    assert video.damage["complete"] is False or video.damage["corrupt"] > 0


def test_preview_is_made_once_more_without_harm(video: Video, running: Running) -> None:
    for _ in range(2):
        videos.make_preview(video, running)
    video.refresh_from_db()
    assert files.local_path(video.preview).stat().st_size > 0
    assert not list(files.scratch().iterdir())


# --- through the API


def upload(api: Any, project: Any, data: bytes, name: str = "gate.mp4") -> tuple[int, Any]:
    given = {"project": project.pk, "file": SimpleUploadedFile(name, data)}
    answer = api.post("/api/v1/videos/", given, format="multipart")
    return answer.status_code, answer.json()


def test_upload_through_the_api(api: Any, project: Any, clip: Path, storage: Path) -> None:
    status, video = upload(api, project, clip.read_bytes())
    assert (status, video["name"], video["duration"]) == (201, "gate.mp4", 4.0)
    assert Job.objects.get().task == "make_preview"
    status, again = upload(api, project, clip.read_bytes(), "again.mp4")
    assert (status, again["id"]) == (200, video["id"]) and Job.objects.count() == 1
    status, refusal = upload(api, project, b"no video", "letter.mp4")
    assert (status, refusal["code"]) == (400, "NotAVideo") and "letter.mp4" in refusal["message"]
    assert upload(api, project, b"")[1]["code"] == "EmptyFile"


def test_split_through_the_api(api: Any, video: Video) -> None:
    status, job = json_of(api, "post", f"videos/{video.pk}/split/", {"fps": 1, "end": 2})
    assert (status, job["state"], job["task"]) == (202, "queued", "split_video")
    job_tasks.run(job["id"])
    assert json_of(api, "get", f"videos/{video.pk}/")[1]["frames"] == 2
    wrong = json_of(api, "post", f"videos/{video.pk}/split/", {"fps": 1, "every": 2})
    assert (wrong[0], wrong[1]["code"]) == (400, "SelectionWrong")


def test_neither_file_nor_path_is_refused(api: Any, project: Any) -> None:
    status, body = json_of(api, "post", "videos/", {"project": project.pk})
    assert (status, list(body["fields"])) == (400, ["file"])
    status, body = json_of(api, "post", "videos/", {"project": project.pk, "path": "/etc/passwd"})
    assert (status, body["code"]) == (400, "PathNotAllowed")


def test_camera_of_another_project_is_refused(api: Any, video: Video, user: Any) -> None:
    from annotations import projects
    from annotations.models import Camera

    other = Camera.objects.create(project=projects.create("Other", by=user), name="x")
    mine = Camera.objects.create(project=video.project, name="x")
    assert json_of(api, "patch", f"videos/{video.pk}/", {"camera": other.pk})[0] == 400
    assert json_of(api, "patch", f"videos/{video.pk}/", {"camera": mine.pk})[0] == 200
