"""Recordings: brought in once, refused with a sentence, split without loss or doubles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotations import errors, videos
from annotations.models import Camera, Video
from lprsite import files
from lprsite.errors import Refused
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.models import Job
from tests.annotations.rows import json_of, make_video
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


# --- through the API


def test_file_on_the_server_comes_in_by_a_job(
    api: Any, project: Any, clip: Path, settings: Any
) -> None:
    settings.SERVER_FOLDER = str(clip.parent)
    given = {"project": project.pk, "path": clip.name}
    status, job = json_of(api, "post", "videos/", given)
    assert (status, job["task"], job["state"]) == (202, "ingest_video", "queued")
    assert json_of(api, "post", "videos/", given)[1]["id"] == job["id"]  # asked twice, done once
    job_tasks.run(job["id"])
    row = Video.objects.get()
    assert Job.objects.get(pk=job["id"]).result == {"video": row.pk, "new": True}
    assert (row.name, row.duration, clip.exists()) == ("gate.mp4", 4.0, True)
    _, again = json_of(api, "post", "videos/", given)
    for _ in Job.objects.filter(state="queued", queue="media"):  # each in its turn
        job_tasks.run(again["id"])
    assert Job.objects.get(pk=again["id"]).result == {"video": row.pk, "new": False}


def test_neither_file_nor_path_is_refused(api: Any, project: Any) -> None:
    status, body = json_of(api, "post", "videos/", {"project": project.pk})
    assert (status, list(body["fields"])) == (400, ["file"])
    status, body = json_of(api, "post", "videos/", {"project": project.pk, "path": "/etc/passwd"})
    assert (status, body["code"]) == (400, "PathNotAllowed")


def test_camera_of_another_project_is_refused(api: Any, video: Video, user: Any) -> None:
    from annotations import projects

    other = Camera.objects.create(project=projects.create("Other", by=user), name="x")
    mine = Camera.objects.create(project=video.project, name="x")
    assert json_of(api, "patch", f"videos/{video.pk}/", {"camera": other.pk})[0] == 400
    assert json_of(api, "patch", f"videos/{video.pk}/", {"camera": mine.pk})[0] == 200


def test_list_of_a_camera_and_of_no_camera(api: Any, project: Any) -> None:
    gate = Camera.objects.create(project=project, name="Gate")
    piece, upload = make_video(project, camera=gate), make_video(project)

    def listed(asked: str) -> list[int]:
        _, rows = json_of(api, "get", f"videos/?project={project.pk}&{asked}")
        return [row["id"] for row in rows["results"]]

    assert listed(f"camera={gate.pk}") == [piece.pk]
    assert listed("camera__isnull=true") == [upload.pk]
    assert listed("") == [piece.pk, upload.pk]
    assert json_of(api, "get", "videos/?camera=x")[0] == 400


def test_same_rule_again_is_the_job_that_runs(api: Any, project: Any) -> None:
    video = make_video(project)
    first = json_of(api, "post", f"videos/{video.pk}/split/", {"fps": 2})
    again = json_of(api, "post", f"videos/{video.pk}/split/", {"fps": 2})
    other = json_of(api, "post", f"videos/{video.pk}/split/", {"fps": 3})
    assert (first[0], again[1]["id"]) == (202, first[1]["id"])
    assert other[1]["id"] != first[1]["id"] and video.selections.count() == 2


# --- all kinds, through the command


@pytest.mark.parametrize(
    ("name", "written", "taken", "size"),
    [
        ("odd.webm", {"codec": "libvpx-vp9", "width": 853, "height": 479}, 4, (853, 479)),
        ("hevc.mkv", {"codec": "libx265", "pixel_format": "yuv420p10le"}, 4, (160, 96)),
        ("turned.mp4", {"rotation": -90, "b_frames": 2}, 4, (96, 160)),
        ("wraps.ts", {"start": 95442.0, "container": "mpegts"}, 4, (160, 96)),
        ("uneven.mkv", {"times": [0.0, 0.1, 0.9, 2.2, 2.3, 6.0], "frames": 6}, 3, (160, 96)),
        ("old.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p"}, 4, (160, 96)),
        ("one.mp4", {"frames": 1}, 1, (160, 96)),
    ],
)
def test_any_kind_of_recording_is_split(
    tmp_path: Path, storage: Path, db: None, capsys: Any,
    name: str, written: dict[str, Any], taken: int, size: tuple[int, int],
) -> None:  # fmt: skip
    path = clips.write(tmp_path / name, **written)
    call_command("split_video", str(path), "--fps", "1", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["made"], said["damage"]["complete"]) == (taken, True)
    frames = Video.objects.get().frames.all()
    assert {(frame.width, frame.height) for frame in frames} == {size}
