"""Crops of one vehicle passing are linked by following it through the video."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from annotations import boxes, leases, tasks, tracks
from annotations.errors import VideoFileGone
from annotations.models import Box, Crop, Frame, Project, Video
from annotations.vision.crops import encode_png
from annotations.vision.following import MAX_GAP
from lprsite import files
from lprsite.jobs.engine import Running
from lprsite.jobs.models import Job, State
from tests.annotations.rows import make_member, make_video
from tests.annotations.vision.test_following import FPS, HEIGHT, WIDTH, Street, box

pytestmark = pytest.mark.django_db
FRAMES = 41


def place(k: int) -> tuple[int, int]:
    """Of the one car in frame k: a second later it is more than its plate's width further."""
    return 60 + 6 * k, 120


@pytest.fixture
def video(project: Project, tmp_path: Path) -> Video:
    """Four seconds of one car, a frame a second taken from it, each with its plate's box."""
    street, path = Street(1), tmp_path / "street.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=round(FPS), options={"crf": "12", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for k in range(FRAMES):
            grey = np.repeat(street.picture(place(k))[:, :, None], 3, axis=2)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="bgr24")))
        out.mux(stream.encode(None))
    with av.open(str(path)) as written:
        base = written.streams.video[0].time_base
        stamps = sorted(p.pts for p in written.demux(video=0) if p.pts is not None)
    key, sha256 = files.put_bytes("videos", path.read_bytes(), ".mp4")
    facts = {"width": WIDTH, "height": HEIGHT, "time_base": str(base), "duration": FRAMES / FPS}
    row = make_video(project, file=key, sha256=sha256, **facts)
    for k in range(0, FRAMES, 10):
        size = {"width": WIDTH, "height": HEIGHT}
        key, sha256 = files.put_bytes("frames", encode_png(street.picture(place(k))), ".png")
        frame = Frame.objects.create(
            project=project, video=row, pts=stamps[k], file=key, sha256=sha256, **size
        )
        boxes.draw(frame, label="plate", xyxy=box(*place(k)))
    return row


def plates(video: Video) -> list[Box]:
    return list(Box.objects.filter(frame__video=video).order_by("frame__pts"))


def groups(video: Video) -> list[str]:
    rows = Crop.objects.filter(box__frame__video=video).order_by("box__frame__pts")
    return list(rows.values_list("group", flat=True))


def test_the_crops_of_one_car_get_one_group(video: Video, running: Running) -> None:
    assert tracks.link(video, running) == {"linked": 5, "left": 0}
    assert len(set(groups(video))) == 1
    assert groups(video)[0].startswith(tracks.PREFIX)
    assert not Crop.objects.filter(unlinked=True).exists()
    assert tracks.due() == []
    assert tracks.link(video, running) == {"linked": 0, "left": 0}


def test_a_box_drawn_later_joins_the_group_and_no_other_is_looked_at_again(
    video: Video, running: Running
) -> None:
    late = plates(video)[-1]
    boxes.delete(late, revision=late.revision)
    tracks.link(video, running)
    name = groups(video)[0]
    boxes.restore(late)
    assert tracks.due() == [video]
    assert tracks.link(video, running) == {"linked": 1, "left": 0}
    assert groups(video) == [name] * 5


def test_linking_goes_on_where_it_was_stopped(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracks, "WRITE_SECONDS", 3.5)
    first = tracks.link(video, running, turn=0.0)
    assert 0 < first["left"] < 5
    assert [video] == tracks.due()
    monkeypatch.undo()
    assert tracks.link(video, running)["left"] == 0
    assert len(set(groups(video))) == 1


def test_another_picture_of_a_crop_is_linked_anew(video: Video, running: Running) -> None:
    tracks.link(video, running)
    box = plates(video)[0]
    boxes.change(box, boxes.Edit(xyxy=(300, 200, 340, 220)), revision=box.revision)
    crop = Crop.objects.get(box=box)
    assert (crop.unlinked, crop.group) == (True, "")
    tracks.link(video, running)
    assert groups(video)[0] == ""  # nothing else is there


def test_a_box_that_moves_while_it_is_followed_is_linked_again(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = plates(video)[1]

    def move(*_: Any) -> None:
        if Box.objects.get(pk=box.pk).revision == box.revision:
            boxes.change(box, boxes.Edit(xyxy=(300, 200, 340, 220)), revision=box.revision)

    with monkeypatch.context() as patch:
        patch.setattr(running, "progress", move)
        tracks.link(video, running)
    crop = Crop.objects.get(box=box)
    assert (crop.unlinked, crop.group) == (True, "")
    assert tracks.due() == [video]
    tracks.link(video, running)
    assert not Crop.objects.filter(unlinked=True).exists()


def test_crops_of_a_passage_keep_their_group(video: Video, running: Running) -> None:
    Crop.objects.filter(box=plates(video)[0]).update(group="passage 7")
    tracks.link(video, running)
    assert groups(video)[0] == "passage 7"
    assert len(set(groups(video)[1:])) == 1


def test_a_video_that_is_gone_is_said_and_not_tried_for_ever(
    video: Video, running: Running
) -> None:
    files.delete(video.file)
    with pytest.raises(VideoFileGone, match="Upload the same recording again"):
        tracks.link(video, running)
    assert not Crop.objects.filter(unlinked=True).exists()


def test_the_tick_queues_one_job_for_each_video(video: Video) -> None:
    tasks.link_new()
    tasks.link_new()
    job = Job.objects.get(task=tracks.TASK)
    assert (job.queue, job.parameters) == ("media", {"video": video.pk})
    Job.objects.update(state=State.FAILED, ended_at=timezone.now())
    assert tracks.due() == []  # it rests


def test_the_command_links_plates_with_cars_and_crops_with_each_other(
    video: Video, project: Project
) -> None:
    plate = plates(video)[0]
    x1, y1, x2, y2 = plate.xyxy
    car = boxes.draw(plate.frame, label="car", xyxy=(x1 - 20, y1 - 20, x2 + 20, y2 + 20))
    out = io.StringIO()
    call_command("link_crops", json=True, stdout=out)
    assert json.loads(out.getvalue()) == {"plates": 1, "crops": 5, "videos": 1}
    plate.refresh_from_db()
    assert plate.car == car
    assert len(set(groups(video))) == 1


def test_followed_is_only_what_lies_near_what_is_to_be_linked() -> None:
    seconds = [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 20.0, 21.0]
    assert [pair[0] for pair in tracks.stretches_of(seconds, seconds)] == [0.0, 10.0, 20.0]
    (begin, over), *rest = tracks.stretches_of(seconds, [10.0])
    assert (begin, rest) == (10.0, [])
    assert 11.0 < over < 11.1
    assert tracks.stretches_of(seconds, []) == []
    assert tracks.stretches_of([0.0, MAX_GAP + 0.1], [0.0]) == []


def test_a_lease_brings_the_other_crops_of_the_vehicle(
    video: Video, running: Running, project: Project
) -> None:
    tracks.link(video, running)
    assert len(leases.lease(project, make_member(project, "luis"), count=2)) == 5
    assert leases.lease(project, make_member(project, "eva"), count=2) == []
