"""What a person says about a whole frame, and the way from frame to frame."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import accumulate
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotations import boxes, frames, projects, transcriptions
from annotations.errors import FrameHasBoxes, LabelUnknown
from annotations.models import AuditEntry, DoomedFile, Frame, Project
from lprsite import files
from tests.annotations.rows import (
    client_of,
    json_of,
    make_crops,
    make_frame,
    make_member,
    make_video,
)


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


# --- frames by the hundred thousand


@pytest.fixture
def many(project: Project, user: Any) -> dict[str, Frame]:
    """Two videos, taken out of order, and two single pictures; a plate is read on "b2"."""
    first, second = make_video(project), make_video(project)
    made = {
        "b2": make_frame(project, seed=1, video=second, pts=2000),
        "a2": make_frame(project, seed=2, video=first, pts=2000, status="done"),
        "p1": make_frame(project, seed=3, name="one.png"),
        "a1": make_frame(project, seed=4, video=first, pts=1000),
        "b1": make_frame(project, seed=5, video=second, pts=1000, status="nothing_here"),
        "p2": make_frame(project, seed=6, name="two.png"),
    }
    boxes.draw(made["a1"], label="car", xyxy=(0, 0, 90, 90))
    boxes.draw(made["b2"], label="car", xyxy=(0, 0, 90, 90))
    plate = boxes.draw(made["b2"], label="plate", xyxy=(10, 10, 60, 40))
    gone = boxes.draw(made["p1"], label="plate", xyxy=(10, 10, 60, 40))
    boxes.delete(gone, revision=1)
    reading = transcriptions.Reading("partial", "PB?1234", uuid4(), plate.crop.revision)
    transcriptions.save(plate.crop, reading, by=user)
    return made


ORDER = ["a1", "a2", "b1", "b2", "p1", "p2"]


def names(many: dict[str, Frame], found: Iterable[int]) -> list[str]:
    by_id = {frame.pk: name for name, frame in many.items()}
    return [by_id[pk] for pk in found]


def walked(api: Any, project: Project, limit: int) -> tuple[list[int], list[dict[str, Any]]]:
    """All ids of the index, and its pages."""
    found: list[int] = []
    pages: list[dict[str, Any]] = []
    after = ""
    while after is not None:
        where = f"project={project.pk}&limit={limit}" + (f"&after={after}" if after else "")
        status, page = json_of(api, "get", f"frames/index/?{where}")
        assert status == 200, page
        found += accumulate(page["ids"])
        pages.append(page)
        after = page["next"]
    return found, pages


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 100])
def test_index_goes_by_video_and_time_then_pictures(
    api: Any, project: Project, many: dict[str, Frame], limit: int
) -> None:
    found, pages = walked(api, project, limit)
    assert names(many, found) == ORDER
    assert len(pages) == -(-len(ORDER) // limit)


def test_index_tells_time_status_labels_and_boxes(
    api: Any, project: Project, many: dict[str, Frame]
) -> None:
    _, (page,) = walked(api, project, 100)
    assert list(accumulate(page["milliseconds"])) == [1000, 2000, 1000, 2000, 0, 0]
    assert page["labels"] == ["car", "plate"]
    assert page["marks"] == [0b0100, 0b0001, 0b0010, 0b1100, 0, 0]
    assert page["boxes"] == [1, 0, 0, 2, 0, 0]
    assert [stretch["count"] for stretch in page["videos"]] == [2, 2, 2]
    assert page["videos"][2]["video"] is None


def test_index_costs_the_same_for_any_number(
    api: Any, project: Project, many: dict[str, Frame]
) -> None:
    address = f"/api/v1/frames/index/?project={project.pk}"
    with CaptureQueriesContext(connection) as few:
        api.get(address)
    for pts in range(3000, 3040):
        frame = make_frame(project, video=many["a1"].video, pts=pts)
        boxes.draw(frame, label="car", xyxy=(0, 0, 9, 9))
    with CaptureQueriesContext(connection) as more:
        assert len(api.get(address).json()["ids"]) == 46
    assert len(more) == len(few)


@pytest.mark.parametrize("place", ["x.1", "1", "1.x", "p.", "1.99999999999999999999"])
def test_wrong_place_is_refused(api: Any, project: Project, place: str) -> None:
    status, _ = json_of(api, "get", f"frames/index/?project={project.pk}&after={place}")
    assert status == 400


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, ORDER),
        ({"status": "open"}, ["a1", "b2", "p1", "p2"]),
        ({"has": "plate"}, ["b2"]),
        ({"has": "car,-plate"}, ["a1"]),
        ({"has": "-"}, ["a2", "b1", "p1", "p2"]),
        ({"text": "pb-?1*"}, ["b2"]),
        ({"text": "123"}, ["b2"]),
        ({"text": "123?"}, []),
        ({"text": "?B*4"}, ["b2"]),
        ({"text": "%"}, []),
    ],
)
def test_frames_looked_for(
    project: Project, many: dict[str, Frame], asked: dict[str, Any], wanted: list[str]
) -> None:
    rows = frames.find(project.pk, frames.Sought(**asked))
    assert sorted(names(many, rows.values_list("pk", flat=True))) == wanted


def test_time_belongs_to_a_video(api: Any, project: Project, many: dict[str, Frame]) -> None:
    video = many["a1"].video_id
    rows = frames.find(project.pk, frames.Sought(video=video, start=1.5, end=2.0))
    assert names(many, rows.values_list("pk", flat=True)) == ["a2"]
    status, body = json_of(api, "get", f"frames/?project={project.pk}&start=1")
    assert (status, body["code"]) == (400, "TimeNeedsVideo")
    with pytest.raises(LabelUnknown):
        frames.find(project.pk, frames.Sought(has="tram"))


def test_list_and_reading_take_the_same_words(
    api: Any, project: Project, many: dict[str, Frame], user: Any
) -> None:
    _, listed = json_of(api, "get", f"frames/?project={project.pk}&has=car,-plate")
    assert names(many, (row["id"] for row in listed["results"])) == ["a1"]
    alone = make_crops(project, 1)[0]  # without a frame
    reading = transcriptions.Reading("readable", "PBA1234", uuid4(), alone.revision)
    transcriptions.save(alone, reading, by=user)
    _, found = json_of(api, "get", f"frames/reading/?project={project.pk}&text=P*4")
    assert names(many, found["frames"]) == ["b2"]
    _, counted = json_of(api, "get", f"frames/counts/?project={project.pk}")
    assert counted == {
        "status": {"open": 4, "done": 1, "nothing_here": 1},
        "has": {"car": 2, "plate": 1},
    }


@pytest.mark.parametrize(
    ("at", "query", "wanted"),
    [
        ("a2", "", ("a1", None)),
        ("a2", "has=car", ("a1", "b2")),
        ("b1", "status=open", ("a1", "b2")),
        ("p2", "status=open", ("p1", None)),
        ("p1", "has=plate", ("b2", None)),
        ("a1", "text=PB*", (None, "b2")),
    ],
)
def test_way_from_frame_to_frame_stays_inside_what_is_looked_for(
    api: Any, many: dict[str, Frame], at: str, query: str, wanted: tuple[str | None, str | None]
) -> None:
    status, body = json_of(api, "get", f"frames/{many[at].pk}/?{query}")
    found = tuple(many[name].pk if name else None for name in wanted)
    assert (status, (body["previous"], body["next"])) == (200, found)


def bulk(api: Any, project: Project, do: str, chosen: Iterable[Frame]) -> tuple[int, Any]:
    ids = [frame.pk for frame in chosen]
    return json_of(api, "post", "frames/bulk/", {"project": project.pk, "frames": ids, "do": do})


def test_many_are_marked_and_those_left_out_are_named(
    api: Any, project: Project, many: dict[str, Frame]
) -> None:
    _, body = bulk(api, project, "nothing_here", [many["a1"], many["p1"]])
    assert (names(many, body["changed"]), names(many, body["have_boxes"])) == (["p1"], ["a1"])
    assert Frame.objects.get(pk=many["p1"].pk).complete_labels == ["car", "plate"]
    _, body = bulk(api, project, "done", [many["a1"], many["p2"]])
    assert (names(many, body["changed"]), names(many, body["have_none"])) == (["a1"], ["p2"])
    _, body = bulk(api, project, "open", many.values())
    assert len(body["changed"]) == 6 and Frame.objects.unannotated().count() == 6


def test_frames_without_boxes_are_deleted_and_nothing_a_person_typed_is(
    api: Any, project: Project, many: dict[str, Frame]
) -> None:
    boxes.delete(many["b2"].boxes.get(label__name="plate"), revision=1)
    boxes.delete(many["b2"].boxes.get(label__name="car"), revision=1)
    _, body = bulk(api, project, "delete", many.values())
    assert names(many, body["have_boxes"]) == ["a1"]
    assert names(many, body["have_texts"]) == ["b2"]
    assert set(Frame.objects.values_list("pk", flat=True)) == {many["a1"].pk, many["b2"].pk}
    assert AuditEntry.objects.get().details["frames"] == sorted(body["changed"])
    doomed = set(DoomedFile.objects.values_list("key", flat=True))
    assert many["p1"].file in doomed and not doomed & {many["a1"].file, many["b2"].file}


def test_frames_of_others_are_not_there(many: dict[str, Frame], user: Any) -> None:
    stranger = make_member(projects.create("Elsewhere", by=user), "eve")
    client, theirs = client_of(stranger), many["a1"].project
    for what in ("index", "counts", "reading"):
        address = f"frames/{what}/?project={theirs.pk}&text=P"
        assert json_of(client, "get", address)[0] == 404
    assert bulk(client, theirs, "done", many.values())[0] == 404
    mine = stranger.memberships.get().project
    _, body = bulk(client, mine, "done", many.values())
    assert body["changed"] == [] and Frame.objects.filter(status="done").count() == 1
    assert bulk(client, mine, "delete", many.values())[0] == 403


# --- small pictures, many at once


def logged_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_pack_brings_many_small_pictures_and_says_which_are_missing(
    user: Any, many: dict[str, Frame]
) -> None:
    files.local_path(many["p2"].file).unlink()
    asked = ",".join(str(many[name].pk) for name in ("p1", "p2", "a1"))
    answer = logged_in(user).get(f"/api/v1/media/frame-packs/{asked}/")
    assert "immutable" in answer["Cache-Control"] and "private" in answer["Cache-Control"]
    head, _, pictures = answer.content.partition(b"\n")
    told = json.loads(head)
    assert [one["name"] for one in told] == ["one.png", "two.png", ""]
    assert told[1]["bytes"] == 0 and sum(one["bytes"] for one in told) == len(pictures)
    first = cv2.imdecode(np.frombuffer(pictures[: told[0]["bytes"]], np.uint8), 1)
    assert first is not None and first.shape == (135, 240, 3)


def test_pack_holds_only_what_the_person_may_see(user: Any, many: dict[str, Frame]) -> None:
    elsewhere = projects.create("Elsewhere", by=user)
    mine = make_frame(elsewhere)
    stranger = logged_in(make_member(elsewhere, "eve"))
    answer = stranger.get(f"/api/v1/media/frame-packs/{many['a1'].pk},{mine.pk}/")
    told = json.loads(answer.content.partition(b"\n")[0])
    assert [one["id"] for one in told] == [mine.pk]
    for asked in (str(many["a1"].pk), "x", "1,,2", ",".join(["1"] * 101)):
        assert stranger.get(f"/api/v1/media/frame-packs/{asked}/").status_code == 404
