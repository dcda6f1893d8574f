"""Crops are leased: two people never read the same one by accident."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations import boxes, transcriptions
from annotations.leases import LEASE, lease, release
from annotations.models import Crop, Suggestion
from annotations.serializers_crops import LeasedCropSerializer
from annotations.transcriptions import newest_suggestions
from tests.annotations.rows import json_of, make_crops, make_frame, make_member, make_video


def ids(rows: list[Crop]) -> list[int]:
    return [row.pk for row in rows]


def test_two_people_never_get_the_same_crop(project: Any, user: Any) -> None:
    made, other = make_crops(project, 5), make_member(project, "beto")
    mine, theirs = lease(project, user, count=3), lease(project, other, count=3)
    assert ids(mine) == ids(made[:3]) and ids(theirs) == ids(made[3:])
    assert lease(project, make_member(project, "caro")) == []


def test_same_person_gets_the_held_crops_again(project: Any, user: Any) -> None:
    make_crops(project, 4)
    assert ids(lease(project, user, count=2)) == ids(lease(project, user, count=2))


def test_excluded_crops_are_passed_over(project: Any, user: Any) -> None:
    made = make_crops(project, 4)
    assert ids(lease(project, user, exclude=ids(made[:2]))) == ids(made[2:])


def test_lease_runs_out(project: Any, user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, other = make_crops(project, 1), make_member(project, "beto")
    lease(project, user)
    assert lease(project, other) == []
    Crop.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert ids(lease(project, other)) == ids(made)
    held = Crop.objects.get()
    assert held.lease_owner == other and held.lease_until is not None
    assert held.lease_until - timezone.now() > LEASE - timedelta(minutes=1)


def test_only_the_holder_gives_crops_back(project: Any, user: Any) -> None:
    made, other = make_crops(project, 2), make_member(project, "beto")
    lease(project, user)
    assert release(project, other, ids(made)) == 0
    assert release(project, user, ids(made)) == 2
    assert ids(lease(project, other)) == ids(made)


def test_read_and_withdrawn_crops_are_not_leased(project: Any, user: Any) -> None:
    make_crops(project, 1, withdrawn=True, waiting=False)
    assert lease(project, user) == []


def test_newest_suggestion_counts(project: Any) -> None:
    first, second = make_crops(project, 2)
    for model, text in (("starter", "OLD111"), ("Recognizer 1", "NEW222")):
        Suggestion.objects.create(crop=first, model_name=model, text=text)
    Suggestion.objects.create(crop=first, model_name="x", text="OF ANOTHER PICTURE", revision=2)
    found = newest_suggestions([first.pk, second.pk])
    assert {pk: row["text"] for pk, row in found.items()} == {first.pk: "NEW222"}


@pytest.mark.parametrize(
    "facts",
    [
        {"waiting": False},
        {"withdrawn": True, "waiting": True},
        {"waiting": False, "recheck": True},
    ],
)
def test_unread_crop_that_nobody_waits_for_is_impossible(
    project: Any, facts: dict[str, bool]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_crops(project, 1, **facts)


def test_same_picture_is_one_crop_without_a_box(project: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_crops(project, 2, sha256="a" * 64)


def test_lease_through_the_api(api: Any, project: Any) -> None:
    made = make_crops(project, 3)
    Suggestion.objects.create(crop=made[0], model_name="starter", text="PBA1234")
    given = {"project": project.pk, "count": 2, "exclude": [made[1].pk]}
    status, body = json_of(api, "post", "crops/lease/", given)
    assert (status, body["left"]) == (200, 3)
    assert [row["id"] for row in body["crops"]] == [made[0].pk, made[2].pk]
    assert body["crops"][0]["suggestion"]["text"] == "PBA1234"
    held = {"project": project.pk, "crops": [made[0].pk]}
    assert json_of(api, "post", "crops/release/", held) == (200, {"released": 1})


def test_leased_crop_says_where_it_is_from(api: Any, project: Any, user: Any) -> None:
    frame = make_frame(project, video=make_video(project, start_pts=500), pts=2000, name="f")
    box = boxes.draw(frame, label="plate", xyxy=(10, 20, 60, 45), by=user)
    lone = make_crops(project, 1)[0]
    _, body = json_of(api, "post", "crops/lease/", {"project": project.pk})
    first, second = body["crops"]
    assert set(first) == set(LeasedCropSerializer().fields)
    assert (first["seconds"], first["box_xyxy"]) == (1.5, [10.0, 20.0, 60.0, 45.0])
    assert (first["frame"], first["video_name"]) == (frame.pk, "gate.mp4")
    assert (second["id"], second["frame"], second["seconds"]) == (lone.pk, None, None)
    assert (second["frame_picture"], second["box_xyxy"]) == ("", [])
    for leased in body["crops"]:
        assert [leased.pop(name) for name in ("role", "readings", "inline")] == ["first", [], ""]
    assert json_of(api, "get", f"crops/?project={project.pk}")[1]["results"] == body["crops"]
    assert json_of(api, "get", f"crops/{box.crop.pk}/") == (200, first)


def test_lease_costs_the_same_however_many_crops(
    api: Any, project: Any, django_assert_num_queries: Any
) -> None:
    make_crops(project, 40)
    for count in (5, 30):
        with django_assert_num_queries(12):
            json_of(api, "post", "crops/lease/", {"project": project.pk, "count": count})


def test_waiting_crops_are_found_by_index(project: Any, user: Any) -> None:
    """Whoever asks for the next crops never walks over those that were read."""
    with CaptureQueriesContext(connection) as done:
        lease(project, user)
    asked = [q["sql"] for q in done.captured_queries if q["sql"].startswith("SELECT")]
    for sql, index in zip(asked, ("crop_by_second_reading", "crop_waiting"), strict=True):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " ".join(str(row) for row in cursor.fetchall())
        assert index in plan and "SCAN" not in plan and "TEMP B-TREE" not in plan


def test_many_waiting_crops_are_counted_once_a_minute(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left_at(seconds: float) -> int:
        monkeypatch.setattr("annotations.transcriptions.time.monotonic", lambda: seconds)
        return transcriptions.left(project.pk)

    monkeypatch.setattr(transcriptions, "COUNTED_EACH_TIME", 2)
    monkeypatch.setattr(transcriptions, "_many_left", {})
    make_crops(project, 2)
    assert left_at(0) == 2
    make_crops(project, 1)
    assert left_at(1) == 3
    make_crops(project, 1)
    assert left_at(59) == 3
    assert left_at(60) == 4
