"""What a person says about a whole frame, and the way from frame to frame."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotations import boxes, frames
from annotations.errors import FrameHasBoxes, LabelUnknown
from annotations.models import Frame, Project
from tests.annotations.rows import json_of, make_frame, make_video


@pytest.fixture
def frame(project: Project) -> Frame:
    return make_frame(project)


def test_done_means_that_every_class_is_complete(frame: Frame) -> None:
    assert frames.mark(frame, status="done").complete_labels == ["car", "plate"]
    assert frames.mark(frame, status="open").complete_labels == []


def test_a_person_may_name_the_complete_classes(frame: Frame) -> None:
    frames.mark(frame, status="done", complete_labels=["plate"])
    frame.refresh_from_db()
    assert (frame.status, frame.complete_labels) == ("done", ["plate"])
    with pytest.raises(LabelUnknown, match="tram"):
        frames.mark(frame, complete_labels=["tram"])


def test_nothing_here_is_no_word_for_a_frame_with_boxes(frame: Frame) -> None:
    box = boxes.draw(frame, label="car", xyxy=(10, 10, 60, 40))
    with pytest.raises(FrameHasBoxes):
        frames.mark(frame, status="nothing_here")
    assert Frame.objects.get().status == "open"
    boxes.delete(box, revision=1)
    assert frames.mark(frame, status="nothing_here").complete_labels == ["car", "plate"]


@pytest.mark.parametrize("wrong", [{"width": 0}, {"pts": 5}])
def test_impossible_frames(frame: Frame, wrong: dict[str, int]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Frame.objects.filter(pk=frame.pk).update(**wrong)


def test_a_moment_of_a_video_is_one_frame(project: Project) -> None:
    video = make_video(project, start_pts=500)
    frame = make_frame(project, video=video, pts=2500)
    assert frame.seconds() == 2.0
    with pytest.raises(IntegrityError), transaction.atomic():
        make_frame(project, seed=1, video=video, pts=2500)


def test_same_picture_is_one_frame_without_a_video(frame: Frame) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_frame(frame.project)


def test_way_from_frame_to_frame_is_by_time(api: Any, project: Project) -> None:
    video = make_video(project)
    late, early, middle = (
        make_frame(project, seed=n, video=video, pts=pts) for n, pts in enumerate((900, 100, 500))
    )
    frames.mark(late, status="done")
    _, body = json_of(api, "get", f"frames/{middle.pk}/")
    assert (body["previous"], body["next"], body["seconds"]) == (early.pk, late.pk, 0.5)
    assert json_of(api, "get", f"frames/{early.pk}/")[1]["previous"] is None
    assert json_of(api, "get", f"frames/{late.pk}/")[1]["next_open"] == early.pk


def test_frames_through_the_api(api: Any, frame: Frame) -> None:
    kept = boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40))
    gone = boxes.draw(frame, label="car", xyxy=(10, 10, 60, 40))
    boxes.delete(gone, revision=1)
    _, body = json_of(api, "get", f"frames/?project={frame.project_id}&status=open")
    assert [(row["id"], row["box_count"]) for row in body["results"]] == [(frame.pk, 1)]
    _, body = json_of(api, "get", f"frames/{frame.pk}/")
    assert [box["id"] for box in body["boxes"]] == [kept.pk]
    status, body = json_of(api, "patch", f"frames/{frame.pk}/", {"status": "nothing_here"})
    assert (status, body["code"]) == (409, "FrameHasBoxes")
    assert json_of(api, "patch", f"frames/{frame.pk}/", {"status": "done"})[1]["status"] == "done"
    assert json_of(api, "patch", f"frames/{frame.pk}/", {"status": "lost"})[0] == 400
