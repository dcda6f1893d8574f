"""Reviewed reads become labelled frames for the next dataset version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from annotations import boxes, datasets, passages, videos
from annotations.lessons import Lesson, learn
from annotations.models import Box, Crop, Passage, Video
from lprsite import files
from lprsite.jobs.engine import Running
from tests.annotations.vision import clips

HERE, THERE = (20.0, 40.0, 70.0, 70.0), (90.0, 40.0, 140.0, 70.0)


@pytest.fixture
def video(project: Any, tmp_path: Path) -> Video:
    clip = clips.write(tmp_path / "gate.mp4")
    return videos.ingest(clip, project=project, name="gate.mp4")[0]


def confirmed(video: Video, text: str = "PBA1234") -> Passage:
    first, last = video.pts(1.0), video.pts(2.0)
    keys = [[first, *HERE], [last, *HERE]]
    return passages.confirm(video, first_pts=first, last_pts=last, key_boxes=keys, text=text)


def kept(text: str) -> passages.KeptCrop:
    key, sha256 = files.put_bytes("crops", text.encode(), ".png")
    return passages.KeptCrop(key, sha256, 60, 30, 9.0, text)


def test_frames_boxes_and_texts_come_of_a_passage(video: Video, running: Running) -> None:
    passage, crop = confirmed(video), kept("PBA1234")
    passages.teach(passage, [crop])
    at = [video.pts(1.0), video.pts(1.5)]
    given = [
        Lesson(passage.pk, at[0], HERE, crop.sha256),
        Lesson(passage.pk, at[1], HERE),
        Lesson(passage.pk, at[1] + 1, HERE),  # between two frames
    ]
    assert learn(video, given, running) == {"frames": 2, "boxes": 2, "there": 0, "not_found": 1}
    frames = list(video.frames.order_by("pts"))
    assert [frame.pts for frame in frames] == at
    assert [(f.status, f.complete_labels) for f in frames] == [("open", [])] * 2
    assert set(Box.objects.values_list("source", "passage")) == {("review", passage.pk)}
    read = frames[0].boxes.get().crop
    assert (read.sha256, read.current and read.current.text) == (crop.sha256, "PBA1234")
    assert Crop.objects.filter(sha256=crop.sha256).count() == 1
    assert datasets.labelled_frames(video.project).count() == 2


def test_done_again_it_changes_nothing(video: Video, running: Running) -> None:
    passage, crop = confirmed(video), kept("PBA1234")
    passages.teach(passage, [crop])
    given = [Lesson(passage.pk, video.pts(1.0), HERE, crop.sha256)]
    learn(video, given, running)
    assert learn(video, given, running) == {"frames": 0, "boxes": 0, "there": 1, "not_found": 0}
    passages.teach(passage, [crop])
    assert Crop.objects.count() == 1
    boxes.delete(Box.objects.get(), revision=1)
    learn(video, given, running)
    assert not Box.objects.present().exists()  # a person took it away


def test_plate_that_has_a_box_is_not_drawn_again(video: Video, running: Running) -> None:
    passage = confirmed(video)
    given = [Lesson(passage.pk, video.pts(1.0), HERE), Lesson(passage.pk, video.pts(1.0), THERE)]
    learn(video, given[:1], running)
    boxes.draw(video.frames.get(), label="plate", xyxy=THERE)
    assert learn(video, given[1:], running)["there"] == 1


def test_rejected_passage_takes_its_boxes_along(video: Video, running: Running) -> None:
    passage = confirmed(video)
    given = [Lesson(passage.pk, video.pts(1.0), HERE)]
    learn(video, given, running)
    where = {"first_pts": 0, "last_pts": 1, "key_boxes": passage.key_boxes}
    passages.reject(video, **where, reason="not_a_plate", known=passage)
    assert not Box.objects.present().exists() and Crop.objects.get().withdrawn
    assert learn(video, given, running)["boxes"] == 0
