"""Frames by rule: without loss or doubles, as many as was said before."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test.utils import CaptureQueriesContext

from annotations import activities, boxes, errors, selections, thumbnails, videos
from annotations.models import Camera, Crop, Frame, Role, Selection, Video
from annotations.vision import child
from annotations.vision.activity import MOVES
from annotations.vision.crops import picture_size, read_picture
from lprsite import files
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.engine import Cancelled, Running
from lprsite.jobs.models import Job
from tests.annotations.rows import client_of, json_of, make_member
from tests.annotations.vision import clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, ten frames each; the bar in frame k tells k."""
    return clips.write(tmp_path_factory.mktemp("clips") / "gate.mp4")


@pytest.fixture(scope="module")
def street_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds; a car from 5 to 8 and from 14 to 15.5."""
    folder = tmp_path_factory.mktemp("clips")
    return clips.street(folder / "street.mp4", cars=[(5, 8), (14, 15.5)])


@pytest.fixture
def video(project: Any, clip: Path) -> Video:
    return videos.ingest(clip, project=project, name="gate.mp4")[0]


@pytest.fixture
def street(project: Any, street_clip: Path) -> Video:
    return videos.ingest(street_clip, project=project, name="street.mp4")[0]


def taken(video: Video) -> list[int]:
    """The numbers of the frames that are there, read from their pictures."""
    rows = video.frames.order_by("pts")
    return [clips.bar_of(read_picture(files.local_path(row.file))) for row in rows]


def seconds(video: Video) -> list[float]:
    return [row.seconds() or 0.0 for row in video.frames.order_by("pts")]


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
    counts = selections.split(selections.choose(video, **rule), running)
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
        selections.choose(video, **rule)
    assert not Selection.objects.exists()


def test_start_after_the_end_is_refused_everywhere(api: Any, video: Video) -> None:
    late: dict[str, Any] = {"fps": 1, "start": 4.5}
    with pytest.raises(errors.StartBeyondEnd, match=r"“gate.mp4” lasts 4.0 seconds.* 4.5 on"):
        selections.choose(video, **late)
    split = json_of(api, "post", f"videos/{video.pk}/split/", late)
    estimate = json_of(api, "post", "selections/estimate/", {"video": video.pk, **late})
    for status, said in (split, estimate):
        assert (status, said["code"]) == (400, "StartBeyondEnd")
    for more in ([], ["--dry-run"]):
        with pytest.raises(CommandError, match=r"lasts 4\.0 seconds"):
            call_command("split_video", str(video.pk), "--from", "4.5", *more)
    assert not Selection.objects.exists() and not Job.objects.exists()


def test_splitting_again_adds_only_what_is_missing(video: Video, running: Running) -> None:
    selections.split(selections.choose(video, fps=1), running)
    frame = Frame.objects.order_by("pts")[1]
    box = boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40))
    again = selections.split(selections.choose(video, fps=1), running)
    assert (again["made"], again["known"]) == (0, 4)
    finer = selections.split(selections.choose(video, fps=2), running)
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
    selection = selections.choose(video, fps=2)
    with pytest.raises(Cancelled):
        selections.split(selection, running)
    assert 0 <= video.frames.count() <= stop_at + 1
    monkeypatch.setattr(running, "progress", lambda *_: None)
    selections.split(selection, running)
    assert taken(video) == [0, 5, 10, 15, 20, 25, 30, 35]


def test_damage_is_reported_and_passed_over(project: Any, running: Running, tmp_path: Path) -> None:
    broken = clips.damage(clips.write(tmp_path / "broken.mp4"), start=0.4, end=0.6)
    video, _ = videos.ingest(broken, project=project, name="broken.mp4")
    counts = selections.split(selections.choose(video, fps=10), running)
    video.refresh_from_db()
    assert 20 <= counts["made"] < 40 or video.damage["corrupt"]
    assert video.damage["complete"] is False or video.damage["corrupt"] > 0


# --- by what is seen

RULES: list[dict[str, Any]] = [
    {"fps": 1},
    {"fps": 2, "motion": MOVES},
    {"every": 3, "motion": 0.1, "start": 4.0, "end": 9.0},
    {"fps": 10, "near_duplicates": 2},
    {"fps": 5, "motion": MOVES, "near_duplicates": 1},
    {"fps": 5, "motion": MOVES, "cap": 7},
    {"every": 4, "cap": 9, "start": 2.5},
]


@pytest.mark.parametrize(
    ("rule", "first"),
    [*((rule, "split") for rule in RULES), *((rule, "measure") for rule in RULES[1:4])],
)
def test_estimate_is_what_a_split_makes(
    street: Video, running: Running, rule: dict[str, Any], first: str
) -> None:
    if first == "measure":
        activities.measure(street, running)
    counts = selections.split(selections.choose(street, **rule), running)
    street.refresh_from_db()
    track = activities.measured(street, running)
    said = selections.estimate(street, selections.rule_of(rule))
    assert said is not None and said["frames"] == counts["made"] == street.frames.count() > 0
    chosen = track.chosen(selections.rule_of(rule))["pts"].tolist()
    assert list(street.frames.order_by("pts").values_list("pts", flat=True)) == chosen


def test_empty_stretches_give_no_frames(street: Video, running: Running) -> None:
    counts = selections.split(selections.choose(street, fps=2, motion=MOVES), running)
    assert all(4.9 <= at <= 9.5 or 13.9 <= at <= 17 for at in seconds(street))
    assert 10 <= counts["made"] <= 18
    said = selections.estimate(street, selections.rule_of({"fps": 2, "motion": MOVES}))
    assert said is not None and said["considered"] == 40
    assert 7.0 < said["idle_seconds"] < 11.0


def test_one_pass_measures_and_takes(
    street: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "measure", None)
    selections.split(selections.choose(street, fps=2, motion=MOVES), running)
    street.refresh_from_db()
    assert activities.load(street) is not None
    assert street.damage["complete"] is True


def test_small_copies_come_with_the_frames(video: Video, running: Running) -> None:
    selections.split(selections.choose(video, fps=1), running)
    for frame in video.frames.all():
        assert picture_size(thumbnails.path_of(frame.file)) == (160, 96)


def test_other_ignored_areas_ask_for_a_new_measurement(street: Video, running: Running) -> None:
    activities.measure(street, running)
    whole = [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]]
    street.camera = Camera.objects.create(project=street.project, name="gate", ignore_mask=whole)
    street.save()
    assert activities.load(street) is None
    activities.measure(street, running)
    said = selections.estimate(street, selections.rule_of({"fps": 1, "motion": MOVES}))
    assert said is not None and said["frames"] == 0


def test_track_that_cannot_be_read_is_measured_again(street: Video, running: Running) -> None:
    activities.measure(street, running)
    files.local_path(street.activity).write_bytes(b"PK nothing")
    assert activities.load(street) is None
    assert activities.measured(street, running).rows.size == 200


def test_a_part_says_nothing_about_the_whole(video: Video, running: Running) -> None:
    selections.split(selections.choose(video, fps=5, end=2.0), running)
    video.refresh_from_db()
    assert (video.damage["decoded"], video.damage["to"]) == (20, 2.0)
    assert (video.damage["packets"], video.damage["expected"]) == (40, 40)
    selections.split(selections.choose(video, fps=5), running)
    video.refresh_from_db()
    assert (video.damage["decoded"], video.damage["to"]) == (40, None)
    selections.split(selections.choose(video, fps=5, start=3.0), running)
    video.refresh_from_db()
    assert video.damage["decoded"] == 40


def test_frames_of_a_child_that_died_are_kept_and_completed(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = child.take

    def dies(*args: Any, **given: Any) -> Any:
        for message in whole(*args, **given):
            yield message
            if message.kind == "picture" and message.facts["index"] == 20:
                raise errors.VideoDecoderDied(name="gate.mp4")

    monkeypatch.setattr(child, "take", dies)
    selection = selections.choose(video, fps=2)
    with pytest.raises(errors.VideoDecoderDied):
        selections.split(selection, running)
    assert taken(video) == [0, 5, 10, 15, 20]
    monkeypatch.undo()
    counts = selections.split(selection, running)
    assert (counts["made"], counts["known"]) == (3, 5)
    assert taken(video) == [0, 5, 10, 15, 20, 25, 30, 35]


def test_split_killed_outright_is_completed_without_doubles(tmp_path: Path) -> None:
    """kill -9 of the whole command, as a power cut does; then the same command again."""
    clip = clips.street(tmp_path / "long.mp4", seconds=30, fps=20, cars=[])
    environment = {
        **os.environ,
        "LPR_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "lprsite.settings",
    }
    given: dict[str, Any] = {"cwd": Path(__file__).parents[2], "env": environment}
    command = [sys.executable, "manage.py", "split_video", str(clip), "--fps", "20", "--json"]
    subprocess.run([*command, "--dry-run"], check=True, capture_output=True, **given)

    def rows(column: str = "*") -> int:
        with sqlite3.connect(tmp_path / "data" / "lpr.sqlite3", timeout=20) as db:
            query = f"select count({column}) from annotations_frame"  # noqa: S608
            return int(db.execute(query).fetchone()[0])

    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, start_new_session=True, **given
    ) as running:
        while running.poll() is None and rows() < 50:
            pass
        assert running.poll() is None
        os.killpg(running.pid, signal.SIGKILL)
    done = subprocess.run(command, check=True, capture_output=True, **given)
    result = json.loads(done.stdout)
    assert result["made"] + result["known"] == 600 and 50 <= result["known"] < 600
    assert rows() == rows("distinct pts") == 600


# --- through the API


def test_split_through_the_api(api: Any, video: Video) -> None:
    status, job = json_of(api, "post", f"videos/{video.pk}/split/", {"fps": 1, "end": 2})
    assert (status, job["state"], job["task"]) == (202, "queued", "split_video")
    job_tasks.run(job["id"])
    assert json_of(api, "get", f"videos/{video.pk}/")[1]["frames"] == 2
    wrong = json_of(api, "post", f"videos/{video.pk}/split/", {"fps": 1, "every": 2})
    assert (wrong[0], wrong[1]["code"]) == (400, "SelectionWrong")
    rule = json_of(api, "get", f"selections/?video={video.pk}")[1]["results"][0]
    assert (rule["fps"], rule["end"], rule["motion"], rule["cap"]) == (1.0, 2.0, None, None)


def test_estimate_through_the_api(api: Any, street: Video) -> None:
    asked = {"video": street.pk, "fps": 2, "motion": MOVES}
    status, job = json_of(api, "post", "selections/estimate/", asked)
    assert (status, job["task"]) == (202, "measure_activity")
    assert json_of(api, "post", "selections/estimate/", asked)[1]["id"] == job["id"]
    job_tasks.run(job["id"])
    status, said = json_of(api, "post", "selections/estimate/", asked)
    assert (status, said["measured"], said["considered"]) == (200, True, 40)
    assert 10 <= said["frames"] <= 18 and not Selection.objects.exists()
    assert json_of(api, "post", "selections/estimate/", {"video": 10**9})[0] == 400


def test_estimate_is_for_members(api: Any, street: Video) -> None:
    outsider = client_of(User.objects.create_user("eve"))
    asked = {"video": street.pk, "fps": 1}
    assert json_of(outsider, "post", "selections/estimate/", asked)[0] == 400
    viewer = client_of(make_member(street.project, "vera", Role.VIEWER))
    assert json_of(viewer, "post", "selections/estimate/", asked)[0] == 403


def test_timeline_tells_what_moves_and_what_is_taken(
    api: Any, street: Video, running: Running, django_assert_max_num_queries: Any
) -> None:
    address = f"videos/{street.pk}/activity/?bins=20"
    status, before = json_of(api, "get", address)
    assert (status, before["measured"], before["motion"]) == (200, False, [None] * 20)
    selections.split(selections.choose(street, fps=2, start=5, end=7), running)
    activities.measure(street, running)
    with django_assert_max_num_queries(6):
        told = json_of(api, "get", address)[1]
    assert told["bin_seconds"] == pytest.approx(1.0)
    moving = [place for place, most in enumerate(told["motion"]) if most >= told["threshold"]]
    assert moving in ([5, 6, 7, 8, 14, 15, 16], [5, 6, 7, 8, 9, 14, 15, 16])
    assert told["frames"] == [0] * 5 + [2, 2] + [0] * 13
    assert len(told["idle"]) == 2 and told["idle"][0][0] == 0
    for wrong in ("0", "2001", "x", "-1"):
        assert json_of(api, "get", f"videos/{street.pk}/activity/?bins={wrong}")[0] == 400


def test_timeline_takes_as_many_queries_for_many_frames(
    api: Any, street: Video, running: Running
) -> None:
    from django.db import connection

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            json_of(api, "get", f"videos/{street.pk}/activity/")
        return len(seen)

    few = queries()
    selections.split(selections.choose(street, fps=10), running)
    assert queries() == few


@pytest.mark.parametrize(
    "areas", [[[[0, 0], [1, 1]]], [[[0, 0], [2, 0], [1, 1]]], {"a": 1}, [[1, 2, 3]], "x"]
)
def test_ignored_areas_that_are_none_are_refused(api: Any, project: Any, areas: Any) -> None:
    given = {"project": project.pk, "name": "gate", "ignore_mask": areas}
    status, body = json_of(api, "post", "cameras/", given)
    assert (status, list(body["fields"])) == (400, ["ignore_mask"])


def test_a_project_keeps_a_rule_that_splits_without_one_begin_with(video: Video, api: Any) -> None:
    address = f"projects/{video.project_id}/"
    status, said = json_of(api, "patch", address, {"selection_defaults": {"every": 8.0, "cap": 3}})
    assert status == 200 and said["selection_defaults"] == {"every": 8, "cap": 3}
    call_command("split_video", str(video.pk))
    (row,) = Selection.objects.all()
    assert (row.fps, row.every, row.cap) == (None, 8, 3)
    call_command("split_video", str(video.pk), "--fps", "2")  # a rule of one's own is all of it
    assert Selection.objects.filter(fps=2.0, every=None, cap=None).exists()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"every": 1.5}, "SelectionWrong"),
        ({"fps": 1, "every": 2}, "SelectionWrong"),
        ({"start": 3}, "SelectionWrong"),
        ({"colour": 1}, "SelectionWrong"),
        ({"motion": 2}, "FilterWrong"),
        ({"fps": "often"}, "Invalid"),
        ([1], "Invalid"),
    ],
)
def test_a_rule_that_is_none_is_not_kept(video: Video, api: Any, wrong: Any, code: str) -> None:
    address = f"projects/{video.project_id}/"
    status, said = json_of(api, "patch", address, {"selection_defaults": wrong})
    assert status == 400 and said["code"] == code
    video.project.refresh_from_db()
    assert video.project.selection_defaults == {}
